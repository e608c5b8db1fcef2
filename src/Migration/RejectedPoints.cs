using System.Text.Json;
using Influx;

namespace Migration;

/// <summary>Field values that the destination's line protocol can't hold.</summary>
internal sealed class RejectedPoints(IStagingStore store, string chunk) : IAsyncDisposable
{
    private readonly LeftOutLines lines = new(store, StagingLayout.Rejected(chunk));
    private readonly Dictionary<string, LeftOut> reasons = new(StringComparer.Ordinal);
    private (SeriesShape Series, long Time, string Reason) lastPoint;

    public bool Full => lines.Full;

    public IReadOnlyList<LeftOut> Reasons => [.. reasons.Values];

    public void Add(in PointView point, in FieldValue value, string reason)
    {
        var json = lines.Begin();
        json.WriteString("reason", reason);
        json.WriteNumber("time", point.Time);
        LeftOutLines.Write(json, "measurement", point.Series.Measurement.Span);
        json.WriteStartArray("tags");
        foreach (var tag in point.Series.Tags)
        {
            json.WriteStartObject();
            LeftOutLines.Write(json, "key", tag.Key.Span);
            LeftOutLines.Write(json, "value", tag.Value.Span);
            json.WriteEndObject();
        }
        json.WriteEndArray();
        LeftOutLines.Write(json, "field", point.Series.Fields[value.Field].Key.Span);
        json.WriteString("type", value.Type.Name());
        WriteValue(json, point, value);
        lines.End(json);
        var known = reasons.GetValueOrDefault(reason)
            ?? new LeftOut(reason, 0, 0, $"{point.Series} {point.Series.Fields[value.Field].Key} at {Timestamp.Format(point.Time)}");
        var samePoint = ReferenceEquals(lastPoint.Series, point.Series) && lastPoint.Time == point.Time && lastPoint.Reason == reason;
        lastPoint = (point.Series, point.Time, reason);
        reasons[reason] = known with { Points = known.Points + (samePoint ? 0 : 1), FieldValues = known.FieldValues + 1 };
    }

    public Task DrainAsync(CancellationToken cancellationToken) => lines.DrainAsync(cancellationToken);

    public Task CompleteAsync(CancellationToken cancellationToken) => lines.CompleteAsync(cancellationToken);

    public ValueTask DisposeAsync() => lines.DisposeAsync();

    private static void WriteValue(Utf8JsonWriter json, in PointView point, in FieldValue value)
    {
        switch (value.Type)
        {
            case FieldType.String:
                LeftOutLines.Write(json, "value", point.StringOf(value));
                break;
            case FieldType.Float:
                json.WriteNumber("value", BitConverter.Int64BitsToDouble(value.Bits));
                break;
            case FieldType.Boolean:
                json.WriteBoolean("value", value.Bits != 0);
                break;
            case FieldType.Unsigned:
                json.WriteNumber("value", (ulong)value.Bits);
                break;
            default:
                json.WriteNumber("value", value.Bits);
                break;
        }
    }
}
