namespace Influx;

/// <summary>Counts the series of an answer, and notes the columns that have a value; keeps no rows.</summary>
public sealed class ShownSeries : IQuerySink
{
    private readonly HashSet<ByteKey> columns = [];
    private SeriesHeader? current;

    /// <summary>How many series have a value.</summary>
    public long Count { get; private set; }

    /// <summary>The columns that have one.</summary>
    public IReadOnlySet<ByteKey> Columns => columns;

    /// <inheritdoc/>
    public void OnSeries(SeriesHeader series)
    {
        // An answer in several documents names a series anew.
        if (current is null || current.Name != series.Name || !current.Tags.SequenceEqual(series.Tags))
            Count++;
        current = series;
    }

    /// <inheritdoc/>
    public bool OnRow(ReadOnlySpan<byte> row)
    {
        var position = 0;
        if (!Msgpack.TryReadArray(row, ref position, out var count) || count != current!.Columns.Count)
            throw new InvalidDataException("the answer has a row that does not fit its columns");
        for (var column = 0; column < count; column++)
        {
            var isNull = row[position] == Msgpack.Nil;
            Msgpack.TrySkip(row, ref position);
            if (column > 0 && !isNull)
                columns.Add(current.Columns[column]);
        }
        return false;
    }

    /// <inheritdoc/>
    public ValueTask DrainAsync(CancellationToken cancellationToken) => ValueTask.CompletedTask;
}
