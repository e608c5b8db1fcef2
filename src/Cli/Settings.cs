using Influx;

namespace Cli;

/// <summary>The only reader of the environment. Tokens never come from arguments, which every user of the machine can see.</summary>
internal static class Settings
{
    public const string SourceTokenName = "INFLUX_SRC_TOKEN";

    public const string DestinationTokenName = "INFLUX_DEST_TOKEN";

    public const string AdminTokenName = "INFLUX_ADMIN_TOKEN";

    /// <summary>Where the tokens come from, for every help.</summary>
    public const string Help = $"Tokens come from {SourceTokenName} and {DestinationTokenName} (user:password for 1.x),\n"
        + $"or from the files that {SourceTokenName}_FILE and {DestinationTokenName}_FILE name.";

    /// <summary>The source's token; read anew at each call, so that a rotated token file is found.</summary>
    public static Secret? SourceToken() => Token(SourceTokenName);

    /// <summary>The destination's token; read anew at each call.</summary>
    public static Secret? DestinationToken() => Token(DestinationTokenName);

    /// <summary>The token of an admin, who makes other tokens.</summary>
    public static Secret? AdminToken() => Token(AdminTokenName);

    /// <summary>The S3 server that is not AWS's, by the names that AWS's tools read; null for AWS.</summary>
    /// <exception cref="InputException">It is no URL.</exception>
    public static Uri? S3Endpoint()
    {
        var text = Read("AWS_ENDPOINT_URL_S3") ?? Read("AWS_ENDPOINT_URL");
        if (text is null)
            return null;
        return Uri.TryCreate(text, UriKind.Absolute, out var url) && url.Scheme is "http" or "https"
            ? url
            : throw new InputException($"'{text}' in AWS_ENDPOINT_URL is no URL: give scheme, host and port of the S3 server");
    }

    /// <summary>The AWS region; null where it is not set, and a profile may name it.</summary>
    public static string? Region() => Read("AWS_REGION") ?? Read("AWS_DEFAULT_REGION");

    // This is the file that BannedSymbols.txt names.
#pragma warning disable RS0030
    private static string? Read(string name) => Environment.GetEnvironmentVariable(name) is { Length: > 0 } text ? text : null;
#pragma warning restore RS0030

    private static Secret? Token(string name)
    {
        var text = Read(name);
        var file = Read(name + "_FILE");
        if (text is not null)
            return new Secret(text);
        if (file is null)
            return null;
        try
        {
            return new Secret(File.ReadAllText(file).Trim());
        }
        catch (Exception unreadable) when (unreadable is IOException or UnauthorizedAccessException)
        {
            throw new InputException($"the file that {name}_FILE names can't be read: {unreadable.Message}");
        }
    }
}
