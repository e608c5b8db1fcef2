namespace Cli.Tests;

/// <summary>A clock that every wait moves to its end at once.</summary>
internal sealed class SkippingTime(DateTimeOffset start) : TimeProvider
{
    private DateTimeOffset now = start;

    public override DateTimeOffset GetUtcNow() => now;

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        now += dueTime;
        callback(state);
        return new Ended();
    }

    private sealed class Ended : ITimer
    {
        public bool Change(TimeSpan dueTime, TimeSpan period) => false;

        public void Dispose()
        {
            // It has fired.
        }

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}
