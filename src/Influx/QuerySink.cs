namespace Influx;

/// <summary>What takes the rows of a query's answer as they come in.</summary>
public interface IQuerySink
{
    /// <summary>A slice of a series begins; the same series may come again in the next slice.</summary>
    void OnSeries(SeriesHeader series);

    /// <summary>One row: a msgpack array with one value a column, whole, valid until the method returns.</summary>
    /// <returns>True to have <see cref="DrainAsync"/> called before the next row.</returns>
    bool OnRow(ReadOnlySpan<byte> row);

    /// <summary>Gives what was gathered away, so that memory stays bounded.</summary>
    ValueTask DrainAsync(CancellationToken cancellationToken);
}

/// <summary>The head of a slice of a series in a query's answer.</summary>
/// <param name="Name">The measurement.</param>
/// <param name="Tags">Its tags in the order of their keys, without the empty values that stand for absent tags.</param>
/// <param name="Columns">The columns' names in the rows' order.</param>
public sealed record SeriesHeader(ByteKey Name, IReadOnlyList<SeriesTag> Tags, IReadOnlyList<ByteKey> Columns)
{
    /// <summary>The tags that other series of the measurement have and this one has not.</summary>
    public IReadOnlyList<ByteKey> AbsentTags { get; init; } = [];
}
