namespace Infra.Tests;

/// <summary>A Retry's numbers, as Step Functions takes them.</summary>
internal sealed record RetryNumbers(int IntervalSeconds, double BackoffRate, int MaxAttempts, int MaxDelaySeconds)
{
    /// <summary>The wait before a try, with the jitter FULL: anything from nothing to the back-off of that try, which has a cap.</summary>
    public double Wait(int attempt, Random random) => random.NextDouble() * Math.Min(MaxDelaySeconds, IntervalSeconds * Math.Pow(BackoffRate, attempt - 1));
}

/// <summary>
/// A Map over chunks that need a function with reserved invocations, simulated event by event: a chunk that finds none free is
/// throttled and waits for its next try, and a chunk that is done makes place for a new one, which often is first at the free invocation.
/// </summary>
/// <param name="retry">The Retry of throttles.</param>
/// <param name="wanted">Chunks at a time, of each Map.</param>
/// <param name="reserved">Invocations of the function at a time.</param>
/// <param name="chunk">How long a chunk takes, more or less a fifth.</param>
internal sealed class ThrottledMap(RetryNumbers retry, int wanted, int reserved, TimeSpan chunk)
{
    // Step Functions starts an item within about this time.
    private const double MostStartSeconds = 0.5;

    /// <summary>Runs as many Maps at the same time, each over its own chunks.</summary>
    /// <param name="maps">The Maps.</param>
    /// <param name="chunks">The chunks of each.</param>
    /// <param name="seed">Makes the chance the same in every run.</param>
    public Outcome Run(int maps, int chunks, int seed)
    {
        var random = new Random(seed);
        var events = new PriorityQueue<(int Map, int Attempt, bool Ends), double>();
        var left = Enumerable.Repeat(chunks, maps).ToArray();
        var (running, throttles, done, now) = (0, 0L, 0, 0.0);
        for (var map = 0; map < maps; map++)
        {
            for (var i = 0; i < wanted; i++)
                Begin(map);
        }
        while (events.TryDequeue(out var next, out var at))
        {
            now = at;
            if (next.Ends)
            {
                running--;
                done++;
                Begin(next.Map);
            }
            else if (running < reserved)
            {
                running++;
                events.Enqueue((next.Map, 0, true), now + (chunk.TotalSeconds * (0.8 + (0.4 * random.NextDouble()))));
            }
            else if (next.Attempt == retry.MaxAttempts)
            {
                // One failed chunk fails its Map.
                return new Outcome(Succeeded: false, TimeSpan.FromSeconds(now), throttles + 1);
            }
            else
            {
                throttles++;
                events.Enqueue((next.Map, next.Attempt + 1, false), now + retry.Wait(next.Attempt + 1, random));
            }
        }
        Assert.Equal(maps * chunks, done);
        return new Outcome(Succeeded: true, TimeSpan.FromSeconds(now), throttles);

        void Begin(int map)
        {
            if (left[map]-- > 0)
                events.Enqueue((map, 0, false), now + (MostStartSeconds * random.NextDouble()));
        }
    }

    /// <summary>How it ended, and after how long.</summary>
    internal sealed record Outcome(bool Succeeded, TimeSpan Took, long Throttles);
}
