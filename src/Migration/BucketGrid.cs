using Influx;

namespace Migration;

/// <summary>The windows of a bucket: inside one of them a field has one type.</summary>
/// <param name="Grid">The grid by the bucket's shard groups, or by its shard group duration where they are not told.</param>
/// <param name="Known">Whether the server tells the shard groups.</param>
/// <param name="Stop">That of the last group, past which no point lies; null where the groups don't tell.</param>
internal readonly record struct BucketGrid(ShardGrid Grid, bool Known, long? Stop)
{
    /// <summary>Asks a server for it.</summary>
    public static async Task<BucketGrid> FindAsync(IInfluxClient client, Bucket bucket, CancellationToken cancellationToken)
    {
        var grid = new ShardGrid((long)bucket.ShardGroupDuration.TotalMicroseconds * 1000);
        var groups = await client.ShardGroupsAsync(bucket, cancellationToken);
        // The groups at the ends of time are cut, and neither their length nor their stop says anything.
        var whole = groups?.Where(group => group.Start > Timestamp.Min && group.Stop < Timestamp.Max - 1_000_000_000 && group.Length > 0 && group.Length < long.MaxValue).ToList() ?? [];
        foreach (var group in whole)
            grid = grid.CommonWith((long)group.Length);
        return new BucketGrid(grid, groups is not null, whole.Count > 0 && whole.Count == groups!.Count ? whole.Max(group => group.Stop) : null);
    }

    /// <summary>Its own, cut into windows that lie inside those of another too.</summary>
    public BucketGrid CutBy(BucketGrid other) => this with { Grid = Grid.CommonWith(other.Grid.Duration), Known = Known && other.Known };

    /// <summary>The grid for a measurement; where the groups are not told and types conflict, no group is shorter than an hour.</summary>
    public ShardGrid For(FieldSchema schema) => !schema.HasConflict || Known ? Grid : new ShardGrid(3_600_000_000_000);
}
