using System.Net;

namespace Influx;

/// <summary>What a 1.x user can do, asked as that user: rights are none, READ, WRITE or ALL on a database, or everything for an admin.</summary>
/// <param name="http">The connection.</param>
internal sealed class Influx1Scope(InfluxHttp http)
{
    /// <summary>Finds out.</summary>
    public async Task<TokenScope> FindAsync(TokenNeed need, Influx1Client client, CancellationToken cancellationToken)
    {
        var excess = new List<string>();
        if (!await AsksForUsersAsync(cancellationToken))
            return new TokenScope([], [$"the {http.Options.Role} asks for no user (its authentication is off): whoever reaches it can read and change everything"]);
        if (await IsAdminAsync(client, cancellationToken))
            return new TokenScope(["is an admin, who may do everything"], []);
        if (need.CreatesIn.Count > 0)
            throw new RejectedException(
                RejectionKind.Token,
                $"the {http.Options.Role} lacks a database or retention policy of the plan, and only an admin makes one in 1.x: let an admin make it, and write into it with --existing reuse");
        foreach (var bucket in need.Buckets)
        {
            var writes = await MayWriteAsync(bucket, cancellationToken);
            if (writes && need.Role == TokenRole.Source)
                excess.Add($"may write '{bucket.Database}', which a source is only read from");
            else if (!writes && need.Role == TokenRole.Destination)
                throw new RejectedException(RejectionKind.Token, $"the {http.Options.Role}'s user may not write the database '{bucket.Database}'");
        }
        return new TokenScope(excess.Distinct().ToList(), []);
    }

    /// <summary>Whether authentication is on: then nothing but /ping is answered without a user.</summary>
    public async Task<bool> AsksForUsersAsync(CancellationToken cancellationToken)
    {
        const string What = "GET /query without a user";
        var answer = await http.Options.Retry.RunAsync(
            async token => http.Settled(What, await http.AskOnceAsync(HttpMethod.Get, "query?q=SHOW%20DATABASES", makeContent: null, authorize: false, token)),
            cancellationToken);
        if (answer.Status is HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden)
            return true;
        http.Done(What, HttpStatusCode.OK, answer);
        return answer.MediaType == "application/json" ? false : throw http.NotInflux(What, "an InfluxDB's JSON", answer);
    }

    /// <summary>Whether the user is an admin, to whom alone users are shown.</summary>
    public static async Task<bool> IsAdminAsync(Influx1Client client, CancellationToken cancellationToken)
    {
        try
        {
            await client.ReadAsync(bucket: null, "SHOW USERS", cancellationToken);
            return true;
        }
        catch (RejectedException refused) when (refused.Kind == RejectionKind.Token)
        {
            return false;
        }
    }

    private async Task<bool> MayWriteAsync(Bucket bucket, CancellationToken cancellationToken)
    {
        var path = $"write?db={Uri.EscapeDataString(bucket.Database)}&rp={Uri.EscapeDataString(bucket.RetentionPolicy)}&precision=ns";
        var answer = await http.ProbeAsync(HttpMethod.Post, path, () => new ByteArrayContent([]), cancellationToken);
        return answer.Status is not (HttpStatusCode.Forbidden or HttpStatusCode.Unauthorized);
    }
}
