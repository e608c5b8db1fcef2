namespace Migration;

/// <summary>
/// Tells whether a piece of work would probably end before a deadline, by the pace so far. The first is always let begin, so that
/// every call gets on.
/// </summary>
/// <param name="stopBy">The deadline; null for none.</param>
/// <param name="time">The clock.</param>
internal sealed class Deadline(DateTimeOffset? stopBy, TimeProvider time)
{
    private readonly long clock = time.GetTimestamp();
    private long begun;
    private long ended;

    /// <summary>Whether a piece may begin.</summary>
    /// <param name="cost">What it costs, in the unit of all pieces of this deadline; more than 0.</param>
    public bool Allows(long cost)
    {
        if (stopBy is not { } end || begun == 0)
            return true;
        var left = end - time.GetUtcNow();
        var done = Interlocked.Read(ref ended);
        if (done == 0)
            return left > TimeSpan.Zero;
        return time.GetElapsedTime(clock) * ((double)(begun - done + cost) / done) <= left;
    }

    /// <summary>Counts a piece that begins.</summary>
    public void Begin(long cost) => begun += cost;

    /// <summary>Counts a piece that ended; several may at a time.</summary>
    public void End(long cost) => Interlocked.Add(ref ended, cost);
}
