using System.Buffers.Text;
using System.Text;

namespace Influx;

/// <summary>
/// Reads line protocol in one dialect, line by line (docs/influxdb.md). Comments and blank lines are passed over.
/// </summary>
/// <param name="dialect">The lines' dialect.</param>
public sealed class LineReader(Dialect dialect)
{
    private readonly List<FieldValue> values = [];
    private readonly List<ByteKey> keys = [];
    private byte[] text = [];
    private byte[] shapeBytes = [];
    private SeriesShape? shape;

    /// <summary>
    /// Finds the end of the line that starts at the beginning of the data: a newline that is not inside of a string.
    /// </summary>
    /// <returns>The line's length with its newline; the data's whole length when none follows.</returns>
    public int LineLength(ReadOnlySpan<byte> data)
    {
        var blank = data.IndexOfAnyExcept(" \t\0"u8);
        var position = blank < 0 || data[blank] == '#' ? -1 : SeriesEnd(data, blank);
        // Strings exist only in the fields, so quotes in names are plain characters.
        while (position >= 0 && position < data.Length)
        {
            if (data[position] == '\n')
                return position + 1;
            var quoted = data[position] == '"' && position > 1 && data[position - 1] == '=' && data[position - 2] != '\\';
            position = quoted ? StringEnd(data, position + 1) + 1 : position + 1;
        }
        if (position >= data.Length)
            return data.Length;
        var newline = data.IndexOf((byte)'\n');
        return newline < 0 ? data.Length : newline + 1;
    }

    /// <summary>Reads every point of the data into a sink.</summary>
    /// <exception cref="FormatException">A line is malformed; the message quotes it.</exception>
    public async Task ReadAsync(ReadOnlyMemory<byte> data, IPointSink sink, CancellationToken cancellationToken)
    {
        while (!data.IsEmpty)
        {
            var length = LineLength(data.Span);
            if (ReadLine(data.Span[..length], sink))
                await sink.DrainAsync(cancellationToken);
            data = data[length..];
        }
        await sink.DrainAsync(cancellationToken);
    }

    /// <summary>Reads one line, with or without its newline.</summary>
    /// <returns>What the sink returned; false for a comment or a blank line.</returns>
    /// <exception cref="FormatException">The line is malformed.</exception>
    public bool ReadLine(ReadOnlySpan<byte> line, IPointSink sink)
    {
        line = line.TrimStart(" \t\0"u8);
        if (line.EndsWith("\n"u8))
            line = line[..^1];
        if (line.IsEmpty || line[0] == '#')
            return false;
        if (text.Length < line.Length)
            text = new byte[line.Length * 2];
        var seriesEnd = SeriesEnd(line);
        if (seriesEnd >= line.Length)
            throw Malformed(line, "missing fields");
        values.Clear();
        keys.Clear();
        var position = ReadFields(line, seriesEnd);
        var time = ReadTime(line, position);
        var series = ShapeOf(line, seriesEnd);
        return sink.OnPoint(new PointView(series, time, System.Runtime.InteropServices.CollectionsMarshal.AsSpan(values), text));
    }

    // The shape of the line before serves when series and field keys are the same, which they are in our own batches.
    private SeriesShape ShapeOf(ReadOnlySpan<byte> line, int seriesEnd)
    {
        if (shape is not null && line[..seriesEnd].SequenceEqual(shapeBytes)
            && shape.Fields.Count == keys.Count && shape.Fields.Select(field => field.Key).SequenceEqual(keys))
            return shape;
        shapeBytes = line[..seriesEnd].ToArray();
        var measurementEnd = Find(line[..seriesEnd], 0, (byte)',', (byte)' ');
        var measurement = Name(line[..measurementEnd], measurement: true);
        if (measurement.Span.IsEmpty)
            throw Malformed(line, "missing measurement");
        var tags = new List<SeriesTag>();
        for (var at = measurementEnd + 1; at <= seriesEnd && measurementEnd < seriesEnd;)
        {
            var equals = Find(line[..seriesEnd], at, (byte)'=', (byte)',');
            var end = equals >= seriesEnd ? seriesEnd : Find(line[..seriesEnd], equals + 1, (byte)',', (byte)',');
            if (equals >= seriesEnd || line[equals] != '=' || equals == at || end == equals + 1)
                throw Malformed(line, "a tag without key or value");
            tags.Add(new SeriesTag(Name(line[at..equals], measurement: false), Name(line[(equals + 1)..end], measurement: false)));
            at = end + 1;
        }
        tags.Sort(static (a, b) => a.Key.CompareTo(b.Key));
        for (var i = 1; i < tags.Count; i++)
        {
            if (tags[i].Key == tags[i - 1].Key)
                throw Malformed(line, "duplicate tags");
        }
        shape = new SeriesShape(measurement, tags, [.. keys]);
        return shape;
    }

    private int ReadFields(ReadOnlySpan<byte> line, int position)
    {
        while (line[position] is (byte)' ' or (byte)'\t' or 0)
        {
            if (++position == line.Length)
                throw Malformed(line, "missing fields");
        }
        var textLength = 0;
        while (true)
        {
            var equals = Find(line, position, (byte)'=', (byte)' ');
            if (equals >= line.Length - 1 || line[equals] != '=' || equals == position)
                throw Malformed(line, "missing field key or value");
            var key = Name(line[position..equals], measurement: false);
            position = equals + 1;
            int end;
            FieldValue value;
            if (line[position] == '"')
            {
                var quote = StringEnd(line, position + 1);
                if (quote >= line.Length)
                    throw Malformed(line, "unbalanced quotes");
                var length = LineEscapes.UnescapeString(line[(position + 1)..quote], text.AsSpan(textLength));
                value = new FieldValue(keys.Count, FieldType.String, textLength, length);
                textLength += length;
                end = quote + 1;
            }
            else
            {
                var stop = line[position..].IndexOfAny((byte)',', (byte)' ');
                end = stop < 0 ? line.Length : position + stop;
                value = ReadValue(line, line[position..end]);
            }
            Add(key, value);
            if (end >= line.Length || line[end] == ' ')
                return end;
            if (line[end] != ',')
                throw Malformed(line, "text after a string");
            position = end + 1;
        }
    }

    // A field that stands twice in a line: the last one wins in 1.x and 2.x.
    private void Add(ByteKey key, FieldValue value)
    {
        var at = keys.IndexOf(key);
        if (at >= 0)
        {
            values[at] = value with { Field = at };
            return;
        }
        keys.Add(key);
        values.Add(value);
    }

    private FieldValue ReadValue(ReadOnlySpan<byte> line, ReadOnlySpan<byte> value)
    {
        if (value.IsEmpty)
            throw Malformed(line, "missing field value");
        int used;
        var body = value[..^1];
        switch (value[^1])
        {
            case (byte)'i' when Utf8Parser.TryParse(body, out long integer, out used) && used == body.Length && body[0] != '+':
                return new FieldValue(keys.Count, FieldType.Integer, integer, 0);
            case (byte)'u' when Utf8Parser.TryParse(body, out ulong unsigned, out used) && used == body.Length && body[0] != '+':
                return new FieldValue(keys.Count, FieldType.Unsigned, (long)unsigned, 0);
        }
        if (value is [(byte)'t'] or [(byte)'T'] || Is(value, "true"u8, "True"u8, "TRUE"u8))
            return new FieldValue(keys.Count, FieldType.Boolean, 1, 0);
        if (value is [(byte)'f'] or [(byte)'F'] || Is(value, "false"u8, "False"u8, "FALSE"u8))
            return new FieldValue(keys.Count, FieldType.Boolean, 0, 0);
        // TryParse would pass over blanks and NULs at the end.
        if (value[0] is (byte)'-' or (byte)'.' or (>= (byte)'0' and <= (byte)'9')
            && value[^1] is (byte)'.' or (>= (byte)'0' and <= (byte)'9')
            && double.TryParse(value, System.Globalization.NumberStyles.Float, System.Globalization.CultureInfo.InvariantCulture, out var number)
            && double.IsFinite(number))
            return new FieldValue(keys.Count, FieldType.Float, BitConverter.DoubleToInt64Bits(number), 0);
        throw Malformed(line, "invalid field value");
    }

    private static bool Is(ReadOnlySpan<byte> value, ReadOnlySpan<byte> a, ReadOnlySpan<byte> b, ReadOnlySpan<byte> c) =>
        value.SequenceEqual(a) || value.SequenceEqual(b) || value.SequenceEqual(c);

    private static long ReadTime(ReadOnlySpan<byte> line, int position)
    {
        var rest = line[position..].Trim((byte)' ');
        if (rest.IsEmpty)
            throw Malformed(line, "missing timestamp");
        if (!Utf8Parser.TryParse(rest, out long time, out var used) || used != rest.Length || rest[0] == '+' || time is < Timestamp.Min or > Timestamp.Max)
            throw Malformed(line, "bad timestamp");
        return time;
    }

    // Measurement and tags end at the first space that is not escaped.
    private int SeriesEnd(ReadOnlySpan<byte> line, int start = 0) => Find(line, start, (byte)' ', (byte)'\n');

    private int Find(ReadOnlySpan<byte> line, int position, byte first, byte second)
    {
        while (position < line.Length)
        {
            var stop = line[position..].IndexOfAny(first, second, (byte)'\\');
            if (stop < 0)
                return line.Length;
            position += stop;
            if (line[position] != '\\')
                return position;
            // In 1.x and 2.x a backslash escapes what stands behind it, but for another backslash, which is literal.
            position += position + 1 < line.Length && (line[position + 1] != '\\' || dialect == Dialect.V3) ? 2 : 1;
        }
        return line.Length;
    }

    private static int StringEnd(ReadOnlySpan<byte> data, int position)
    {
        while (position < data.Length)
        {
            var stop = data[position..].IndexOfAny((byte)'"', (byte)'\\');
            if (stop < 0)
                return data.Length;
            position += stop;
            if (data[position] == '"')
                return position;
            position += 2;
        }
        return data.Length;
    }

    private ByteKey Name(ReadOnlySpan<byte> escaped, bool measurement) =>
        new(LineEscapes.UnescapeName(escaped, measurement, dialect));

    private static FormatException Malformed(ReadOnlySpan<byte> line, string why) =>
        new($"line protocol: {why} in '{Encoding.UTF8.GetString(line.Length > 200 ? line[..200] : line)}'");
}
