namespace Migration.Tests.Faults;

/// <summary>The real clock, put forward by whoever lets the other side wait in vain: minutes pass without taking any.</summary>
internal sealed class JumpingTime : TimeProvider
{
    private readonly Lock sync = new();
    private readonly HashSet<Waiting> waiting = [];
    private TimeSpan ahead;

    public override DateTimeOffset GetUtcNow() => base.GetUtcNow() + Ahead;

    public override long GetTimestamp() => base.GetTimestamp() + (long)(Ahead.TotalSeconds * TimestampFrequency);

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = new Waiting(this, callback, state);
        timer.Change(dueTime, period);
        return timer;
    }

    /// <summary>Lets time pass: whatever waits for it is woken.</summary>
    public void Pass(TimeSpan span)
    {
        List<Waiting> due;
        lock (sync)
        {
            ahead += span;
            due = [.. waiting.Where(timer => timer.Due <= GetUtcNow())];
            waiting.ExceptWith(due);
        }
        foreach (var timer in due)
            timer.Fire();
    }

    private TimeSpan Ahead
    {
        get
        {
            lock (sync)
                return ahead;
        }
    }

    private sealed class Waiting : ITimer
    {
        private readonly JumpingTime time;
        private readonly TimerCallback callback;
        private readonly object? state;
        private readonly ITimer real;

        public Waiting(JumpingTime time, TimerCallback callback, object? state)
        {
            (this.time, this.callback, this.state) = (time, callback, state);
            real = System.CreateTimer(_ => Fire(), state: null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        }

        public DateTimeOffset Due { get; private set; }

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            Assert.True(period == Timeout.InfiniteTimeSpan || period == TimeSpan.Zero, "a timer that repeats is not made here");
            lock (time.sync)
            {
                time.waiting.Remove(this);
                if (dueTime != Timeout.InfiniteTimeSpan)
                {
                    Due = time.GetUtcNow() + dueTime;
                    time.waiting.Add(this);
                }
            }
            return real.Change(dueTime, Timeout.InfiniteTimeSpan);
        }

        public void Fire()
        {
            lock (time.sync)
                time.waiting.Remove(this);
            callback(state);
        }

        public void Dispose()
        {
            lock (time.sync)
                time.waiting.Remove(this);
            real.Dispose();
        }

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
