using System.Text;

namespace Influx.Tests;

/// <summary>A field value of a test: the value's bits, or a string's bytes.</summary>
internal sealed record TestValue(byte[] Key, FieldType Type, long Bits, byte[] Text)
{
    public static TestValue Float(string key, double value) => new(Encoding.UTF8.GetBytes(key), FieldType.Float, BitConverter.DoubleToInt64Bits(value), []);

    public static TestValue Integer(string key, long value) => new(Encoding.UTF8.GetBytes(key), FieldType.Integer, value, []);

    public static TestValue Unsigned(string key, ulong value) => new(Encoding.UTF8.GetBytes(key), FieldType.Unsigned, (long)value, []);

    public static TestValue Boolean(string key, bool value) => new(Encoding.UTF8.GetBytes(key), FieldType.Boolean, value ? 1 : 0, []);

    public static TestValue String(string key, string text) => new(Encoding.UTF8.GetBytes(key), FieldType.String, 0, Encoding.UTF8.GetBytes(text));
}

/// <summary>A point of a test, which hands itself to a sink as a query's answer would.</summary>
internal sealed record TestPoint(byte[] Measurement, (byte[] Key, byte[] Value)[] Tags, TestValue[] Values, long Time)
{
    public static TestPoint Of(string measurement, (string Key, string Value)[] tags, long time, params TestValue[] values) => new(
        Encoding.UTF8.GetBytes(measurement),
        [.. tags.Select(tag => (Encoding.UTF8.GetBytes(tag.Key), Encoding.UTF8.GetBytes(tag.Value)))],
        values,
        time);

    /// <summary>Everything that the point says, in one order; equal texts are equal points.</summary>
    public override string ToString() =>
        $"{Text(Measurement)} [{string.Join(' ', Sorted(Tags).Select(tag => $"{Text(tag.Key)}:{Text(tag.Value)}"))}] "
        + $"[{string.Join(' ', Values.OrderBy(value => Text(value.Key), StringComparer.Ordinal).Select(value => $"{Text(value.Key)}:{value.Type}:{value.Bits:x}:{Text(value.Text)}"))}] {Time}";

    public bool HandTo(IPointSink sink)
    {
        var shape = new SeriesShape(
            new ByteKey(Measurement),
            [.. Sorted(Tags).Select(tag => new SeriesTag(new ByteKey(tag.Key), new ByteKey(tag.Value)))],
            [.. Values.Select(value => new ByteKey(value.Key))]);
        var text = Values.SelectMany(value => value.Text).ToArray();
        var values = new FieldValue[Values.Length];
        var place = 0;
        for (var i = 0; i < values.Length; i++)
        {
            values[i] = Values[i].Type == FieldType.String
                ? new FieldValue(i, FieldType.String, place, Values[i].Text.Length)
                : new FieldValue(i, Values[i].Type, Values[i].Bits, 0);
            place += Values[i].Text.Length;
        }
        return sink.OnPoint(new PointView(shape, Time, values, text));
    }

    private static IEnumerable<(byte[] Key, byte[] Value)> Sorted((byte[] Key, byte[] Value)[] tags) => tags.OrderBy(tag => new ByteKey(tag.Key));

    private static string Text(byte[] bytes) => Encoding.Latin1.GetString(bytes);
}

/// <summary>Keeps the points that it is handed.</summary>
internal sealed class PointList : IPointSink
{
    public List<TestPoint> Points { get; } = [];

    public bool OnPoint(in PointView point)
    {
        var values = new List<TestValue>();
        foreach (var value in point.Values)
        {
            var isString = value.Type == FieldType.String;
            values.Add(new TestValue(
                point.Series.Fields[value.Field].Key.Span.ToArray(), value.Type, isString ? 0 : value.Bits, isString ? point.StringOf(value).ToArray() : []));
        }
        Points.Add(new TestPoint(
            point.Series.Measurement.Span.ToArray(),
            [.. point.Series.Tags.Select(tag => (tag.Key.Span.ToArray(), tag.Value.Span.ToArray()))],
            [.. values],
            point.Time));
        return true;
    }

    public ValueTask DrainAsync(CancellationToken cancellationToken) => ValueTask.CompletedTask;
}

/// <summary>Writes points as lines; what a dialect can't hold is left out and kept by its reason.</summary>
internal sealed class LineSink(Dialect dialect) : IPointSink
{
    private readonly LineBuffer buffer = new();
    private LineWriter? writer;

    public List<string> Reasons { get; } = [];

    public ReadOnlyMemory<byte> Written => buffer.Written;

    public bool OnPoint(in PointView point)
    {
        writer ??= new LineWriter(dialect, buffer);
        writer.Enter(point.Series);
        if (writer.SeriesReason is { } reason)
        {
            Reasons.Add(reason);
            return false;
        }
        var start = writer.Begin();
        var first = true;
        foreach (ref readonly var value in point.Values)
        {
            if (writer.ValueReason(point, value) is { } why)
            {
                Reasons.Add(why);
                continue;
            }
            writer.Field(point, value, first);
            first = false;
        }
        if (first)
            buffer.Truncate(start);
        else
            writer.End(point.Time);
        return false;
    }

    public ValueTask DrainAsync(CancellationToken cancellationToken) => ValueTask.CompletedTask;

    /// <summary>The line of one point that the dialect holds.</summary>
    public static string LineOf(Dialect dialect, TestPoint point)
    {
        var sink = new LineSink(dialect);
        point.HandTo(sink);
        Assert.Empty(sink.Reasons);
        return Encoding.UTF8.GetString(sink.Written.Span);
    }

    /// <summary>Why the dialect does not hold all of a point; null when it does.</summary>
    public static string? ReasonOf(Dialect dialect, TestPoint point)
    {
        var sink = new LineSink(dialect);
        point.HandTo(sink);
        return sink.Reasons.FirstOrDefault();
    }
}
