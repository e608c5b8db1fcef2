using Influx;

namespace Migration;

/// <summary>
/// How many writes may be under way at once. It starts at two, grows while the server keeps its pace, and halves when the
/// server says 429 or 503 or takes several times as long as it did.
/// </summary>
/// <param name="maximum">The most that may be under way.</param>
/// <param name="time">The clock.</param>
internal sealed class AdaptiveLimit(int maximum, TimeProvider time)
{
    private const double SlowFactor = 6;

    // A small write takes as long as the way there and back; by its bytes it would look slow.
    private const int SmallestCompared = 64 * 1024;

    private readonly Lock gate = new();
    private readonly Queue<TaskCompletionSource> waiting = [];
    private int limit = Math.Min(2, maximum);
    private int running;
    private int steady;
    private double bestSecondsPerByte = double.MaxValue;

    /// <summary>How many may be under way now.</summary>
    public int Current
    {
        get
        {
            lock (gate)
                return limit;
        }
    }

    /// <summary>Runs a write when there is room for it.</summary>
    /// <param name="bytes">Its size, to compare the server's pace by.</param>
    /// <param name="write">The write.</param>
    /// <param name="cancellationToken">Cancels.</param>
    public async Task<T> RunAsync<T>(int bytes, Func<Task<T>> write, CancellationToken cancellationToken)
    {
        await EnterAsync(cancellationToken);
        var start = time.GetTimestamp();
        var throttled = false;
        try
        {
            return await write();
        }
        catch (TransientException)
        {
            throttled = true;
            throw;
        }
        finally
        {
            Leave(throttled, time.GetElapsedTime(start).TotalSeconds / Math.Max(bytes, SmallestCompared));
        }
    }

    private async Task EnterAsync(CancellationToken cancellationToken)
    {
        TaskCompletionSource turn;
        lock (gate)
        {
            if (running < limit)
            {
                running++;
                return;
            }
            turn = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            waiting.Enqueue(turn);
        }
        await using var registration = cancellationToken.Register(() => turn.TrySetCanceled(cancellationToken));
        await turn.Task;
    }

    private void Leave(bool throttled, double secondsPerByte)
    {
        lock (gate)
        {
            if (throttled || secondsPerByte > bestSecondsPerByte * limit * SlowFactor)
            {
                limit = Math.Max(1, limit / 2);
                steady = 0;
            }
            else if (++steady >= limit * 4 && limit < maximum)
            {
                limit++;
                steady = 0;
            }
            if (!throttled)
                bestSecondsPerByte = Math.Min(bestSecondsPerByte, secondsPerByte);
            running--;
            while (running < limit && waiting.TryDequeue(out var next))
            {
                // A turn whose waiter was cancelled is passed on.
                if (next.TrySetResult())
                    running++;
            }
        }
    }
}
