using System.Buffers;
using System.Text.Json;
using System.Text.Unicode;
using Influx;

namespace Migration;

/// <summary>Field values that the destination's line protocol can't hold, one JSON object a line; the object exists only when there are any.</summary>
internal sealed class RejectedPoints(IStagingStore store, string chunk) : IAsyncDisposable
{
    private const int DrainAt = 256 * 1024;

    private readonly ArrayBufferWriter<byte> pending = new();
    private readonly Dictionary<string, LeftOut> reasons = new(StringComparer.Ordinal);
    private StagingWriter? output;
    private (SeriesShape Series, long Time, string Reason) lastPoint;

    public bool Full => pending.WrittenCount >= DrainAt;

    public IReadOnlyList<LeftOut> Reasons => [.. reasons.Values];

    public void Add(in PointView point, in FieldValue value, string reason)
    {
        using (var json = new Utf8JsonWriter(pending))
        {
            json.WriteStartObject();
            json.WriteString("reason", reason);
            json.WriteNumber("time", point.Time);
            Write(json, "measurement", point.Series.Measurement.Span);
            json.WriteStartArray("tags");
            foreach (var tag in point.Series.Tags)
            {
                json.WriteStartObject();
                Write(json, "key", tag.Key.Span);
                Write(json, "value", tag.Value.Span);
                json.WriteEndObject();
            }
            json.WriteEndArray();
            Write(json, "field", point.Series.Fields[value.Field].Key.Span);
            json.WriteString("type", value.Type.Name());
            WriteValue(json, point, value);
            json.WriteEndObject();
        }
        pending.Write("\n"u8);
        var known = reasons.GetValueOrDefault(reason)
            ?? new LeftOut(reason, 0, 0, $"{point.Series} {point.Series.Fields[value.Field].Key} at {Timestamp.Format(point.Time)}");
        var samePoint = ReferenceEquals(lastPoint.Series, point.Series) && lastPoint.Time == point.Time && lastPoint.Reason == reason;
        lastPoint = (point.Series, point.Time, reason);
        reasons[reason] = known with { Points = known.Points + (samePoint ? 0 : 1), FieldValues = known.FieldValues + 1 };
    }

    public async Task DrainAsync(CancellationToken cancellationToken)
    {
        if (pending.WrittenCount == 0)
            return;
        output ??= await store.CreateAsync(StagingLayout.Rejected(chunk), cancellationToken);
        await output.WriteAsync(pending.WrittenMemory, cancellationToken);
        pending.ResetWrittenCount();
    }

    public async Task CompleteAsync(CancellationToken cancellationToken)
    {
        await DrainAsync(cancellationToken);
        if (output is not null)
            await output.CompleteAsync(cancellationToken);
    }

    public async ValueTask DisposeAsync()
    {
        if (output is not null)
            await output.DisposeAsync();
    }

    // JSON holds UTF-8 only; other bytes go as base64 under another name, so that nothing is lost.
    private static void Write(Utf8JsonWriter json, string name, ReadOnlySpan<byte> bytes)
    {
        if (Utf8.IsValid(bytes))
            json.WriteString(name, bytes);
        else
            json.WriteBase64String(name + "Base64", bytes);
    }

    private static void WriteValue(Utf8JsonWriter json, in PointView point, in FieldValue value)
    {
        switch (value.Type)
        {
            case FieldType.String:
                Write(json, "value", point.StringOf(value));
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
