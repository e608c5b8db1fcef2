namespace Influx;

/// <summary>
/// Tells whether the integers of a window are signed or unsigned where a field has both types in different shards. An answer shows 0
/// to 127 of either alike, but not what is left of them after 128 is taken away: a signed one is negative then, and an unsigned one
/// has passed zero to the other end of its range (seen of <c>SELECT v - 1</c>, whose 0 gives -1 and 18446744073709551615).
/// </summary>
public static class IntegerTypes
{
    /// <summary>The schema with the one integer type that each field has in a window, which must lie in one shard.</summary>
    /// <exception cref="QueryTooLargeException">A smaller window may pass.</exception>
    public static async Task<FieldSchema> InWindowAsync(
        IInfluxClient client, Bucket bucket, string measurement, FieldSchema schema, TimeRange window, string? condition, CancellationToken cancellationToken)
    {
        foreach (var (key, types) in schema.Fields.ToList())
        {
            if (!types.Contains(FieldType.Integer) || !types.Contains(FieldType.Unsigned))
                continue;
            var row = new ProbedRow();
            await client.QueryAsync(bucket, InfluxQl.IntegerProbe(measurement, key.ToString(), window, condition), row, cancellationToken);
            if (row.Type is { } type)
                schema = schema.With(key, types.Where(one => one == type || one is not (FieldType.Integer or FieldType.Unsigned)));
        }
        return schema;
    }

    /// <summary>A row of a value and of what is left of it.</summary>
    private sealed class ProbedRow : IQuerySink
    {
        /// <summary>Null where there is no integer.</summary>
        public FieldType? Type { get; private set; }

        public void OnSeries(SeriesHeader series)
        {
        }

        public bool OnRow(ReadOnlySpan<byte> row)
        {
            var position = 0;
            if (!Msgpack.TryReadArray(row, ref position, out var columns) || columns != 3)
                throw new InvalidDataException($"the answer to a query for two columns has {columns - 1}");
            Msgpack.ReadInteger(row, ref position, out _);
            while (Type is null && position < row.Length && row[position] is <= 0x7f or >= 0xe0 or (>= 0xcc and <= 0xd3))
            {
                var value = Msgpack.ReadInteger(row, ref position, out var marked);
                Type = marked ? FieldType.Unsigned : value is < 0 or > 127 ? FieldType.Integer : null;
            }
            return false;
        }

        public ValueTask DrainAsync(CancellationToken cancellationToken) => ValueTask.CompletedTask;
    }
}
