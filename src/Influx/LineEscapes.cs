using System.Buffers;

namespace Influx;

/// <summary>The escapes of names and strings in line protocol, by dialect (docs/influxdb.md).</summary>
internal static class LineEscapes
{
    private static readonly SearchValues<byte> MeasurementSpecial = SearchValues.Create(", \\"u8);
    private static readonly SearchValues<byte> NameSpecial = SearchValues.Create(",= \\"u8);
    private static readonly SearchValues<byte> StringSpecial = SearchValues.Create("\"\\"u8);

    /// <summary>A measurement: an escaped <c>=</c> would become a part of the stored name, so it stays as it is.</summary>
    public static void WriteMeasurement(IBufferWriter<byte> output, ReadOnlySpan<byte> name, Dialect dialect) =>
        WriteName(output, name, MeasurementSpecial, dialect);

    /// <summary>A tag key, a tag value or a field key.</summary>
    public static void WriteKey(IBufferWriter<byte> output, ReadOnlySpan<byte> name, Dialect dialect) =>
        WriteName(output, name, NameSpecial, dialect);

    /// <summary>A string's text between its quotes.</summary>
    public static void WriteString(IBufferWriter<byte> output, ReadOnlySpan<byte> text)
    {
        while (true)
        {
            var special = text.IndexOfAny(StringSpecial);
            if (special < 0)
                break;
            output.Write(text[..special]);
            output.Write([(byte)'\\', text[special]]);
            text = text[(special + 1)..];
        }
        output.Write(text);
    }

    // 1.x and 2.x can't escape a backslash: it is literal wherever it stands; 3 collapses two into one.
    private static void WriteName(IBufferWriter<byte> output, ReadOnlySpan<byte> name, SearchValues<byte> specials, Dialect dialect)
    {
        while (true)
        {
            var special = name.IndexOfAny(specials);
            if (special < 0)
                break;
            output.Write(name[..special]);
            if (name[special] != '\\' || dialect == Dialect.V3)
                output.Write("\\"u8);
            output.Write(name.Slice(special, 1));
            name = name[(special + 1)..];
        }
        output.Write(name);
    }

    /// <summary>Undoes the escapes of a name: of <c>\x</c> only where x is special in the dialect.</summary>
    /// <param name="escaped">The name as it stands in the line.</param>
    /// <param name="measurement">Whether it is a measurement, where <c>\=</c> stays two characters.</param>
    /// <param name="dialect">The line's dialect.</param>
    public static byte[] UnescapeName(ReadOnlySpan<byte> escaped, bool measurement, Dialect dialect)
    {
        if (!escaped.Contains((byte)'\\'))
            return escaped.ToArray();
        var name = new byte[escaped.Length];
        var length = 0;
        for (var i = 0; i < escaped.Length; i++)
        {
            if (escaped[i] == '\\' && i + 1 < escaped.Length && IsEscaped(escaped[i + 1], measurement, dialect))
                i++;
            name[length++] = escaped[i];
        }
        return name.AsSpan(0, length).ToArray();
    }

    /// <summary>Undoes the escapes of a string between its quotes: only <c>\"</c> and <c>\\</c> are any.</summary>
    public static int UnescapeString(ReadOnlySpan<byte> escaped, Span<byte> text)
    {
        var length = 0;
        for (var i = 0; i < escaped.Length; i++)
        {
            if (escaped[i] == '\\' && i + 1 < escaped.Length && escaped[i + 1] is (byte)'"' or (byte)'\\')
                i++;
            text[length++] = escaped[i];
        }
        return length;
    }

    private static bool IsEscaped(byte next, bool measurement, Dialect dialect) =>
        next is (byte)',' or (byte)' ' || (next == '=' && !measurement) || (next == '\\' && dialect == Dialect.V3);
}
