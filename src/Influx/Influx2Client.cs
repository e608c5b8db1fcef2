using System.Net;
using System.Net.Http.Json;

namespace Influx;

/// <summary>InfluxDB 2.x, self-managed or Amazon Timestream for InfluxDB.</summary>
/// <param name="http">The connection.</param>
/// <param name="version">The server's version.</param>
/// <param name="time">The clock.</param>
public sealed class Influx2Client(InfluxHttp http, ServerVersion version, TimeProvider time) : IInfluxClient
{
    private const int PageSize = 100;

    // The server pages first and drops what the token can't read afterwards, so an empty page is not the end (docs/influxdb.md).
    private const int EmptyPagesAtTheEnd = 20;

    // More than any server has; a list that is longer never ends.
    private const int MostBuckets = 100_000;
    private const long MostCharacters = 16_000_000;

    // Virtual mappings for SELECT exist from 2.5.0 (docs/influxdb.md).
    private static readonly ServerVersion FirstWithVirtualMappings = new(ServerFamily.V2, 5, 0);

    private readonly Influx2OrgTokens orgTokens = new(http, time);

    /// <inheritdoc/>
    public ServerVersion Version => version;

    /// <inheritdoc/>
    public Dialect Dialect => Dialect.V2;

    /// <inheritdoc/>
    public RetryPolicy Retry => http.Options.Retry;

    /// <inheritdoc/>
    public async Task<IReadOnlyList<Bucket>> ListBucketsAsync(CancellationToken cancellationToken)
    {
        var found = new Dictionary<string, BucketDto>(StringComparer.Ordinal);
        var (empty, size) = (0, 0L);
        for (var offset = 0; empty < EmptyPagesAtTheEnd; offset += PageSize)
        {
            var page = await GetBucketsAsync($"limit={PageSize}&offset={offset}", cancellationToken);
            empty = page.Count == 0 ? empty + 1 : 0;
            var known = found.Count;
            foreach (var bucket in page)
                found[bucket.Id] = bucket;
            size += page.Sum(bucket => bucket.Id.Length + bucket.OrgId.Length + bucket.Name.Length);
            if (page.Count > PageSize || (page.Count > 0 && found.Count == known) || found.Count > MostBuckets || size > MostCharacters)
                throw new RejectedException(
                    RejectionKind.NotInflux,
                    $"the {http.Options.Role}'s list of buckets does not end: at {offset} it has {page.Count} of {found.Count} buckets that it named, where pages of {PageSize} "
                    + "were asked for; is there a proxy before the server?");
        }
        var buckets = new List<Bucket>();
        foreach (var bucket in found.Values.Where(bucket => bucket.Type != "system"))
            buckets.Add(await MapAsync(bucket, cancellationToken));
        return buckets;
    }

    /// <inheritdoc/>
    public async Task<Bucket?> FindBucketAsync(string? org, string name, CancellationToken cancellationToken)
    {
        var orgFilter = org is null ? "" : IsId(org) ? $"&orgID={org}" : $"&org={Uri.EscapeDataString(org)}";
        List<BucketDto> found;
        try
        {
            found = await GetBucketsAsync($"limit={PageSize}&name={Uri.EscapeDataString(name)}{orgFilter}", cancellationToken);
        }
        catch (RejectedException absent) when (absent.Kind == RejectionKind.NotFound && absent.Message.Contains(" 404 bucket ", StringComparison.Ordinal))
        {
            return null;
        }
        return found.Count switch
        {
            0 => null,
            1 => await MapAsync(found[0], cancellationToken),
            _ => throw new RejectedException(
                RejectionKind.Invalid,
                $"the {http.Options.Role} has a bucket '{name}' in {found.Count} orgs ({string.Join(", ", found.Select(bucket => bucket.OrgId))}): name the org"),
        };
    }

    /// <inheritdoc/>
    public async Task<Bucket> CreateBucketAsync(BucketPlan plan, CancellationToken cancellationToken)
    {
        var orgId = await OrgIdAsync(plan.Org, cancellationToken);
        // Both durations are always sent: left out, either gets a default that is not the source's (docs/influxdb.md).
        var body = new NewBucketDto(orgId, plan.Name, Rules(plan.Retention, plan.ShardGroupDuration));
        try
        {
            // After a lost answer the next try is told of a conflict, and whoever asked for the bucket looks for it.
            await http.AskForAsync(
                HttpStatusCode.Created,
                HttpMethod.Post,
                "api/v2/buckets",
                () => JsonContent.Create(body, Influx2Json.Default.NewBucketDto),
                $"creating the bucket '{plan.Name}'",
                cancellationToken);
        }
        catch (RejectedException refused) when (refused.Kind == RejectionKind.Token)
        {
            throw new RejectedException(RejectionKind.Token, $"{refused.Message}\nThe destination's token needs: {CreateAdvice(orgId)}", refused);
        }
        return await FindBucketAsync(orgId, plan.Name, cancellationToken)
            ?? throw new RejectedException(RejectionKind.Token, $"'{plan.Name}' was created, but the token may not read it: {GrantAdvice(plan.Name, write: true)}");
    }

    /// <inheritdoc/>
    public async Task SetRetentionAsync(Bucket bucket, TimeSpan retention, CancellationToken cancellationToken)
    {
        var what = $"setting the retention of '{bucket.Name}'";
        var answer = await http.AskForAsync(
            HttpStatusCode.OK,
            HttpMethod.Patch,
            $"api/v2/buckets/{bucket.Id}",
            () => JsonContent.Create(new BucketPatchDto(Rules(retention, bucket.ShardGroupDuration)), Influx2Json.Default.BucketPatchDto),
            what,
            cancellationToken);
        var changed = http.ReadJson(what, answer, Influx2Json.Default.BucketDto);
        if (changed.Id != bucket.Id || (changed.RetentionRules.FirstOrDefault()?.EverySeconds ?? 0) != (long)retention.TotalSeconds)
            throw http.NotInflux(what, "the bucket as it is now", answer);
    }

    /// <inheritdoc/>
    public async Task<string?> OrgNameAsync(string orgId, CancellationToken cancellationToken)
    {
        try
        {
            return (await GetOrgsAsync($"?orgID={orgId}", cancellationToken)).FirstOrDefault()?.Name;
        }
        catch (RejectedException refused) when (refused.Kind is RejectionKind.Token or RejectionKind.NotFound)
        {
            return null;
        }
    }

    /// <inheritdoc/>
    public Task<IReadOnlyList<TimeRange>?> ShardGroupsAsync(Bucket bucket, CancellationToken cancellationToken) =>
        Task.FromResult<IReadOnlyList<TimeRange>?>(null);

    /// <inheritdoc/>
    public Task<WriteAnswer> WriteAsync(Bucket bucket, ReadOnlyMemory<byte> gzip, CancellationToken cancellationToken) =>
        WriteEndpoint.WriteAsync(
            http, $"api/v2/write?org={bucket.OrgId}&bucket={bucket.Id}&precision=ns", bucket.Name, gzip, cancellationToken);

    /// <inheritdoc/>
    public async Task QueryAsync(Bucket? bucket, string statement, IQuerySink sink, CancellationToken cancellationToken)
    {
        if (bucket is { Database.Length: 0 })
            throw NoMapping(bucket);
        var connection = bucket is null ? http : await orgTokens.ForAsync(bucket.OrgId, cancellationToken);
        await QueryEndpoint.QueryAsync(connection, bucket, statement, sink, cancellationToken);
    }

    /// <inheritdoc/>
    public async Task<TokenScope> ScopeAsync(TokenNeed need, CancellationToken cancellationToken)
    {
        var orgs = new List<string>();
        foreach (var org in need.CreatesIn)
            orgs.Add(await OrgIdAsync(org, cancellationToken));
        return await new Influx2Scope(http).FindAsync(need, orgs, CreateAdvice, cancellationToken);
    }

    /// <inheritdoc/>
    public Task<string?> BlindReasonAsync(CancellationToken cancellationToken) => new Influx2Scope(http).BlindReasonAsync(cancellationToken);

    /// <inheritdoc/>
    public string GrantAdvice(string bucket, bool write)
    {
        var read = """{"action":"read","resource":{"type":"buckets","orgID":"<org id>","id":"<bucket id>"}}""";
        return "POST /api/v2/authorizations with an admin's token and the body {\"orgID\":\"<org id>\",\"description\":"
            + $"{ShellWords.Json($"migration of {bucket}")},\"permissions\":[{read}{(write ? "," + read.Replace("read", "write", StringComparison.Ordinal) : "")}]}}";
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        orgTokens.Dispose();
        http.Dispose();
    }

    // A token is scoped by ids; an org grant needs the id as "id", which the usual orgID does not match (docs/influxdb.md).
    private static string CreateAdvice(string orgId) =>
        $$$"""{"action":"read","resource":{"type":"buckets","orgID":{{{ShellWords.Json(orgId)}}}}}, {"action":"write","resource":{"type":"buckets","orgID":{{{ShellWords.Json(orgId)}}}}} and {"action":"read","resource":{"type":"orgs","id":{{{ShellWords.Json(orgId)}}}}} (POST /api/v2/authorizations with an admin's token)""";

    private static bool IsId(string text) => text.Length == 16 && text.All(char.IsAsciiHexDigitLower);

    private static RetentionRuleDto[] Rules(TimeSpan retention, TimeSpan shardGroup) =>
        [new RetentionRuleDto("expire", (long)retention.TotalSeconds, (long)shardGroup.TotalSeconds)];

    /// <summary>The id of an org by its name; by null that of the only one that the token sees.</summary>
    internal async Task<string> OrgIdAsync(string? org, CancellationToken cancellationToken)
    {
        if (org is not null && IsId(org))
            return org;
        var orgs = await GetOrgsAsync(org is null ? "" : $"?org={Uri.EscapeDataString(org)}", cancellationToken);
        if (orgs.Count == 1)
            return orgs[0].Id;
        throw new RejectedException(
            orgs.Count == 0 ? RejectionKind.Token : RejectionKind.Invalid,
            orgs.Count == 0
                ? $"the {http.Options.Role}'s token sees no org{(org is null ? "" : $" '{org}'")}: it does not exist, or the token lacks "
                    + """{"action":"read","resource":{"type":"orgs","id":"<org id>"}} ("id", not "orgID"); giving the org's 16-digit id instead of its name needs no such permission"""
                : $"the {http.Options.Role}'s token sees {orgs.Count} orgs ({string.Join(", ", orgs.Select(found => found.Name))}): name one");
    }

    // A database name is resolved by its mapping and never assumed: an explicit mapping can shadow a bucket's own name.
    private async Task<Bucket> MapAsync(BucketDto bucket, CancellationToken cancellationToken)
    {
        var rule = bucket.RetentionRules.FirstOrDefault();
        var mapped = new Bucket
        {
            Name = bucket.Name,
            Id = bucket.Id,
            OrgId = bucket.OrgId,
            Database = "",
            Retention = TimeSpan.FromSeconds(rule?.EverySeconds ?? 0),
            ShardGroupDuration = TimeSpan.FromSeconds(rule?.ShardGroupDurationSeconds is > 0 and var seconds ? seconds : 7 * 86400),
        };
        var mappings = await http.GetJsonAsync(
            $"api/v2/dbrps?orgID={bucket.OrgId}&bucketID={bucket.Id}",
            $"reading the InfluxQL mappings of '{bucket.Name}'",
            Influx2Json.Default.DbrpsDto,
            cancellationToken);
        var mapping = mappings.Content.FirstOrDefault(
            candidate => candidate.BucketId == bucket.Id && (!candidate.Virtual || version >= FirstWithVirtualMappings));
        return mapping is null ? mapped : mapped with { Database = mapping.Database, RetentionPolicy = mapping.RetentionPolicy };
    }

    private RejectedException NoMapping(Bucket bucket) => new(
        RejectionKind.Unmapped,
        (version < FirstWithVirtualMappings
            ? $"InfluxDB {version} answers InfluxQL only through an explicit mapping, and the bucket '{bucket.Name}' has none"
            : $"no InfluxQL mapping leads to the bucket '{bucket.Name}': another bucket's mapping shadows its name")
        + $$$""". Create one with a token that may write the bucket: POST /api/v2/dbrps {"orgID":{{{ShellWords.Json(bucket.OrgId)}}},"bucketID":{{{ShellWords.Json(bucket.Id)}}},"database":"<a name not in use>","retention_policy":"autogen","default":true}"""
        + (version < FirstWithVirtualMappings ? ", or upgrade the server to 2.5 or newer." : "."));

    private async Task<List<BucketDto>> GetBucketsAsync(string query, CancellationToken cancellationToken) =>
        (await http.GetJsonAsync($"api/v2/buckets?{query}", "listing buckets", Influx2Json.Default.BucketsDto, cancellationToken)).Buckets;

    private async Task<List<OrgDto>> GetOrgsAsync(string query, CancellationToken cancellationToken) =>
        (await http.GetJsonAsync($"api/v2/orgs{query}", "listing orgs", Influx2Json.Default.OrgsDto, cancellationToken)).Orgs;
}
