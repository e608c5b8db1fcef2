using System.Net;
using System.Net.Http.Json;
using System.Security.Cryptography;

namespace Influx;

/// <summary>
/// Connections that InfluxQL can be asked through, by org. A 2.x server answers InfluxQL in the org that the token was made in and
/// ignores any other that is named (docs/influxdb.md), so that a token that reads several orgs would get another bucket of the same name
/// without an error. Only a token without an org in its permissions reads several. For orgs that are not its own a read-only token is
/// made there, which goes away with this object; a killed process leaves it, named by its description.
/// </summary>
/// <param name="http">The connection with the token that was given.</param>
/// <param name="time">The clock.</param>
internal sealed class Influx2OrgTokens(InfluxHttp http, TimeProvider time) : IDisposable
{
    private readonly SemaphoreSlim gate = new(1, 1);
    private readonly Dictionary<string, InfluxHttp> connections = new(StringComparer.Ordinal);
    private readonly List<string> made = [];
    private Origin? origin;

    /// <summary>The connection whose InfluxQL reads the buckets of an org.</summary>
    /// <exception cref="RejectedException">The token reads several orgs but may not make a token for this one.</exception>
    public async Task<InfluxHttp> ForAsync(string orgId, CancellationToken cancellationToken)
    {
        await gate.WaitAsync(cancellationToken);
        try
        {
            if (connections.TryGetValue(orgId, out var known))
                return known;
            origin ??= await FindOriginAsync(cancellationToken);
            var own = !origin.SeveralOrgs || origin.OwnOrgId == orgId;
            return connections[orgId] = own ? http : await MakeAsync(orgId, cancellationToken);
        }
        finally
        {
            gate.Release();
        }
    }

    public void Dispose()
    {
        foreach (var connection in connections.Values.Where(connection => connection != http))
            connection.Dispose();
        foreach (var id in made.Distinct(StringComparer.Ordinal))
            http.TryDelete($"api/v2/authorizations/{id}");
        gate.Dispose();
    }

    private async Task<Origin> FindOriginAsync(CancellationToken cancellationToken)
    {
        var orgs = await http.GetJsonAsync("api/v2/orgs?limit=100", "listing orgs", Influx2Json.Default.OrgsDto, cancellationToken);
        var buckets = await http.GetJsonAsync("api/v2/buckets?limit=100", "listing buckets", Influx2Json.Default.BucketsDto, cancellationToken);
        var several = orgs.Orgs.Select(org => org.Id).Union(buckets.Buckets.Select(bucket => bucket.OrgId), StringComparer.Ordinal).Count() > 1;
        if (!several)
            return new Origin(SeveralOrgs: false, OwnOrgId: null);
        try
        {
            var list = await http.GetJsonAsync("api/v2/authorizations", "listing tokens", Influx2Json.Default.AuthorizationsDto, cancellationToken);
            // From 2.9 on the list shows no tokens; then no org is known to be its own.
            return new Origin(SeveralOrgs: true, list.Authorizations.Find(token => http.IsToken(token.Token))?.OrgId);
        }
        catch (RejectedException refused) when (refused.Kind == RejectionKind.Token)
        {
            return new Origin(SeveralOrgs: true, OwnOrgId: null);
        }
    }

    private async Task<InfluxHttp> MakeAsync(string orgId, CancellationToken cancellationToken)
    {
        var body = new NewAuthorizationDto(
            orgId,
            $"influx-migrate {time.GetUtcNow():u} {RandomNumberGenerator.GetHexString(8, lowercase: true)}: reads this org's buckets during a run, may be deleted afterwards",
            [new PermissionDto("read", new ResourceDto("buckets", orgId))]);
        AuthorizationDto token;
        try
        {
            var what = $"making a token that reads the org {orgId}";
            var tries = 0;
            var answer = await http.Options.Retry.RunAsync(
                async cancelled =>
                {
                    tries++;
                    return http.Settled(what, await http.AskOnceAsync(
                        HttpMethod.Post, "api/v2/authorizations", () => JsonContent.Create(body, Influx2Json.Default.NewAuthorizationDto), authorize: true, cancelled));
                },
                cancellationToken);
            token = http.ReadJson(what, http.Done(what, HttpStatusCode.Created, answer), Influx2Json.Default.AuthorizationDto);
            if (tries > 1)
                await AddLostAsync(body.Description, cancellationToken);
        }
        catch (RejectedException refused) when (refused.Kind == RejectionKind.Token)
        {
            throw new RejectedException(
                RejectionKind.Token,
                $"the {http.Options.Role}'s token reads several orgs, but InfluxQL answers only in the org that a token was made in, and this one "
                + $"may make none for the org {orgId} ({refused.Message}): give a token that was made in that org",
                refused);
        }
        made.Add(token.Id);
        return new InfluxHttp(http.Options with { ReadToken = (_, _) => new(new Secret(token.Token)) }, time);
    }

    // A try whose answer was lost has made a token too, which nobody knows but the server.
    private async Task AddLostAsync(string description, CancellationToken cancellationToken)
    {
        var list = await http.GetJsonAsync("api/v2/authorizations", "listing tokens", Influx2Json.Default.AuthorizationsDto, cancellationToken);
        made.AddRange(list.Authorizations.Where(token => token.Description == description).Select(token => token.Id));
    }

    private sealed record Origin(bool SeveralOrgs, string? OwnOrgId);
}
