namespace Influx;

/// <summary>How a write ended that the server did answer.</summary>
public enum WriteStatus
{
    /// <summary>Every line is in.</summary>
    Written,

    /// <summary>413: the body is too large for the server or for a proxy before it.</summary>
    TooLarge,

    /// <summary>Some line is refused. Whether others are in is not known: 1.x and 2.x differ, and so do their errors.</summary>
    Refused,
}

/// <summary>The answer to a write.</summary>
/// <param name="Status">How it ended.</param>
/// <param name="Reason">The server's words; empty when all is written.</param>
/// <param name="BeyondRetention">Whether the server says that points are older than its retention.</param>
/// <param name="Clock">The server's clock by its Date header.</param>
public sealed record WriteAnswer(WriteStatus Status, string Reason, bool BeyondRetention, DateTimeOffset? Clock)
{
    /// <summary>All is written.</summary>
    public static readonly WriteAnswer Written = new(WriteStatus.Written, "", BeyondRetention: false, Clock: null);
}

/// <summary>
/// A server of one family. Every call may throw <see cref="TransientException"/> or <see cref="RejectedException"/>; all but writes and
/// streams of rows have been tried again by then.
/// </summary>
public interface IInfluxClient : IDisposable
{
    /// <summary>The server's version.</summary>
    ServerVersion Version { get; }

    /// <summary>The line protocol that it reads.</summary>
    Dialect Dialect { get; }

    /// <summary>How it tries small requests again, <see cref="InfluxClients.ReadAsync"/> included.</summary>
    RetryPolicy Retry { get; }

    /// <summary>Every bucket that the token sees, without system buckets.</summary>
    Task<IReadOnlyList<Bucket>> ListBucketsAsync(CancellationToken cancellationToken);

    /// <summary>A bucket by name.</summary>
    /// <param name="org">The org's name or id on 2.x; null for any that the token sees.</param>
    /// <param name="name">As <see cref="Bucket.Name"/>.</param>
    /// <param name="cancellationToken">Cancels.</param>
    /// <returns>Null when there is none or the token does not see it, which a server does not tell apart.</returns>
    Task<Bucket?> FindBucketAsync(string? org, string name, CancellationToken cancellationToken);

    /// <summary>Creates a bucket and reads it back.</summary>
    Task<Bucket> CreateBucketAsync(BucketPlan plan, CancellationToken cancellationToken);

    /// <summary>Sets how long a bucket keeps its points; zero for ever.</summary>
    Task SetRetentionAsync(Bucket bucket, TimeSpan retention, CancellationToken cancellationToken);

    /// <summary>The name of an org; null where the token may not read it or the family has none.</summary>
    Task<string?> OrgNameAsync(string orgId, CancellationToken cancellationToken);

    /// <summary>The time ranges of a bucket's shard groups; null where the server does not tell them to this token.</summary>
    Task<IReadOnlyList<TimeRange>?> ShardGroupsAsync(Bucket bucket, CancellationToken cancellationToken);

    /// <summary>Writes one batch of line protocol with ns timestamps; retries nothing.</summary>
    /// <param name="bucket">The destination.</param>
    /// <param name="gzip">One or more gzip members.</param>
    /// <param name="cancellationToken">Cancels.</param>
    Task<WriteAnswer> WriteAsync(Bucket bucket, ReadOnlyMemory<byte> gzip, CancellationToken cancellationToken);

    /// <summary>Sends one InfluxQL statement and reads the answer as a stream; retries nothing.</summary>
    /// <exception cref="QueryTooLargeException">A smaller time range may pass.</exception>
    Task QueryAsync(Bucket? bucket, string statement, IQuerySink sink, CancellationToken cancellationToken);

    /// <summary>Finds out, without a change at the server, whether the token can do what it is for and how much more.</summary>
    /// <exception cref="RejectedException">It can't do what it is for; the message says what is missing.</exception>
    Task<TokenScope> ScopeAsync(TokenNeed need, CancellationToken cancellationToken);

    /// <summary>Why the token shows no bucket at all, as a sentence; null when it would show one that is there.</summary>
    Task<string?> BlindReasonAsync(CancellationToken cancellationToken);

    /// <summary>What would grant a token what a migration needs, as a person types it.</summary>
    string GrantAdvice(string bucket, bool write);
}

/// <summary>What is asked of every family in the same words.</summary>
public static class InfluxClients
{
    /// <summary>Reads a small answer whole.</summary>
    public static async Task<IReadOnlyList<QueryRow>> ReadAsync(
        this IInfluxClient client, Bucket? bucket, string statement, CancellationToken cancellationToken) => await client.Retry.RunAsync(
        async token =>
        {
            var table = new QueryTable();
            await client.QueryAsync(bucket, statement, table, token);
            return table.Rows;
        },
        cancellationToken);

    /// <summary>The fields of every measurement of a bucket, or of one, with every type that they have in some shard.</summary>
    public static async Task<IReadOnlyDictionary<ByteKey, FieldSchema>> FieldKeysAsync(
        this IInfluxClient client, Bucket bucket, string? measurement, CancellationToken cancellationToken)
    {
        var statement = measurement is null ? "SHOW FIELD KEYS" : $"SHOW FIELD KEYS FROM {InfluxQl.Source(measurement)}";
        var schemas = new SortedDictionary<ByteKey, FieldSchema>();
        foreach (var row in await client.ReadAsync(bucket, statement, cancellationToken))
        {
            if (row.Find("fieldKey") is not ByteKey key || !FieldTypes.TryParse(row.Text("fieldType"), out var type))
                throw new RejectedException(RejectionKind.Unsupported, $"SHOW FIELD KEYS of '{row.Series}' has a type that is none of InfluxDB's: '{row.Text("fieldType")}'");
            if (!schemas.TryGetValue(row.Series, out var schema))
                schemas[row.Series] = schema = new FieldSchema();
            schema.Add(key, type);
        }
        return schemas;
    }

    /// <summary>
    /// The tag keys of a measurement in a window, on 1.x with those of the database's other retention policies. They are taken from a
    /// row of it: SHOW TAG KEYS of 2.x answers for the default mapping of the database, whichever bucket that leads to.
    /// </summary>
    public static async Task<IReadOnlyCollection<ByteKey>> TagKeysAsync(
        this IInfluxClient client, Bucket bucket, string measurement, string columns, TimeRange window, string? condition, CancellationToken cancellationToken)
    {
        var tags = new TagKeys();
        await AskAsync(InfluxQl.RowOfOneSeries(measurement, columns, window, condition));
        // The first series of the shard may have nothing in this window.
        if (!tags.Seen)
            await AskAsync(InfluxQl.RowOfEverySeries(measurement, columns, window, condition));
        return tags.Keys;

        // Keys that a cut answer has shown are keys all the same.
        Task AskAsync(string statement) => client.Retry.RunAsync(token => client.QueryAsync(bucket, statement, tags, token), cancellationToken);
    }

    /// <summary>The measurements that a server lists: of 1.x those of all retention policies of the bucket's database.</summary>
    public static async Task<IReadOnlyList<ByteKey>> MeasurementsAsync(this IInfluxClient client, Bucket bucket, CancellationToken cancellationToken)
    {
        // Without ON, 2.x lists those of the default mapping of the database, whichever bucket that leads to; 1.x knows no ON with a policy.
        var on = client.Version.Family == ServerFamily.V2 ? $" ON {InfluxQl.Identifier(bucket.Database)}.{InfluxQl.Identifier(bucket.RetentionPolicy)}" : "";
        return [.. (await client.ReadAsync(bucket, $"SHOW MEASUREMENTS{on}", cancellationToken)).Select(row => row.Find("name")).OfType<ByteKey>()];
    }
}
