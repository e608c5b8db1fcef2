using Influx;
using Migration;

namespace Functions.Incremental;

/// <summary>
/// What one run of an incremental migration moves: <c>incremental.json</c> of the migration. Made once, so that every later try and
/// every execution that resumes it moves the same.
/// </summary>
public sealed record IncrementalRun
{
    private const long NanosecondsPerSecond = 1_000_000_000;

    /// <summary>The mark's name.</summary>
    public required string MarkName { get; init; }

    /// <summary>The mark's identity.</summary>
    public required string Identity { get; init; }

    /// <summary>The mark that it begins from; null for the first run. Only from there it may move the mark.</summary>
    public string? From { get; init; }

    /// <summary>The first time, RFC 3339; null for all.</summary>
    public string? Start { get; init; }

    /// <summary>The time after the last, which becomes the mark; RFC 3339.</summary>
    public required string Stop { get; init; }

    /// <summary>The mark's name and identity that an input asks for.</summary>
    public static (string Name, string Identity) MarkOf(MigrationInput input, MigrationRequest request)
    {
        var identity = (request with { Start = null, Stop = null }).Identity();
        return (input.Mark ?? identity, identity);
    }

    /// <summary>Decides what a run moves; null when nothing lies between the mark and its stop.</summary>
    /// <param name="input">What is asked for.</param>
    /// <param name="request">The request of the input.</param>
    /// <param name="mark">How far earlier runs came; null for the first run.</param>
    /// <param name="now">Now.</param>
    public static IncrementalRun? Begin(MigrationInput input, MigrationRequest request, string? mark, DateTimeOffset now)
    {
        var stop = Timestamp.From(now.AddSeconds(-input.LagSeconds));
        var range = request.Range;
        if (mark is not null)
        {
            if (!Timestamp.TryParse(mark, out var before))
                throw new StagingException($"the mark '{mark}' is no time: remove its object in {DeployedLayout.Marks}/ to move everything again");
            // A mark is a time of a clock, centuries away from where this could overflow. What the input leaves out stays out.
            range = new TimeRange(Math.Max(range.Start, before - (input.OverlapSeconds * NanosecondsPerSecond)), stop);
            if (stop <= before)
                return null;
        }
        if (stop <= range.Start)
            return null;
        var (name, identity) = MarkOf(input, request);
        return new IncrementalRun
        {
            MarkName = name,
            Identity = identity,
            From = mark,
            Start = range.Start == Timestamp.Min ? null : Timestamp.Format(range.Start),
            Stop = Timestamp.Format(stop),
        };
    }

    /// <summary>The request with the range of this run; after the first run the destination's buckets are there.</summary>
    public MigrationRequest Of(MigrationRequest asked) =>
        asked with { Start = Start, Stop = Stop, Existing = From is null ? asked.Existing : ExistingBucket.Reuse };
}
