using System.Security.Cryptography.X509Certificates;
using System.Text.Json;
using Aws;
using Influx;
using Migration;

namespace Functions.Secrets;

/// <summary>Which end of a migration.</summary>
internal enum ServerRole
{
    /// <summary>Where the points come from.</summary>
    Source,

    /// <summary>Where they go.</summary>
    Destination,
}

/// <summary>What a secret says of a server.</summary>
internal sealed record ServerSecret
{
    // AWS's newer migration script keeps both tokens in one secret, under these names.
    private const string PairOfSource = "SOURCE_TOKEN";
    private const string PairOfDestination = "DESTINATION_TOKEN";

    private const string Shapes =
        """put {"url": "https://HOST:8086", "org": "ORG", "token": "TOKEN"} into it, or {"SOURCE_TOKEN": "…", "DESTINATION_TOKEN": "…"}""";

    /// <summary>The token; where the secret <see cref="IsUser"/>, user:password.</summary>
    public required Secret Token { get; init; }

    /// <summary>Whether the secret holds a user and a password in the place of a token.</summary>
    public bool IsUser { get; init; }

    /// <summary>AWS's: the DB instance's id; null where the secret names none.</summary>
    public string? DbIdentifier { get; init; }

    /// <summary>The server's URL; null where the secret names none.</summary>
    public string? Url { get; init; }

    /// <summary>The org; null where the secret names none.</summary>
    public string? Org { get; init; }

    /// <summary>The certificates of the authorities to trust, in PEM; null for the system's.</summary>
    public string? CaPem { get; init; }

    /// <summary>Reads any of the three formats: ours, AWS's for a Timestream for InfluxDB token, and the pair of tokens.</summary>
    /// <param name="text">The secret's value.</param>
    /// <param name="role">Which token of a pair.</param>
    /// <param name="name">What messages call the secret: its ARN.</param>
    /// <exception cref="NamedException"><see cref="ErrorNames.SecretUnusable"/>; the message shows nothing of the value.</exception>
    public static ServerSecret Parse(string? text, ServerRole role, string name)
    {
        if (string.IsNullOrWhiteSpace(text))
            throw Unusable(name, $"is empty: {Shapes}");
        using var document = Read(text, name);
        var root = document.RootElement;
        if (root.ValueKind != JsonValueKind.Object)
            throw Unusable(name, $"is no JSON object: {Shapes}");
        var pair = role == ServerRole.Source ? PairOfSource : PairOfDestination;
        var isPair = root.TryGetProperty(PairOfSource, out _) || root.TryGetProperty(PairOfDestination, out _);
        return Server(root, ReadToken(root, isPair ? pair : ServerSecretFormat.Token, name), name);
    }

    /// <summary>
    /// Reads the secret of an admin: as <see cref="Parse"/>, or the one that AWS makes with a DB instance of Timestream for InfluxDB,
    /// which holds the first user's name and password.
    /// </summary>
    /// <exception cref="NamedException"><see cref="ErrorNames.SecretUnusable"/>; the message shows nothing of the value.</exception>
    public static ServerSecret ParseAdmin(string? text, string name)
    {
        using var document = string.IsNullOrWhiteSpace(text) ? null : Read(text, name);
        if (document?.RootElement is not { ValueKind: JsonValueKind.Object } root || root.TryGetProperty(ServerSecretFormat.Token, out _)
            || Text(root, "username", name) is not { Length: > 0 } user)
        {
            return Parse(text, ServerRole.Source, name);
        }
        if (Text(root, "password", name) is not { Length: > 0 } password || user.Contains(':', StringComparison.Ordinal))
            throw Unusable(name, "has a \"username\" with a colon, or no \"password\" with it: put both there, or a \"token\"");
        return Server(root, new Secret($"{user}:{password}"), name) with { IsUser = true };
    }

    /// <summary>
    /// Refuses a server that is another than the secret's own: whoever may say where a migration goes could otherwise have the token sent
    /// to a server of theirs. A secret without a URL belongs to any.
    /// </summary>
    /// <param name="url">The server that an input or a plan names; empty for the secret's own.</param>
    /// <param name="role">Which end it is.</param>
    /// <param name="name">What messages call the secret: its ARN.</param>
    /// <exception cref="NamedException"><see cref="ErrorNames.InvalidInput"/>; the message shows the origin of the secret's URL.</exception>
    public void CheckBelongsTo(string url, ServerRole role, string name)
    {
        if (url.Length == 0 || Url is null)
            return;
        var end = role.ToString().ToLowerInvariant();
        if (ServerOptions.TryParseUrl(url, out var asked) is { } problem)
            throw new NamedException(ErrorNames.InvalidInput, $"the {end}: {problem}");
        var (given, own) = (ServerOrigin.Of(asked!), ServerOrigin.Of(new Uri(Url)));
        if (given != own)
        {
            throw new NamedException(
                ErrorNames.InvalidInput,
                $"'{end}.url' is of {given}, but the token of the secret {name} belongs to {own} and is sent nowhere else: leave '{end}.url' out, or correct it or the secret's \"url\"");
        }
    }

    /// <inheritdoc/>
    public override string ToString() => $"a secret of {Url}";

    /// <summary>The failure of a secret that can't be used.</summary>
    public static NamedException Unusable(string name, string what) => new(ErrorNames.SecretUnusable, $"the secret {name} {what}");

    private static ServerSecret Server(JsonElement root, Secret token, string name) => new()
    {
        Token = token,
        Url = ReadUrl(root, name),
        Org = Text(root, ServerSecretFormat.Org, name),
        CaPem = ReadCertificates(root, name),
        DbIdentifier = Text(root, ServerSecretFormat.DbIdentifier, name),
    };

    private static JsonDocument Read(string text, string name)
    {
        try
        {
            return JsonDocument.Parse(text);
        }
        catch (JsonException)
        {
            // The parser's own words could quote the value.
            throw Unusable(name, $"is no JSON: {Shapes}");
        }
    }

    private static Secret ReadToken(JsonElement root, string property, string name)
    {
        var token = Text(root, property, name) ?? throw Unusable(name, $"has no \"{property}\": {Shapes}");
        if (token.Trim().Length == 0)
            throw Unusable(name, $"has an empty \"{property}\": put the token there");
        if (token.Any(c => char.IsControl(c) || c > '~') || token != token.Trim())
            throw Unusable(name, $"has a \"{property}\" with spaces around it, line breaks or characters beyond ASCII: put the bare token there");
        return new Secret(token);
    }

    private static string? ReadUrl(JsonElement root, string name)
    {
        if (Text(root, ServerSecretFormat.Url, name) is not { } url)
            return null;
        // What is wrong with it is told without the text, which could be a token in the wrong place.
        return ServerOptions.TryParseUrl(url, out _) is null
            ? url
            : throw Unusable(name, "has a \"url\" that is none: give scheme, host and port, such as https://influx.example.com:8086, and no user or password");
    }

    private static string? ReadCertificates(JsonElement root, string name)
    {
        const string Property = ServerSecretFormat.CaCertificate;
        if (Text(root, Property, name) is not { } pem)
            return null;
        var found = new X509Certificate2Collection();
        try
        {
            found.ImportFromPem(pem);
        }
        catch (System.Security.Cryptography.CryptographicException)
        {
            found.Clear();
        }
        return found.Count > 0
            ? pem
            : throw Unusable(name, $"has a \"{Property}\" that is no certificate in PEM: put the text from -----BEGIN CERTIFICATE----- to -----END CERTIFICATE----- there, with \\n between its lines");
    }

    private static string? Text(JsonElement root, string property, string name)
    {
        if (!root.TryGetProperty(property, out var value) || value.ValueKind == JsonValueKind.Null)
            return null;
        return value.ValueKind == JsonValueKind.String
            ? value.GetString()
            : throw Unusable(name, $"has a \"{property}\" that is no text: {Shapes}");
    }
}
