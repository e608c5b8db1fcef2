using Influx;

namespace Migration;

/// <summary>
/// The field values of one window at both ends, told apart as missing, extra and changed. Expected ones are read first, and
/// where some are missing once more at the end, so that they can be named.
/// </summary>
internal sealed class WindowDiff
{
    private const int MaxExamples = 5;

    private readonly Dictionary<(UInt128 Field, long Time), UInt128> expected = [];
    private readonly ContentTally staged = new();
    private readonly ContentTally all = new();
    private readonly List<string> examples = [];
    private int named;

    public WindowDiff()
    {
        Expected = new Sink(staged, Expect);
        Found = new Sink(all, Find);
        Missing = new Sink(new ContentTally(), Name);
    }

    private delegate void OnValue(in PointView point, in FieldValue value);

    public IPointSink Expected { get; }

    public IPointSink Found { get; }

    /// <summary>How many values of each field were expected.</summary>
    public FieldCounts ExpectedCounts => Counts(staged);

    /// <summary>How many values of each field were found.</summary>
    public FieldCounts FoundCounts => Counts(all);

    /// <summary>Digest and number of the values that were found.</summary>
    public (ContentDigest Digest, long FieldValues) FoundSum => (all.Digest, all.FieldValues);

    /// <summary>Digest and number of those found values that were expected, with the same or another value.</summary>
    public (ContentDigest Digest, long FieldValues) MatchedSum { get; private set; }

    /// <summary>Whether both ends have the same digest and as many values: the same key twice is no missing, extra or changed one.</summary>
    public bool SameSums => (staged.Digest, staged.FieldValues) == FoundSum;

    /// <summary>
    /// Whether a receipt's window is what was staged, and what was expected of it was found: a receipt that says something else than its object
    /// holds is wrong, however well object and destination agree.
    /// </summary>
    public bool Proves(WindowContent window, WindowContent removed)
    {
        var content = WindowContent.From(window.Range, staged);
        return (content.Points, content.FieldValues, content.Digest) == (window.Points, window.FieldValues, window.Digest)
            && content.Fields.SequenceEqual(window.Fields)
            && MatchedSum == window.Without(removed);
    }

    /// <summary>Names the missing ones out of the expected.</summary>
    public IPointSink Missing { get; }

    /// <summary>Whether there is something to name.</summary>
    public bool HasMissing => expected.Count > 0;

    /// <summary>
    /// Expected values that were not found, without those that the import took out. When the missing ones are exactly the ones
    /// taken out, their digests say so; a mere count would let as many others vanish unseen.
    /// </summary>
    public long MissingBesides(WindowContent removed)
    {
        var sum = default(ContentDigest);
        foreach (var hash in expected.Values)
            sum += new ContentDigest(hash);
        return sum == ContentDigest.Parse(removed.Digest) ? 0 : Math.Max(1, expected.Count - removed.FieldValues);
    }

    public long Extra { get; private set; }

    public long Changed { get; private set; }

    public IReadOnlyList<string> Examples => examples;

    private void Expect(in PointView point, in FieldValue value) => expected[Key(point, value)] = ContentDigest.HashOf(point, value);

    private void Find(in PointView point, in FieldValue value)
    {
        if (!expected.Remove(Key(point, value), out var hash))
        {
            Extra++;
            Example("extra", point, value);
            return;
        }
        var found = ContentDigest.HashOf(point, value);
        MatchedSum = (MatchedSum.Digest + new ContentDigest(found), MatchedSum.FieldValues + 1);
        if (hash != found)
        {
            Changed++;
            Example("changed", point, value);
        }
    }

    private void Name(in PointView point, in FieldValue value)
    {
        if (named < MaxExamples && expected.ContainsKey(Key(point, value)))
        {
            named++;
            examples.Add(Words("missing", point, value));
        }
    }

    private void Example(string kind, in PointView point, in FieldValue value)
    {
        if (examples.Count < MaxExamples)
            examples.Add(Words(kind, point, value));
    }

    private static string Words(string kind, in PointView point, in FieldValue value) =>
        $"{kind}: {point.Series} {point.Series.Fields[value.Field].Key} at {Timestamp.Format(point.Time)}";

    private static (UInt128 Field, long Time) Key(in PointView point, in FieldValue value) =>
        (point.Series.Fields[value.Field].HashOf(value.Type), point.Time);

    private static FieldCounts Counts(ContentTally tally)
    {
        var counts = new FieldCounts();
        foreach (var (key, count) in tally.FieldCounts)
            counts.Add(key, count);
        return counts;
    }

    private sealed class Sink(ContentTally tally, OnValue onValue) : IPointSink
    {
        public bool OnPoint(in PointView point)
        {
            tally.OnPoint(point);
            foreach (ref readonly var value in point.Values)
                onValue(point, value);
            return false;
        }

        public ValueTask DrainAsync(CancellationToken cancellationToken) => ValueTask.CompletedTask;
    }
}
