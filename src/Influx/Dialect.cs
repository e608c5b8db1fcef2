namespace Influx;

/// <summary>The line protocol that a server family reads; their escapes and limits differ (docs/influxdb.md).</summary>
public enum Dialect
{
    /// <summary>InfluxDB 1.x: backslashes in names are literal, no unsigned integers.</summary>
    V1 = 1,

    /// <summary>InfluxDB 2.x: as 1.x, with unsigned integers and three reserved tag keys.</summary>
    V2 = 2,

    /// <summary>InfluxDB 3: <c>\\</c> in a name stands for one backslash.</summary>
    V3 = 3,
}

/// <summary>
/// What a destination can't hold, found before anything is written. Each check returns the reason as a sentence's rest, or
/// null; what has a reason is reported as rejected and never altered.
/// </summary>
public static class DialectLimits
{
    /// <summary>The longest string of a field value in bytes that 2.x and 3 take; 1.x has no such limit.</summary>
    public const int MaxStringBytes = 1_048_576;

    // models.MaxKeyLength: measurement, tags, 4 bytes of separator and the field key share 65,535 bytes.
    private const int MaxKeyBytes = 65_535;

    /// <summary>Why no point of a series can be written.</summary>
    public static string? SeriesReason(Dialect dialect, ByteKey measurement, IReadOnlyList<SeriesTag> tags)
    {
        var reason = NameReason(dialect, measurement, "measurement");
        if (reason is not null)
            return reason;
        if (measurement.Span[0] == '#')
            return "the measurement starts with '#', which line protocol reads as a comment";
        // 1.6.7 unescapes the name a second time for its index, and then finds no data under it.
        if (dialect != Dialect.V3 && BackslashBefore(measurement.Span, ",= \""u8))
            return "the measurement holds a backslash before a comma, '=', a space or '\"', which the server indexes as another name than it stores";
        if (dialect == Dialect.V3 && tags.Count > 250)
            return $"the series has {tags.Count} tags and InfluxDB 3 takes 250";
        foreach (var tag in tags)
        {
            reason = TagKeyReason(dialect, tag.Key)
                ?? NameReason(dialect, tag.Key, "tag key")
                ?? NameReason(dialect, tag.Value, $"value of the tag '{tag.Key}'");
            if (reason is not null)
                return reason;
        }
        return null;
    }

    /// <summary>Why the escaped series, with the space behind it, would make the server join its line with the next one.</summary>
    /// <remarks>
    /// scanLine of 1.x and 2.x looks for the line's end by rules of its own: two backslashes are a pair, so that the space in
    /// <c>\\ </c> begins the fields, and from there on quotes count where there are more '=' than commas.
    /// </remarks>
    internal static string? PrefixReason(Dialect dialect, ReadOnlySpan<byte> prefix)
    {
        if (dialect == Dialect.V3)
            return null;
        var (fields, quoted, surplus) = (false, false, 0);
        for (var i = 0; i < prefix.Length; i++)
        {
            var octet = prefix[i];
            fields |= octet == ' ';
            if (octet == '\\')
                i++;
            else if (fields && octet == '"' && surplus > 0)
                quoted = !quoted;
            else if (fields && !quoted)
                surplus += octet == '=' ? 1 : octet == ',' ? -1 : 0;
        }
        return quoted || surplus != 0
            ? "the tags hold a backslash before a space together with '\"', '=' or commas that line protocol can't say"
            : null;
    }

    /// <summary>Why a tag key is reserved.</summary>
    public static string? TagKeyReason(Dialect dialect, ByteKey key)
    {
        if (key.Span.SequenceEqual("time"u8))
            return "the tag key 'time' is reserved";
        if (dialect == Dialect.V2 && (key.Span.SequenceEqual("_field"u8) || key.Span.SequenceEqual("_measurement"u8)))
            return $"the tag key '{key}' is reserved in InfluxDB 2.x";
        return null;
    }

    /// <summary>Why values of a field can't be written, whatever they are.</summary>
    /// <param name="dialect">The destination's.</param>
    /// <param name="key">The field key.</param>
    /// <param name="type">The values' type.</param>
    /// <param name="tags">The tags of the series.</param>
    /// <param name="seriesKeyBytes">The length of measurement and tags as the server keeps them.</param>
    public static string? FieldReason(
        Dialect dialect, ByteKey key, FieldType type, IReadOnlyList<SeriesTag> tags, int seriesKeyBytes)
    {
        var reason = NameReason(dialect, key, "field key");
        if (reason is not null)
            return reason;
        // scanFields of 1.x and 2.x skips what follows a backslash, be it another backslash; Unescape turns \" into ".
        if (dialect != Dialect.V3 && (BackslashBefore(key.Span, ",= "u8, pairs: true) || BackslashBefore(key.Span, "\""u8)))
            return "the field key holds a backslash before a comma, '=', a space or '\"', which line protocol can't say";
        // The server keeps field keys in a protobuf string: 1.6.7 answers 500 "contains invalid UTF-8".
        if (!System.Text.Unicode.Utf8.IsValid(key.Span))
            return "the field key is no UTF-8";
        if (key.Span.SequenceEqual("time"u8))
            return "the field key 'time' is reserved";
        if (dialect == Dialect.V1 && type == FieldType.Unsigned)
            return "InfluxDB 1.x takes no unsigned integers";
        if (dialect == Dialect.V3 && tags.Any(tag => tag.Key == key))
            return $"InfluxDB 3 takes no tag and field of one name ('{key}')";
        if (seriesKeyBytes + 4 + key.Span.Length > MaxKeyBytes)
            return $"series key and field key together exceed {MaxKeyBytes} bytes";
        return null;
    }

    /// <summary>Why one string value can't be written.</summary>
    public static string? StringReason(Dialect dialect, ReadOnlySpan<byte> value)
    {
        if (dialect != Dialect.V1 && value.Length > MaxStringBytes)
            return $"the string has {value.Length} bytes and the destination takes {MaxStringBytes}";
        if (dialect == Dialect.V3 && !System.Text.Unicode.Utf8.IsValid(value))
            return "the string is no UTF-8, which InfluxDB 3 demands";
        return null;
    }

    // With pairs, backslashes that stand in twos count as none.
    private static bool BackslashBefore(ReadOnlySpan<byte> name, ReadOnlySpan<byte> specials, bool pairs = false)
    {
        var run = 0;
        foreach (var octet in name)
        {
            if (specials.Contains(octet) && (pairs ? run % 2 == 1 : run > 0))
                return true;
            run = octet == '\\' ? run + 1 : 0;
        }
        return false;
    }

    private static string? NameReason(Dialect dialect, ByteKey name, string what)
    {
        var bytes = name.Span;
        if (bytes.IsEmpty)
            return $"the {what} is empty";
        if (bytes.Contains((byte)'\n'))
            return $"the {what} holds a newline";
        if (bytes[^1] == '\\')
            return $"the {what} ends in a backslash";
        // models/points.go skips blanks at the start of a line and of the fields; a space is escaped, these two can't be.
        if (bytes[0] is (byte)'\t' or 0 && !what.StartsWith("value", StringComparison.Ordinal))
            return $"the {what} starts with a tab or a NUL, which line protocol skips";
        if (dialect == Dialect.V3 && !System.Text.Unicode.Utf8.IsValid(bytes))
            return $"the {what} is no UTF-8, which InfluxDB 3 demands";
        return null;
    }
}
