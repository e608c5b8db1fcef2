using Influx;

namespace Migration;

/// <summary>How many windows of a measurement one query counts where a deadline must be met, by the time that the queries before took.</summary>
internal sealed class WindowPace(DateTimeOffset? stopBy, TimeProvider time)
{
    private const long MostWindows = 1L << 40;

    // Of two queries: a slice is counted as a whole and window by window.
    private static readonly TimeSpan Short = TimeSpan.FromSeconds(20);
    private static readonly TimeSpan Long = TimeSpan.FromSeconds(60);

    private readonly Deadline deadline = new(stopBy, time);
    private long begun;

    /// <summary>That of a caller who has all the time in the world.</summary>
    public static WindowPace None => new(stopBy: null, TimeProvider.System);

    /// <summary>Whether a query may begin.</summary>
    public bool Allows => deadline.Allows(1);

    /// <summary>What one query counts of a range, from its start on: whole windows, or all that is left.</summary>
    public TimeRange Slice(TimeRange left, ShardGrid grid, WindowScan scan)
    {
        if (stopBy is null)
            return left;
        var stop = grid.WindowOf(left.Start).Start + ((Int128)scan.WindowsAtOnce * grid.Duration);
        return stop < left.Stop ? left with { Stop = (long)stop } : left;
    }

    /// <summary>A query begins.</summary>
    public void Begin()
    {
        deadline.Begin(1);
        begun = time.GetTimestamp();
    }

    /// <summary>It ended.</summary>
    public void End() => deadline.End(1);

    /// <summary>It ended, and counted a slice: the next has more windows when it was quick, and fewer when it was slow.</summary>
    public void End(WindowScan scan)
    {
        End();
        var took = time.GetElapsedTime(begun);
        if (took < Short)
            scan.WindowsAtOnce = Math.Min(scan.WindowsAtOnce * 4, MostWindows);
        else if (took > Long)
            scan.WindowsAtOnce = Math.Max(1, scan.WindowsAtOnce / 2);
    }
}
