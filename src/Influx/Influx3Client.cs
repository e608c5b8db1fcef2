using System.Net;
using System.Net.Http.Json;
using System.Text.Json.Serialization;

namespace Influx;

internal sealed record NewDatabaseDto(string Db, [property: JsonPropertyName("retention_period")] string? RetentionPeriod);

/// <summary>InfluxDB 3 Core or Enterprise as a destination, through its v2 write path and its InfluxQL.</summary>
/// <param name="http">The connection.</param>
/// <param name="version">The server's version.</param>
/// <param name="isEnterprise">Whether it is Enterprise, which has tokens that can do less than everything.</param>
public sealed class Influx3Client(InfluxHttp http, ServerVersion version, bool isEnterprise) : IInfluxClient
{
    // Without it Enterprise does not say what it is.
    internal const string PingRight = "system:ping:read";

    /// <inheritdoc/>
    public ServerVersion Version => version;

    /// <inheritdoc/>
    public Dialect Dialect => Dialect.V3;

    /// <inheritdoc/>
    public RetryPolicy Retry => http.Options.Retry;

    /// <inheritdoc/>
    public async Task<IReadOnlyList<Bucket>> ListBucketsAsync(CancellationToken cancellationToken) =>
        [.. (await this.ReadAsync(bucket: null, "SHOW DATABASES", cancellationToken))
            .Select(row => row.Values.OfType<ByteKey>().LastOrDefault().ToString())
            .Where(name => name != "_internal")
            .Select(name => new Bucket { Name = name, Database = name })];

    /// <inheritdoc/>
    public async Task<Bucket?> FindBucketAsync(string? org, string name, CancellationToken cancellationToken) =>
        (await ListBucketsAsync(cancellationToken)).FirstOrDefault(bucket => bucket.Name == name);

    /// <inheritdoc/>
    public async Task<Bucket> CreateBucketAsync(BucketPlan plan, CancellationToken cancellationToken)
    {
        var retention = plan.Retention == TimeSpan.Zero ? null : $"{(long)plan.Retention.TotalSeconds}s";
        var what = $"creating the database '{plan.Name}'";
        var answer = await http.AskAsync(
            HttpMethod.Post,
            "api/v3/configure/database",
            () => JsonContent.Create(new NewDatabaseDto(plan.Name, retention), Influx2Json.Default.NewDatabaseDto),
            what,
            cancellationToken);
        // Its documentation says 200 and its source 201; neither has a page for people as its body.
        if (answer.Status != HttpStatusCode.OK || answer.IsPage)
            http.Done(what, HttpStatusCode.Created, answer);
        return new Bucket { Name = plan.Name, Database = plan.Name, Retention = plan.Retention };
    }

    /// <inheritdoc/>
    public Task SetRetentionAsync(Bucket bucket, TimeSpan retention, CancellationToken cancellationToken) =>
        throw new RejectedException(RejectionKind.Unsupported, "the retention of an InfluxDB 3 database can't be set during a migration: leave --retention widen out");

    /// <inheritdoc/>
    public Task<string?> OrgNameAsync(string orgId, CancellationToken cancellationToken) => Task.FromResult<string?>(null);

    /// <inheritdoc/>
    public Task<IReadOnlyList<TimeRange>?> ShardGroupsAsync(Bucket bucket, CancellationToken cancellationToken) =>
        Task.FromResult<IReadOnlyList<TimeRange>?>(null);

    /// <inheritdoc/>
    public Task<WriteAnswer> WriteAsync(Bucket bucket, ReadOnlyMemory<byte> gzip, CancellationToken cancellationToken) =>
        WriteEndpoint.WriteAsync(
            http, $"api/v2/write?bucket={Uri.EscapeDataString(bucket.Name)}&precision=ns", bucket.Name, gzip, cancellationToken);

    /// <inheritdoc/>
    public Task QueryAsync(Bucket? bucket, string statement, IQuerySink sink, CancellationToken cancellationToken) =>
        QueryEndpoint.QueryAsync(http, bucket, statement, sink, cancellationToken);

    /// <inheritdoc/>
    public Task<TokenScope> ScopeAsync(TokenNeed need, CancellationToken cancellationToken)
    {
        var role = http.Options.Role;
        if (!isEnterprise)
        {
            return Task.FromResult(new TokenScope([], [
                $"the {role} is an InfluxDB 3 Core, which knows admin tokens only: this one can do everything there, and none can do less",
                // Only the index of this time is read at a start; the older files stay and are not seen. Users take it for loss.
                $"the {role} is an InfluxDB 3 Core, whose queries see after its next restart only what its gen1-lookback-duration covers, a month unless it is set: "
                    + "set it to reach back to the oldest point that is moved, or what is moved and verified now seems to be gone then"]));
        }
        return Task.FromResult(new TokenScope(
            [], [$"the {role} is an InfluxDB 3 Enterprise, which does not tell what a token can do: if this one is an admin's, make the databases first, migrate with --existing reuse, "
                + $"and give a token of these alone: {Grant("DATABASE", write: true)}"]));
    }

    /// <inheritdoc/>
    public Task<string?> BlindReasonAsync(CancellationToken cancellationToken) => Task.FromResult<string?>(null);

    /// <inheritdoc/>
    public string GrantAdvice(string bucket, bool write) =>
        isEnterprise ? Grant(bucket, write) : "InfluxDB 3 Core has admin tokens only: influxdb3 create token --admin";

    /// <inheritdoc/>
    public void Dispose() => http.Dispose();

    private static string Grant(string databases, bool write) => ShellWords.Join([
        "influxdb3", "create", "token", "--permission", $"db:{databases}:read{(write ? ",write" : "")}", "--permission", PingRight, "--name", "influx-migrate"]);
}
