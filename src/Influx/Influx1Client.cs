using System.Globalization;

namespace Influx;

/// <summary>InfluxDB 1.x. Users and passwords instead of tokens, databases and retention policies instead of buckets.</summary>
/// <param name="http">The connection.</param>
/// <param name="version">The server's version.</param>
public sealed class Influx1Client(InfluxHttp http, ServerVersion version) : IInfluxClient
{
    /// <inheritdoc/>
    public ServerVersion Version => version;

    /// <inheritdoc/>
    public Dialect Dialect => Dialect.V1;

    /// <inheritdoc/>
    public RetryPolicy Retry => http.Options.Retry;

    /// <inheritdoc/>
    public async Task<IReadOnlyList<Bucket>> ListBucketsAsync(CancellationToken cancellationToken)
    {
        var buckets = new List<Bucket>();
        foreach (var database in await DatabasesAsync(cancellationToken))
        {
            if (database != "_internal")
                buckets.AddRange(await PoliciesAsync(database, cancellationToken));
        }
        return buckets;
    }

    /// <inheritdoc/>
    public async Task<Bucket?> FindBucketAsync(string? org, string name, CancellationToken cancellationToken)
    {
        var databases = await DatabasesAsync(cancellationToken);
        // Database and retention policy may both hold slashes; the database's name is the longest one that fits.
        foreach (var database in databases.Where(name.StartsWith).OrderByDescending(database => database.Length))
        {
            if (name.Length > database.Length && name[database.Length] != '/')
                continue;
            var policies = await PoliciesAsync(database, cancellationToken);
            var found = policies.FirstOrDefault(bucket => bucket.Name == name || $"{bucket.Database}/{bucket.RetentionPolicy}" == name);
            if (found is not null)
                return found with { Name = name };
        }
        return null;
    }

    /// <inheritdoc/>
    public async Task<Bucket> CreateBucketAsync(BucketPlan plan, CancellationToken cancellationToken)
    {
        var (database, policy) = Split(plan.Name, plan.RetentionPolicy);
        var with = $"DURATION {GoDuration.Format(plan.Retention)} REPLICATION 1 SHARD DURATION {GoDuration.Format(plan.ShardGroupDuration)}";
        var exists = (await DatabasesAsync(cancellationToken)).Contains(database, StringComparer.Ordinal);
        await this.ReadAsync(
            bucket: null,
            exists
                ? $"CREATE RETENTION POLICY {InfluxQl.Identifier(policy)} ON {InfluxQl.Identifier(database)} {with}"
                : $"CREATE DATABASE {InfluxQl.Identifier(database)} WITH {with} NAME {InfluxQl.Identifier(policy)}",
            cancellationToken);
        return await FindBucketAsync(org: null, plan.Name, cancellationToken)
            ?? throw new RejectedException(RejectionKind.Token, $"'{plan.Name}' was created, but this user does not see it: {GrantAdvice(database, write: true)}");
    }

    /// <inheritdoc/>
    public async Task SetRetentionAsync(Bucket bucket, TimeSpan retention, CancellationToken cancellationToken) =>
        await this.ReadAsync(
            bucket: null,
            $"ALTER RETENTION POLICY {InfluxQl.Identifier(bucket.RetentionPolicy)} ON {InfluxQl.Identifier(bucket.Database)} "
            // Without it, ALTER sets the shard group duration anew from the retention.
            + $"DURATION {GoDuration.Format(retention)} SHARD DURATION {GoDuration.Format(bucket.ShardGroupDuration)}",
            cancellationToken);

    /// <inheritdoc/>
    public Task<string?> OrgNameAsync(string orgId, CancellationToken cancellationToken) => Task.FromResult<string?>(null);

    /// <inheritdoc/>
    public async Task<IReadOnlyList<TimeRange>?> ShardGroupsAsync(Bucket bucket, CancellationToken cancellationToken)
    {
        IReadOnlyList<QueryRow> rows;
        try
        {
            rows = await this.ReadAsync(bucket: null, "SHOW SHARDS", cancellationToken);
        }
        catch (RejectedException refused) when (refused.Kind == RejectionKind.Token)
        {
            return null;
        }
        return [.. rows
            .Where(row => row.Text("database") == bucket.Database && row.Text("retention_policy") == bucket.RetentionPolicy)
            .Select(row => Group(row.Text("start_time"), row.Text("end_time")))
            .Distinct()];
    }

    /// <inheritdoc/>
    public Task<WriteAnswer> WriteAsync(Bucket bucket, ReadOnlyMemory<byte> gzip, CancellationToken cancellationToken) =>
        WriteEndpoint.WriteAsync(
            http,
            $"write?db={Uri.EscapeDataString(bucket.Database)}&rp={Uri.EscapeDataString(bucket.RetentionPolicy)}&precision=ns",
            bucket.Name,
            gzip,
            cancellationToken);

    /// <inheritdoc/>
    public Task QueryAsync(Bucket? bucket, string statement, IQuerySink sink, CancellationToken cancellationToken) =>
        QueryEndpoint.QueryAsync(http, bucket, statement, sink, cancellationToken);

    /// <inheritdoc/>
    public Task<TokenScope> ScopeAsync(TokenNeed need, CancellationToken cancellationToken) =>
        new Influx1Scope(http).FindAsync(need, this, cancellationToken);

    /// <inheritdoc/>
    public async Task<string?> BlindReasonAsync(CancellationToken cancellationToken) =>
        (await DatabasesAsync(cancellationToken)).Count > 0 || !await new Influx1Scope(http).AsksForUsersAsync(cancellationToken)
            || await Influx1Scope.IsAdminAsync(this, cancellationToken)
            ? null
            : $"the {http.Options.Role}'s user sees no database: it has no rights, or there are none";

    /// <inheritdoc/>
    public string GrantAdvice(string bucket, bool write)
    {
        var (database, user) = (InfluxQl.Identifier(Split(bucket, "").Database), InfluxQl.Identifier(http.User ?? "<user>"));
        return write
            ? $"an admin grants it with: {Shell($"CREATE DATABASE {database}; GRANT ALL ON {database} TO {user}")} (which leaves a database that is there as it is)"
            : $"an admin grants it with: {Shell($"GRANT READ ON {database} TO {user}")}";
    }

    /// <inheritdoc/>
    public void Dispose() => http.Dispose();

    /// <summary>What makes a database, or another retention policy of one, as an admin types it; both keep points for ever unless that is changed.</summary>
    internal string CreationAdvice(string bucket)
    {
        var (database, policy) = Split(bucket, "");
        var quoted = InfluxQl.Identifier(database);
        return Shell($"CREATE DATABASE {quoted}" + (bucket == database ? "" : $"; CREATE RETENTION POLICY {InfluxQl.Identifier(policy)} ON {quoted} DURATION INF REPLICATION 1"));
    }

    // The whole command of 1.x's own client, which asks for the password where it is given an empty one.
    private string Shell(string statement)
    {
        var url = http.Options.Url;
        return ShellWords.Join([
            "influx", "-host", url.IdnHost, "-port", url.Port.ToString(CultureInfo.InvariantCulture), .. url.Scheme == "https" ? (string[])["-ssl"] : [],
            "-username", "ADMIN", "-password", "", "-execute", statement,
        ]);
    }

    private static (string Database, string Policy) Split(string name, string policy)
    {
        var slash = name.IndexOf('/', StringComparison.Ordinal);
        return slash < 0 ? (name, policy.Length > 0 ? policy : "autogen") : (name[..slash], name[(slash + 1)..]);
    }

    private async Task<List<string>> DatabasesAsync(CancellationToken cancellationToken) =>
        [.. (await this.ReadAsync(bucket: null, "SHOW DATABASES", cancellationToken)).Select(row => row.Text("name"))];

    private async Task<List<Bucket>> PoliciesAsync(string database, CancellationToken cancellationToken) =>
        [.. (await this.ReadAsync(bucket: null, $"SHOW RETENTION POLICIES ON {InfluxQl.Identifier(database)}", cancellationToken))
            .Select(row => new Bucket
            {
                Name = row.Find("default") is true ? database : $"{database}/{row.Text("name")}",
                Database = database,
                RetentionPolicy = row.Text("name"),
                Retention = GoDuration.Parse(row.Text("duration")),
                ShardGroupDuration = GoDuration.Parse(row.Text("shardGroupDuration")),
            })];

    // The edges of time are cut to whole seconds. The first group starts before the first point that there can be, and after a
    // restart of the server its start has wrapped to the year 2262.
    private static TimeRange Group(string startTime, string endTime)
    {
        var stop = endTime == "2262-04-11T23:47:16Z" ? long.MaxValue : Edge(endTime);
        var start = Edge(startTime);
        return new TimeRange(start < stop ? start : Timestamp.Min, stop);
    }

    private static long Edge(string text)
    {
        if (Timestamp.TryParse(text, out var time))
            return time;
        return DateTimeOffset.Parse(text, CultureInfo.InvariantCulture).Year < 1678
            ? Timestamp.Min
            : throw new FormatException($"SHOW SHARDS names the time '{text}'");
    }
}
