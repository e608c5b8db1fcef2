using Influx;

namespace Migration;

/// <summary>How many windows of a measurement one query counts where a deadline must be met, by the time that the queries before took.</summary>
internal sealed class WindowPace(DateTimeOffset? stopBy, TimeProvider time)
{
    private const long FirstWindows = 64;
    private const long MostWindows = 1L << 40;

    private static readonly TimeSpan Short = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan Long = TimeSpan.FromSeconds(30);

    private readonly Deadline deadline = new(stopBy, time);
    private long windows = FirstWindows;
    private long begun;

    /// <summary>That of a caller who has all the time in the world.</summary>
    public static WindowPace None => new(stopBy: null, TimeProvider.System);

    /// <summary>Whether a query may begin.</summary>
    public bool Allows => deadline.Allows(1);

    /// <summary>What one query counts of a range, from its start on: whole windows, or all that is left.</summary>
    public TimeRange Slice(TimeRange left, ShardGrid grid)
    {
        if (stopBy is null)
            return left;
        var stop = grid.WindowOf(left.Start).Start + ((Int128)windows * grid.Duration);
        return stop < left.Stop ? left with { Stop = (long)stop } : left;
    }

    /// <summary>A measurement begins, of whose density nothing is known.</summary>
    public void Restart() => windows = FirstWindows;

    /// <summary>A query begins.</summary>
    public void Begin()
    {
        deadline.Begin(1);
        begun = time.GetTimestamp();
    }

    /// <summary>It ended.</summary>
    public void End()
    {
        deadline.End(1);
        var took = time.GetElapsedTime(begun);
        if (took < Short)
            windows = Math.Min(windows * 4, MostWindows);
        else if (took > Long)
            windows = Math.Max(1, windows / 2);
    }
}
