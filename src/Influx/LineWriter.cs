namespace Influx;

/// <summary>
/// Writes points as line protocol in one dialect. The series' part and the field keys are escaped once a series; what the
/// dialect can't hold is told by a reason, and left out of the line.
/// </summary>
/// <param name="dialect">The destination's line protocol.</param>
/// <param name="output">Where the lines go.</param>
public sealed class LineWriter(Dialect dialect, LineBuffer output)
{
    private readonly LineBuffer scratch = new();
    private SeriesShape? current;
    private byte[] prefix = [];
    private EscapedField[] fields = [];
    private int seriesKeyBytes;

    /// <summary>Why no point of the series that came last can be written; null when they can.</summary>
    public string? SeriesReason { get; private set; }

    /// <summary>Makes a series the one whose points come next.</summary>
    public void Enter(SeriesShape series)
    {
        if (ReferenceEquals(current, series))
            return;
        current = series;
        prefix = EscapePrefix(series);
        SeriesReason = DialectLimits.SeriesReason(dialect, series.Measurement, series.Tags) ?? DialectLimits.PrefixReason(dialect, prefix);
        seriesKeyBytes = prefix.Length - 1;
        fields = [.. series.Fields.Select(field => new EscapedField(Escape(field.Key)))];
    }

    /// <summary>Why a value of the current series can't be written; null when it can.</summary>
    public string? ValueReason(in PointView point, in FieldValue value)
    {
        ref var field = ref fields[value.Field];
        if ((field.Checked & (1 << (int)value.Type)) == 0)
        {
            field.Checked |= 1 << (int)value.Type;
            field.Reasons[(int)value.Type] = DialectLimits.FieldReason(
                dialect, point.Series.Fields[value.Field].Key, value.Type, point.Series.Tags, seriesKeyBytes);
        }
        var reason = field.Reasons[(int)value.Type];
        if (reason is null && value.Type == FieldType.String)
            reason = DialectLimits.StringReason(dialect, point.StringOf(value));
        return reason;
    }

    /// <summary>Starts a line of the current series.</summary>
    /// <returns>The output's length before it, to go back to when no field follows.</returns>
    public int Begin()
    {
        var start = output.Length;
        output.Append(prefix);
        return start;
    }

    /// <summary>Adds a field value to the line.</summary>
    /// <param name="point">The point.</param>
    /// <param name="value">Its value.</param>
    /// <param name="first">Whether it is the line's first.</param>
    public void Field(in PointView point, in FieldValue value, bool first)
    {
        if (!first)
            output.Append((byte)',');
        output.Append(fields[value.Field].Assignment);
        switch (value.Type)
        {
            case FieldType.Float:
                output.Append(BitConverter.Int64BitsToDouble(value.Bits));
                break;
            case FieldType.Integer:
                output.Append(value.Bits);
                output.Append((byte)'i');
                break;
            case FieldType.Unsigned:
                output.Append((ulong)value.Bits);
                output.Append((byte)'u');
                break;
            case FieldType.Boolean:
                output.Append(value.Bits == 0 ? "false"u8 : "true"u8);
                break;
            default:
                output.Append((byte)'"');
                LineEscapes.WriteString(output, point.StringOf(value));
                output.Append((byte)'"');
                break;
        }
    }

    /// <summary>Ends the line.</summary>
    public void End(long time)
    {
        output.Append((byte)' ');
        output.Append(time);
        output.Append((byte)'\n');
    }

    private byte[] EscapePrefix(SeriesShape series)
    {
        scratch.Truncate();
        LineEscapes.WriteMeasurement(scratch, series.Measurement.Span, dialect);
        foreach (var tag in series.Tags)
        {
            scratch.Append((byte)',');
            LineEscapes.WriteKey(scratch, tag.Key.Span, dialect);
            scratch.Append((byte)'=');
            LineEscapes.WriteKey(scratch, tag.Value.Span, dialect);
        }
        scratch.Append((byte)' ');
        return scratch.Written.ToArray();
    }

    private byte[] Escape(ByteKey key)
    {
        scratch.Truncate();
        LineEscapes.WriteKey(scratch, key.Span, dialect);
        scratch.Append((byte)'=');
        return scratch.Written.ToArray();
    }

    private struct EscapedField(byte[] assignment)
    {
        public readonly byte[] Assignment = assignment;
        public readonly string?[] Reasons = new string?[5];
        public int Checked;
    }
}
