namespace Influx;

/// <summary>How often and how long a transient failure is tried again.</summary>
public sealed record RetrySettings
{
    /// <summary>Tries after the first; 0 to 100.</summary>
    public int MaxRetries { get; init; } = 10;

    /// <summary>The longest wait before the first retry; doubled each time, and drawn anew between 0 and it (full jitter).</summary>
    public TimeSpan BaseDelay { get; init; } = TimeSpan.FromMilliseconds(500);

    /// <summary>The longest wait of all, but for what a server asks for.</summary>
    public TimeSpan MaxDelay { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>The longest wait that a server's Retry-After is followed for.</summary>
    public TimeSpan MaxRetryAfter { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>How long a server may be waited for in vain in all tries together; there is one retry in any case.</summary>
    public TimeSpan Patience { get; init; } = TimeSpan.FromSeconds(80);
}

/// <summary>A retry as it happens, for the log and the counters.</summary>
/// <param name="Attempt">1 for the first retry.</param>
/// <param name="Delay">How long it waits.</param>
/// <param name="Cause">What failed.</param>
public sealed record Retry(int Attempt, TimeSpan Delay, TransientException Cause);

/// <summary>
/// Tries again what failed with a <see cref="TransientException"/>, and nothing else. Of policies around one another the innermost
/// decides: what it gave up is not begun anew.
/// </summary>
/// <param name="settings">How often and how long.</param>
/// <param name="time">The clock to wait on.</param>
/// <param name="random">Draws the jitter.</param>
/// <param name="onRetry">Told of every retry before it waits.</param>
/// <param name="onEnd">Told when an operation that was tried again is over, whichever way.</param>
public sealed class RetryPolicy(RetrySettings settings, TimeProvider time, Random random, Action<Retry>? onRetry = null, Action? onEnd = null)
{
    /// <summary>Tries nothing again.</summary>
    public static readonly RetryPolicy None = new(new RetrySettings { MaxRetries = 0 }, TimeProvider.System, new Random(0));

    /// <summary>Runs an operation until it succeeds, fails for good, or the retries are used up.</summary>
    /// <exception cref="TransientException">The last failure, when the retries are used up.</exception>
    public async Task<T> RunAsync<T>(Func<CancellationToken, Task<T>> operation, CancellationToken cancellationToken)
    {
        var attempt = 0;
        var waited = TimeSpan.Zero;
        try
        {
            while (true)
            {
                cancellationToken.ThrowIfCancellationRequested();
                Retry retry;
                try
                {
                    return await operation(cancellationToken);
                }
                catch (TransientException failed) when (!failed.GivenUp && settings.MaxRetries > 0)
                {
                    waited += failed.Waited;
                    if (attempt == settings.MaxRetries || (attempt > 0 && waited >= settings.Patience))
                    {
                        failed.GivenUp = true;
                        throw;
                    }
                    retry = new Retry(attempt + 1, Delay(settings, random, attempt, failed.RetryAfter), failed);
                }
                attempt++;
                onRetry?.Invoke(retry);
                await Task.Delay(retry.Delay, time, cancellationToken);
            }
        }
        finally
        {
            if (attempt > 0)
                onEnd?.Invoke();
        }
    }

    /// <summary>Runs an operation until it succeeds, fails for good, or the retries are used up.</summary>
    /// <exception cref="TransientException">The last failure, when the retries are used up.</exception>
    public async Task RunAsync(Func<CancellationToken, Task> operation, CancellationToken cancellationToken) => await RunAsync(
        async token =>
        {
            await operation(token);
            return true;
        },
        cancellationToken);

    private static TimeSpan Delay(RetrySettings settings, Random random, int attempt, TimeSpan? retryAfter)
    {
        if (retryAfter is { } asked)
            return asked < settings.MaxRetryAfter ? asked : settings.MaxRetryAfter;
        var ceiling = Math.Min(settings.MaxDelay.TotalSeconds, settings.BaseDelay.TotalSeconds * Math.Pow(2, Math.Min(attempt, 30)));
        double drawn;
        lock (random)
            drawn = random.NextDouble();
        return TimeSpan.FromSeconds(drawn * ceiling);
    }
}
