namespace Influx;

/// <summary>Gathers the tag keys that the series of an answer have, or lack where others have them.</summary>
internal sealed class TagKeys : IQuerySink
{
    private readonly SortedSet<ByteKey> keys = [];

    /// <summary>What was gathered.</summary>
    public IReadOnlyCollection<ByteKey> Keys => keys;

    /// <summary>Whether the answer had a series.</summary>
    public bool Seen { get; private set; }

    public void OnSeries(SeriesHeader series)
    {
        Seen = true;
        keys.UnionWith(series.Tags.Select(tag => tag.Key));
        keys.UnionWith(series.AbsentTags);
    }

    public bool OnRow(ReadOnlySpan<byte> row) => false;

    public ValueTask DrainAsync(CancellationToken cancellationToken) => ValueTask.CompletedTask;
}
