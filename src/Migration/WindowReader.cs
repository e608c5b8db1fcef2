using Influx;

namespace Migration;

/// <summary>Reads or counts what a server holds in a window of a measurement: the one way in which verification asks.</summary>
/// <param name="client">The server.</param>
/// <param name="condition">The tags that points must have; null for all.</param>
internal sealed class WindowReader(IInfluxClient client, string? condition)
{
    /// <summary>Hands the points to a sink; none where the measurement is not there.</summary>
    public async Task ReadAsync(Bucket bucket, string measurement, TimeRange window, IPointSink sink, CancellationToken cancellationToken)
    {
        if (await SchemaAsync(bucket, measurement, cancellationToken) is not { } schema)
            return;
        await client.QueryAsync(
            bucket,
            InfluxQl.SelectAll(measurement, window, condition),
            new QueryPoints(schema, client.Version.Family != ServerFamily.V1, sink),
            cancellationToken);
    }

    /// <summary>Has the server count the values of each field; no point leaves it.</summary>
    public async Task<FieldCounts> CountAsync(Bucket bucket, string measurement, TimeRange window, CancellationToken cancellationToken)
    {
        var schema = await SchemaAsync(bucket, measurement, cancellationToken) ?? new FieldSchema();
        return FieldCounts.Of(schema, schema.Count == 0
            ? []
            : await client.ReadAsync(bucket, InfluxQl.CountAll(measurement, InfluxQl.CountColumns(schema), window, condition), cancellationToken));
    }

    private async Task<FieldSchema?> SchemaAsync(Bucket bucket, string measurement, CancellationToken cancellationToken) =>
        (await client.FieldKeysAsync(bucket, measurement, cancellationToken)).GetValueOrDefault(ByteKey.From(measurement));
}
