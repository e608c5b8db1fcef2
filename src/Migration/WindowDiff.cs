using Influx;

namespace Migration;

/// <summary>The field values of one window at both ends, told apart as missing, extra and changed. Expected ones are read first.</summary>
internal sealed class WindowDiff
{
    private const int MaxExamples = 5;

    private readonly Dictionary<(UInt128 Field, long Time), UInt128> expected = [];
    private readonly List<string> examples = [];
    private readonly Sink expectedSink;
    private readonly Sink foundSink;

    public WindowDiff()
    {
        expectedSink = new Sink(Expect);
        foundSink = new Sink(Find);
    }

    private delegate void OnValue(in PointView point, in FieldValue value);

    public IPointSink Expected => expectedSink;

    public IPointSink Found => foundSink;

    /// <summary>How many values of each field were expected.</summary>
    public FieldCounts ExpectedCounts => expectedSink.Counts;

    /// <summary>How many values of each field were found.</summary>
    public FieldCounts FoundCounts => foundSink.Counts;

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

    public IReadOnlyList<string> Examples => expected.Count == 0
        ? examples
        : [.. examples, .. expected.Keys.Take(2).Select(key => $"missing at {Timestamp.Format(key.Time)}")];

    private void Expect(in PointView point, in FieldValue value) => expected[Key(point, value)] = ContentDigest.HashOf(point, value);

    private void Find(in PointView point, in FieldValue value)
    {
        if (!expected.Remove(Key(point, value), out var hash))
        {
            Extra++;
            Example("extra", point, value);
        }
        else if (hash != ContentDigest.HashOf(point, value))
        {
            Changed++;
            Example("changed", point, value);
        }
    }

    private void Example(string kind, in PointView point, in FieldValue value)
    {
        if (examples.Count < MaxExamples)
            examples.Add($"{kind}: {point.Series} {point.Series.Fields[value.Field].Key} at {Timestamp.Format(point.Time)}");
    }

    private static (UInt128 Field, long Time) Key(in PointView point, in FieldValue value) =>
        (point.Series.Fields[value.Field].HashOf(value.Type), point.Time);

    private sealed class Sink(OnValue onValue) : IPointSink
    {
        private readonly Dictionary<FieldCountKey, long> counts = [];

        public FieldCounts Counts
        {
            get
            {
                var all = new FieldCounts();
                foreach (var (key, count) in counts)
                    all.Add(key, count);
                return all;
            }
        }

        public bool OnPoint(in PointView point)
        {
            foreach (ref readonly var value in point.Values)
            {
                onValue(point, value);
                var field = new FieldCountKey(point.Series.Fields[value.Field].Key, value.Type);
                counts[field] = counts.GetValueOrDefault(field) + 1;
            }
            return false;
        }

        public ValueTask DrainAsync(CancellationToken cancellationToken) => ValueTask.CompletedTask;
    }
}
