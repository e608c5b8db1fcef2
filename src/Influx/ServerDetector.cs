using System.Net;
using System.Text.Json;

namespace Influx;

/// <summary>Finds out what a server is by the version that it states, never by which path exists (docs/influxdb.md).</summary>
public static class ServerDetector
{
    private const string Enterprise = "Enterprise";

    /// <summary>Connects and returns the client of the server's family.</summary>
    /// <exception cref="TransientException">It does not answer now.</exception>
    /// <exception cref="RejectedException">It is no InfluxDB 1.x, 2.x or 3, or its certificate is not trusted.</exception>
    public static Task<IInfluxClient> ConnectAsync(ServerOptions options, TimeProvider time, CancellationToken cancellationToken) =>
        ConnectAsync(options, time, options.Retry, cancellationToken);

    /// <summary>The same, with the first contact tried again in a way of its own.</summary>
    /// <inheritdoc cref="ConnectAsync(ServerOptions, TimeProvider, CancellationToken)"/>
    public static async Task<IInfluxClient> ConnectAsync(ServerOptions options, TimeProvider time, RetryPolicy contact, CancellationToken cancellationToken)
    {
        var http = new InfluxHttp(options, time);
        try
        {
            var (version, build) = await contact.RunAsync(token => DetectAsync(http, token), cancellationToken);
            switch (version.Family)
            {
                case ServerFamily.V1:
                    http.Authorization = InfluxHttp.AsBasic;
                    CheckUser(options, await http.TokenAsync(cancellationToken));
                    return new Influx1Client(http, version);
                case ServerFamily.V2:
                    return new Influx2Client(http, version, time);
                default:
                    return new Influx3Client(http, version, isEnterprise: string.Equals(build, Enterprise, StringComparison.OrdinalIgnoreCase));
            }
        }
        catch
        {
            http.Dispose();
            throw;
        }
    }

    private static async Task<(ServerVersion Version, string? Build)> DetectAsync(InfluxHttp http, CancellationToken cancellationToken)
    {
        // The token goes along only where /ping asks for it, as InfluxDB 3 does, which states nothing of itself before.
        var open = await AskAsync(http, "ping", authorize: false, cancellationToken);
        var ping = open.Version is not null ? open : await AskAsync(http, "ping", authorize: true, cancellationToken);
        var stated = ping.Version ?? (await AskAsync(http, "health", authorize: false, cancellationToken)).Version;
        if (stated is null && ping.Refused is { } refused)
            throw refused;
        if (stated is null)
            throw new RejectedException(
                RejectionKind.NotInflux,
                $"{http.Options.Url.GetLeftPart(UriPartial.Authority)} (the {http.Options.Role}) answers GET /ping {open.Answer.Kind} and states no InfluxDB version: "
                + $"is it an InfluxDB server? Or is there a proxy before the server?{(open.Answer.Beginning is { Length: > 0 } words ? $" The answer begins: {words}" : "")}");
        return ServerVersion.TryParse(stated, out var version)
            ? (version, ping.Build)
            : throw new RejectedException(
                RejectionKind.Unsupported,
                $"the {http.Options.Role} states the version '{SmallAnswer.Excerpt(stated)}', which is none of InfluxDB 1.x, 2.x and 3");
    }

    private static async Task<Stated> AskAsync(InfluxHttp http, string path, bool authorize, CancellationToken cancellationToken)
    {
        var answer = http.Settled($"GET /{path}", await http.AskOnceAsync(HttpMethod.Get, path, makeContent: null, authorize, cancellationToken));
        if (answer.TryGetHeader("X-Influxdb-Version", out var stated))
            return new Stated(answer, stated, answer.TryGetHeader("X-Influxdb-Build", out var build) ? build : null);
        if (authorize && answer.Status is HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden)
            return new Stated(answer, Refused: Refused(http, path, answer));
        if (!answer.IsSuccess || answer.MediaType != "application/json")
            return new Stated(answer);
        try
        {
            using var document = JsonDocument.Parse(answer.Body);
            return new Stated(answer, document.RootElement.ValueKind == JsonValueKind.Object && document.RootElement.TryGetProperty("version", out var version)
                && version.ValueKind == JsonValueKind.String ? version.GetString() : null);
        }
        catch (JsonException)
        {
            return new Stated(answer);
        }
    }

    private static Exception Refused(InfluxHttp http, string path, SmallAnswer answer)
    {
        var refused = http.Refused($"GET /{path}", answer);
        return answer.Status == HttpStatusCode.Forbidden
            ? new RejectedException(RejectionKind.Token, $"{refused.Message}: of an InfluxDB 3 Enterprise a token needs {Influx3Client.PingRight} besides its databases", refused)
            : refused;
    }

    // What an answer states of its server; refused where it wants another token first.
    private sealed record Stated(SmallAnswer Answer, string? Version = null, string? Build = null, Exception? Refused = null);

    private static void CheckUser(ServerOptions options, Secret? token)
    {
        if (token is not null && !token.Reveal().Contains(':', StringComparison.Ordinal))
            throw new RejectedException(
                RejectionKind.Token,
                $"the {options.Role} is an InfluxDB 1.x, whose token is user:password (or unset, where its authentication is off); the one given has no colon");
    }
}
