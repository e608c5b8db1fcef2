using System.CommandLine;
using System.Text.Json.Nodes;
using Amazon.Runtime;
using Aws;
using Influx;

namespace Cli;

/// <summary>Makes the token of one end of a migration (<c>token create</c>), with an admin's token that is kept nowhere.</summary>
internal sealed class TokenCommand
{
    private readonly Option<string> role = new("--role") { Description = "source or destination.", Required = true };
    private readonly Option<string> host = new("--host") { Description = "The server's URL with scheme and port.", Required = true };
    private readonly Option<string?> org = new("--org") { Description = "The org; it may be left out where the admin's token sees one only." };
    private readonly Option<string[]> buckets = new("--bucket") { Description = "A bucket of the migration; may be repeated.", Required = true };
    private readonly Option<bool> createBuckets = new("--create-buckets") { Description = "Lets the destination's token make buckets, which 2.x allows on all buckets of the org or on none." };
    private readonly Option<string?> description = new("--description") { Description = "The migration's name, for whoever lists the server's tokens." };
    private readonly Option<string?> secret = new("--secret") { Description = "The secret of Secrets Manager, by ARN or name, that gets the token." };
    private readonly Option<bool> print = new("--print") { Description = "Prints the token, once, instead of writing it to a secret." };
    private readonly Option<string?> adminSecret = new("--admin-secret") { Description = $"The secret that holds the admin's token, instead of {Settings.AdminTokenName}." };
    private readonly Option<string?> caFile = new("--ca-file") { Description = "A PEM file of the authorities to trust." };

    private TokenCommand() => role.AcceptOnlyFromAmong("source", "destination");

    public static Command Create()
    {
        var self = new TokenCommand();
        var create = new DetailedCommand(
            "create",
            "Makes a token, or of 1.x a user, that can do what one migration needs and nothing else.",
            $"The admin's token comes from {Settings.AdminTokenName}, from the file that {Settings.AdminTokenName}_FILE names, or from --admin-secret, and is not kept.");
        foreach (var option in (Option[])[
            self.role, self.host, self.org, self.buckets, self.createBuckets, self.description, self.secret, self.print, self.adminSecret, self.caFile])
            create.Add(option);
        create.SetAction(self.RunAsync);
        return new Command("token", "Makes tokens for migrations.") { create };
    }

    private async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        try
        {
            await CreateAsync(parsed, cancellationToken);
            return ExitCodes.Complete;
        }
#pragma warning disable CA1031 // The one boundary: every failure becomes an exit code and a sentence.
        catch (Exception failure)
#pragma warning restore CA1031
        {
            var error = RunErrors.Map(failure, reached: false, stopped: null, CommandLine.OfThisProcess());
            await Console.Error.WriteLineAsync(error.Sentence);
            return error.ExitCode;
        }
    }

    private async Task CreateAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        var order = Order(parsed);
        var url = Url(parsed);
        // Made only where a secret is named: it looks for credentials and a region at once.
        using var secrets = parsed.GetValue(secret) is null && parsed.GetValue(adminSecret) is null ? null : new SecretsManagerClient();
        var (adminToken, adminArn) = await AdminAsync(parsed, url, secrets, cancellationToken);
        if (ServerOrigin.IsExposed(url.AbsoluteUri))
            await Console.Error.WriteLineAsync("warning: the server is reached over plain http: whoever is on the way reads the admin's token and the one that is made");
        var maker = new TokenMaker(
            new ServerOptions
            {
                Url = url,
                ReadToken = (_, _) => new(adminToken),
                TokenName = parsed.GetValue(adminSecret) is { } named ? $"the secret {named}" : Settings.AdminTokenName,
                CaFile = parsed.GetValue(caFile),
            },
            TimeProvider.System);
        var made = await maker.MakeAsync(order, cancellationToken);
        if (parsed.GetValue(print))
        {
            await Console.Error.WriteLineAsync($"made {made.Id} ({made.Description}); its token is shown this once:");
            await Console.Out.WriteLineAsync(made.Token.Reveal());
            return;
        }
        var name = parsed.GetValue(secret)!;
        try
        {
            await PutAsync(secrets!, name, Value(parsed, order, url, made, adminArn), cancellationToken);
        }
        catch
        {
            // Whatever went wrong, nobody has the token: it must not stay.
            await maker.RevokeAsync(made, CancellationToken.None);
            throw;
        }
        await Console.Out.WriteLineAsync($"made {made.Id} ({made.Description}) and put its token into the secret {name}");
    }

    private TokenOrder Order(ParseResult parsed)
    {
        var problems = new List<string>();
        if (parsed.GetValue(print) == (parsed.GetValue(secret) is not null))
            problems.Add("give either --secret, which keeps the token in Secrets Manager, or --print, which shows it once");
        var isSource = parsed.GetValue(role) == "source";
        if (isSource && parsed.GetValue(createBuckets))
            problems.Add("--create-buckets goes with --role destination only");
        return problems.Count > 0
            ? throw new InputException(string.Join('\n', problems))
            : new TokenOrder
            {
                Role = isSource ? TokenRole.Source : TokenRole.Destination,
                Org = parsed.GetValue(org),
                Buckets = parsed.GetValue(buckets)!,
                CreatesBuckets = parsed.GetValue(createBuckets),
                Description = parsed.GetValue(description),
            };
    }

    private Uri Url(ParseResult parsed) =>
        ServerOptions.TryParseUrl(parsed.GetValue(host)!, out var url) is { } problem ? throw new InputException(problem) : url!;

    private async Task<(Secret Token, string? SecretArn)> AdminAsync(ParseResult parsed, Uri url, SecretsManagerClient? secrets, CancellationToken cancellationToken)
    {
        if (parsed.GetValue(adminSecret) is not { } name)
        {
            return (
                Settings.AdminToken() ?? throw new InputException($"no admin's token is given: set {Settings.AdminTokenName}, {Settings.AdminTokenName}_FILE or --admin-secret"),
                null);
        }
        var value = await AskAsync(name, "read", () => secrets!.GetSecretValueAsync(name, SecretsManagerClient.Current, cancellationToken));
        var token = ServerSecretFormat.Read(value.SecretString, ServerSecretFormat.Token)
            ?? throw new InputException($"the secret {name} has no \"{ServerSecretFormat.Token}\"");
        // An admin's token goes to no other server than its secret says, whatever was typed.
        if (ServerSecretFormat.Read(value.SecretString, ServerSecretFormat.Url) is { } text)
        {
            if (!Uri.TryCreate(text, UriKind.Absolute, out var own))
                throw new InputException($"the secret {name} has a \"{ServerSecretFormat.Url}\" that is none: put scheme, host and port there");
            if (ServerOrigin.Of(own) != ServerOrigin.Of(url))
                throw new InputException($"--host names {ServerOrigin.Of(url)}, but the token of the secret {name} belongs to {ServerOrigin.Of(own)} and is sent nowhere else: correct one of them");
        }
        return (new Secret(token), value.Arn);
    }

    private string Value(ParseResult parsed, TokenOrder order, Uri url, MadeToken made, string? adminArn) => ServerSecretFormat.Write(
    [
        new(ServerSecretFormat.Url, url.GetLeftPart(UriPartial.Path).TrimEnd('/')),
        new(ServerSecretFormat.Org, made.Org),
        new(ServerSecretFormat.Token, made.Token.Reveal()),
        // A 1.x user is found by its name, which is in the token.
        new(ServerSecretFormat.AuthorizationId, made.Org is null ? null : made.Id),
        new(ServerSecretFormat.Role, parsed.GetValue(role)),
        new(ServerSecretFormat.Buckets, order.CreatesBuckets ? null : new JsonArray([.. order.Buckets.Select(bucket => JsonValue.Create(bucket))])),
        new(ServerSecretFormat.AdminSecretArn, adminArn),
        new(ServerSecretFormat.CaCertificate, parsed.GetValue(caFile) is { } file ? File.ReadAllText(file) : null),
    ]);

    private static async Task PutAsync(SecretsManagerClient client, string name, string value, CancellationToken cancellationToken) =>
        await AskAsync(name, "written", async () =>
        {
            await client.PutSecretValueAsync(name, Guid.NewGuid().ToString(), value, [SecretsManagerClient.Current], cancellationToken);
            return true;
        });

    private static async Task<T> AskAsync<T>(string name, string done, Func<Task<T>> ask)
    {
        try
        {
            return await ask();
        }
        catch (AwsException refusal) when (refusal.ErrorCode == AwsException.ResourceNotFound)
        {
            throw new RejectedException(RejectionKind.NotFound, $"the secret {name} is not there or has no value: make it first, with aws secretsmanager create-secret --name NAME", refusal);
        }
        catch (Exception failure) when (failure is AmazonServiceException or AmazonClientException)
        {
            throw new RejectedException(RejectionKind.Token, $"the secret {name} can't be {done}: {failure.Message}", failure);
        }
    }
}
