namespace Influx;

/// <summary>
/// The time windows of a bucket's shard groups. InfluxDB truncates a point's time to the shard group duration, counted
/// from Go's zero time 0001-01-01 (models of 1.x to 2.9: <c>timestamp.Truncate(rp.ShardGroupDuration)</c>), so weeks
/// start on Mondays. Inside one window a field has one type.
/// </summary>
/// <param name="Duration">The length of a window in nanoseconds; positive.</param>
public readonly record struct ShardGrid(long Duration)
{
    private const long ZeroTimeSeconds = -62_135_596_800;

    /// <summary>The window lengths' start relative to 1970, in nanoseconds, 0 to Duration - 1: InfluxQL's GROUP BY time offset.</summary>
    public long Offset
    {
        get
        {
            var rest = (long)((Int128)ZeroTimeSeconds * 1_000_000_000 % Duration);
            return rest < 0 ? rest + Duration : rest;
        }
    }

    /// <summary>The window that holds a time, cut to the times that a point can have.</summary>
    public TimeRange WindowOf(long time)
    {
        var rest = ((Int128)time - Offset) % Duration;
        if (rest < 0)
            rest += Duration;
        var start = (Int128)time - rest;
        var stop = start + Duration;
        return new TimeRange(
            start < Timestamp.Min ? Timestamp.Min : (long)start,
            stop > long.MaxValue ? long.MaxValue : (long)stop);
    }

    /// <summary>The grid whose windows lie inside those of both, for buckets whose shard group duration was changed.</summary>
    public ShardGrid CommonWith(long otherDuration)
    {
        var (a, b) = (Duration, otherDuration);
        while (b != 0)
            (a, b) = (b, a % b);
        return new ShardGrid(a);
    }
}
