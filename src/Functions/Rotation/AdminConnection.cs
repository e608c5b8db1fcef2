using Amazon.Runtime;
using Aws;
using Functions.Secrets;
using Influx;
using Microsoft.Extensions.Logging;

namespace Functions.Rotation;

/// <summary>
/// Connects as the admin that a secret names. What the admin's secret holds goes only where that secret says by URL or by id of a DB
/// instance, or to the instance that AWS knows it to belong to, and only to a server whose certificate the admin's secret, or else the
/// system, trusts: whoever may write a rotated secret could otherwise have it sent to a server of theirs.
/// </summary>
/// <param name="secrets">Secrets Manager.</param>
/// <param name="timestream">Timestream for InfluxDB.</param>
/// <param name="grace">When old tokens go.</param>
/// <param name="rules">Where the function may connect to, and how.</param>
/// <param name="logger">The log.</param>
internal sealed class AdminConnection(SecretsManagerClient secrets, TimestreamClient timestream, RotationGrace grace, InputRules rules, ILogger logger)
{
    private const int InfluxPort = 8086;

    /// <summary>Connects.</summary>
    /// <exception cref="NamedException"><see cref="Migration.ErrorNames.SecretUnusable"/>: either secret lacks something.</exception>
    public async Task<IRotatedServer> OpenAsync(RotatedSecret secret, CancellationToken cancellationToken)
    {
        var value = await SecretVersions.AskAsync(
            secret.AdminSecretArn, "reading", () => secrets.GetSecretValueAsync(secret.AdminSecretArn, SecretsManagerClient.Current, cancellationToken));
        var admin = ServerSecret.ParseAdmin(value.SecretString, secret.AdminSecretArn);
        var options = new ServerOptions
        {
            Url = await UrlAsync(secret, admin, cancellationToken),
            ReadToken = (_, _) => new(admin.Token),
            CaPem = admin.CaPem,
            Role = "server",
            TokenName = $"the secret {secret.AdminSecretArn}",
            Timeout = TimeSpan.FromSeconds(30),
            Connect = rules.Hosts.ConnectAsync,
        };
        using var client = await ServerDetector.ConnectAsync(options, grace.Time, cancellationToken);
        return client.Version.Family switch
        {
            ServerFamily.V1 => new Influx1Rotation(options, grace, logger),
            ServerFamily.V2 => new Influx2Rotation(options with { SignsIn = admin.IsUser }, grace, logger),
            _ => throw new RejectedException(RejectionKind.Unsupported, $"{options.Url} is an InfluxDB {client.Version}, whose tokens are not rotated by this function"),
        };
    }

    private async Task<Uri> UrlAsync(RotatedSecret secret, ServerSecret admin, CancellationToken cancellationToken)
    {
        var url = admin.Url is { } named ? new Uri(named) : await EndpointAsync(secret, admin, cancellationToken);
        if (rules.Problem(url) is { } problem)
            throw admin.Url is null
                ? secret.Unusable($"is of a DB instance whose endpoint is not allowed: {problem}")
                : ServerSecret.Unusable(secret.AdminSecretArn, $"has a \"url\" that is not allowed: {problem}");
        if (secret.Url is { } own && ServerOrigin.Of(new Uri(own)) != ServerOrigin.Of(url))
            throw secret.Unusable($"names another server than {url.GetLeftPart(UriPartial.Authority)}, where the admin's token of {secret.AdminSecretArn} belongs: correct the \"url\" of one of them");
        return url;
    }

    private async Task<Uri> EndpointAsync(RotatedSecret secret, ServerSecret admin, CancellationToken cancellationToken)
    {
        if ((admin.DbIdentifier ?? secret.DbIdentifier) is not { } id)
            throw ServerSecret.Unusable(secret.AdminSecretArn, $"has no \"url\", and {secret.Arn} no \"dbIdentifier\": put the server's URL into the admin's secret, so that its token goes nowhere else");
        try
        {
            var instance = await timestream.GetDbInstanceAsync(id, cancellationToken);
            if (admin.DbIdentifier is null && instance.AdminSecretArn != secret.AdminSecretArn)
                throw secret.Unusable($"names the DB instance '{id}', whose admin's secret is not {secret.AdminSecretArn}: put \"dbIdentifier\" or \"url\" into that secret, so that what it holds goes nowhere else");
            return instance.Endpoint is { Length: > 0 } host
                ? new Uri($"https://{host}:{instance.Port ?? InfluxPort}")
                : throw secret.Unusable($"names the DB instance '{id}', which has no endpoint yet");
        }
        catch (AwsException refusal) when (!refusal.IsTransient)
        {
            throw secret.Unusable($"names the DB instance '{id}', but asking for it was refused: {refusal.ErrorCode}: {refusal.Message}");
        }
        catch (Exception failure) when (failure is AmazonServiceException or AmazonClientException or HttpRequestException)
        {
            throw new TransientException($"asking for the DB instance '{id}' failed: {failure.Message}", inner: failure);
        }
    }
}
