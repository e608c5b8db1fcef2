using Influx;

namespace Migration;

/// <summary>
/// Holds what the source's answers bring against what the source counts. An answer can be well formed and lack a document in its
/// middle, so the number of values of every field has to come from a second question: from the plan where that counted the whole
/// window, else from a count. Lives as long as a segment is tried.
/// </summary>
/// <param name="reader">Asks the source.</param>
/// <param name="bucket">The source bucket.</param>
/// <param name="measurement">The measurement.</param>
/// <param name="together">Whether neighbours are counted in one query after the last of them; else each right after it was read.</param>
/// <param name="time">The clock.</param>
internal sealed class CountWitness(WindowReader reader, Bucket bucket, string measurement, bool together, TimeProvider time)
{
    // Few enough that little is read in vain when one of them lacks something.
    private const long MostValuesTogether = 100_000;

    private readonly List<(PlannedWindow Window, IReadOnlyList<TimeRange> Parts, FieldCounts Read)> uncounted = [];
    private readonly List<PlanDifference> differences = [];
    private FieldSchema schema = new();
    private bool careful;

    /// <summary>The windows that hold another number of values than planned, by an answer that the source's count agrees with.</summary>
    public IReadOnlyList<PlanDifference> Differences => differences;

    /// <summary>A try begins.</summary>
    public void Begin(FieldSchema fields)
    {
        schema = fields;
        uncounted.Clear();
        differences.Clear();
    }

    /// <summary>
    /// Counts a window before it is read, where it may be written to meanwhile, or where an answer was not believed before:
    /// whatever was there then, the answer must have. Null where no count is needed yet.
    /// </summary>
    public async Task<FieldCounts?> BeforeAsync(PlannedWindow window, IReadOnlyList<TimeRange> parts, CancellationToken cancellationToken) =>
        careful || window.Stop / 1_000_000_000 >= time.GetUtcNow().ToUnixTimeSeconds() ? await CountAsync(parts, cancellationToken) : null;

    /// <summary>Takes what the read of a window brought.</summary>
    /// <exception cref="TransientException">It is not what the source counts, or less than planned: the segment must be read again.</exception>
    public async Task AfterAsync(
        PlannedWindow window, IReadOnlyList<TimeRange> parts, FieldCounts? before, FieldCounts read, CancellationToken cancellationToken)
    {
        if (before is not null)
        {
            if (!before.IsSame(read))
                Believe(window, before, read, await CountAsync(parts, cancellationToken));
            Note(window, read);
            return;
        }
        if (Lacks(window, read))
        {
            careful = true;
            throw new TransientException(
                $"{Place(window)}: the plan counted {(window.Count == PlannedCount.Counted ? "" : "about ")}{window.FieldValues} field values, the source's answer has {read.FieldValues}");
        }
        if (window.Count == PlannedCount.Counted && read.FieldValues == window.FieldValues)
        {
            // What waits to be counted together must be neighbours.
            await CompleteAsync(cancellationToken);
            return;
        }
        uncounted.Add((window, parts, read));
        if (!together || uncounted.Sum(one => one.Read.FieldValues) >= MostValuesTogether)
            await CompleteAsync(cancellationToken);
    }

    /// <summary>Counts what is not counted yet; only then the segment may end.</summary>
    /// <exception cref="TransientException">Some window is not what the source counts: the segment must be read again.</exception>
    public async Task CompleteAsync(CancellationToken cancellationToken)
    {
        var counted = uncounted.Count > 1 && await AreSameTogetherAsync(cancellationToken);
        foreach (var (window, parts, read) in uncounted)
        {
            if (!counted)
                Believe(window, before: null, read, await CountAsync(parts, cancellationToken));
            Note(window, read);
        }
        uncounted.Clear();
    }

    private async Task<bool> AreSameTogetherAsync(CancellationToken cancellationToken)
    {
        var all = new FieldCounts();
        foreach (var (_, _, read) in uncounted)
            all.Add(read);
        try
        {
            var whole = new TimeRange(uncounted[0].Window.Start, uncounted[^1].Window.Stop);
            return all.IsSame(await CountAsync([whole], cancellationToken));
        }
        catch (WindowTooLargeException)
        {
            return false;
        }
    }

    // What came while a window was read is in the count after it, and may be in the answer or not.
    private void Believe(PlannedWindow window, FieldCounts? before, FieldCounts read, FieldCounts after)
    {
        if (read.IsSame(after) || (before is not null && read.HasAllOf(before) && after.HasAllOf(read)))
            return;
        careful = true;
        throw new TransientException(
            $"{Place(window)}: the source's answer has {read.FieldValues} field values, but the source counts {after.FieldValues}. Either part of an "
            + "answer is lost on its way, or values are written and deleted there all the time: look for a proxy before the source");
    }

    // An estimate is of a sample, and a part of a divided window may rightly be empty.
    private static bool Lacks(PlannedWindow window, FieldCounts read) => window.Count switch
    {
        PlannedCount.Counted => read.FieldValues < window.FieldValues,
        PlannedCount.Estimated => read.FieldValues < window.FieldValues / 2,
        _ => false,
    };

    private void Note(PlannedWindow window, FieldCounts read)
    {
        if (Lacks(window, read) || (window.Count == PlannedCount.Counted && read.FieldValues != window.FieldValues))
            differences.Add(new PlanDifference(window.Start, window.Stop, window.FieldValues, read.FieldValues));
    }

    private Task<FieldCounts> CountAsync(IReadOnlyList<TimeRange> parts, CancellationToken cancellationToken) =>
        reader.CountAsync(bucket, measurement, schema, parts, cancellationToken);

    private string Place(PlannedWindow window) => $"'{measurement}' of '{bucket.Name}' {window.Range}";
}
