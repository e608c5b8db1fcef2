using Influx;

namespace Migration;

/// <summary>Reads or counts what a server holds in a window of a measurement: the one way in which export and verification ask.</summary>
/// <param name="client">The server.</param>
/// <param name="condition">The tags that points must have; null for all.</param>
internal sealed class WindowReader(IInfluxClient client, string? condition)
{
    /// <summary>Hands the points of a window's parts to a sink; none where the measurement is not there.</summary>
    /// <exception cref="WindowTooLargeException">The server gives a part up.</exception>
    public async Task ReadAsync(Bucket bucket, string measurement, IReadOnlyList<TimeRange> parts, IPointSink sink, CancellationToken cancellationToken)
    {
        if (await SchemaAsync(bucket, measurement, cancellationToken) is not { } schema)
            return;
        foreach (var part in parts)
            await ReadAsync(bucket, measurement, schema, part, sink, cancellationToken);
    }

    /// <summary>The same for one part where the measurement's fields are known.</summary>
    /// <exception cref="WindowTooLargeException">The server gives the part up.</exception>
    public Task ReadAsync(Bucket bucket, string measurement, FieldSchema schema, TimeRange part, IPointSink sink, CancellationToken cancellationToken) =>
        AskAsync(part, async () =>
        {
            var inPart = await IntegerTypes.InWindowAsync(client, bucket, measurement, schema, part, condition, cancellationToken);
            await client.QueryAsync(
                bucket,
                InfluxQl.SelectAll(measurement, InfluxQl.FieldColumns(schema), part, condition),
                new QueryPoints(inPart, client.Version.Family != ServerFamily.V1, sink),
                cancellationToken);
        });

    /// <summary>Has the server count the values of each field in a window's parts; no point leaves it.</summary>
    /// <exception cref="WindowTooLargeException">The server gives a part up.</exception>
    public async Task<FieldCounts> CountAsync(Bucket bucket, string measurement, IReadOnlyList<TimeRange> parts, CancellationToken cancellationToken)
    {
        var schema = await SchemaAsync(bucket, measurement, cancellationToken) ?? new FieldSchema();
        return await CountAsync(bucket, measurement, schema, parts, cancellationToken);
    }

    /// <summary>The same where the measurement's fields are known.</summary>
    /// <exception cref="WindowTooLargeException">The server gives a part up.</exception>
    public async Task<FieldCounts> CountAsync(
        Bucket bucket, string measurement, FieldSchema schema, IReadOnlyList<TimeRange> parts, CancellationToken cancellationToken)
    {
        var rows = new List<QueryRow>();
        if (schema.Count > 0)
        {
            foreach (var part in parts)
            {
                await AskAsync(part, async () => rows.AddRange(await client.ReadAsync(
                    bucket, InfluxQl.CountAll(measurement, InfluxQl.CountColumns(schema), part, condition), cancellationToken)));
            }
        }
        return FieldCounts.Of(schema, rows);
    }

    private static async Task AskAsync(TimeRange part, Func<Task> ask)
    {
        try
        {
            await ask();
        }
        catch (QueryTooLargeException large)
        {
            throw new WindowTooLargeException(part, large);
        }
    }

    private async Task<FieldSchema?> SchemaAsync(Bucket bucket, string measurement, CancellationToken cancellationToken) =>
        (await client.FieldKeysAsync(bucket, measurement, cancellationToken)).GetValueOrDefault(ByteKey.From(measurement));
}
