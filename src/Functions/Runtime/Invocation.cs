namespace Functions.Runtime;

/// <summary>What one invocation carries besides its payload.</summary>
/// <param name="RequestId">Its id; a retry by Lambda has the same.</param>
/// <param name="Deadline">When Lambda kills the function.</param>
/// <param name="TraceId">The X-Ray trace; null without tracing.</param>
internal sealed record Invocation(string RequestId, DateTimeOffset Deadline, string? TraceId)
{
    // After its last piece of work a stage still sends what it holds (at most one part of 8 MiB), completes the object, writes a
    // receipt and its metrics, and answers: seconds, on a bad day with some of the SDK's retries. Half a minute is plenty.
    private static readonly TimeSpan Margin = TimeSpan.FromSeconds(30);

    // Time enough to tell Lambda what happened before it kills the function, which would only tell that time was over.
    private static readonly TimeSpan LastWords = TimeSpan.FromSeconds(2);

    /// <summary>When a stage must have ended its last piece of work; short time limits keep three quarters for the work.</summary>
    public DateTimeOffset StopBy(DateTimeOffset now) => Deadline - Shorter(Margin, (Deadline - now) / 4);

    /// <summary>
    /// When a stage that works on the whole migration must have ended its last piece of work: the lists and parts that follow take
    /// the longer the plan is.
    /// </summary>
    public DateTimeOffset PauseBy(DateTimeOffset now) => now + ((StopBy(now) - now) / 2);

    /// <summary>When work that went on too long is cancelled.</summary>
    public DateTimeOffset CancelAt(DateTimeOffset now) => Deadline - Shorter(LastWords, (Deadline - now) / 8);

    private static TimeSpan Shorter(TimeSpan one, TimeSpan other) => one < other ? one : other;
}

/// <summary>Handles one invocation.</summary>
/// <param name="payload">Its payload as JSON.</param>
/// <param name="invocation">What it carries besides.</param>
/// <param name="cancellationToken">Cancelled when Lambda shuts the process down.</param>
/// <returns>The answer as JSON.</returns>
internal delegate Task<byte[]> InvocationHandler(ReadOnlyMemory<byte> payload, Invocation invocation, CancellationToken cancellationToken);
