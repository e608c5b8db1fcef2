namespace Influx;

/// <summary>The line protocol that a server family reads; their escapes and limits differ (CONTRACTS sections 7 and 8).</summary>
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
        if (dialect != Dialect.V3 && measurement.Span.IndexOf("\\="u8) >= 0)
            return "the measurement holds '\\=', which the server indexes as another name than it stores";
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
