using System.Text;

namespace Influx;

/// <summary>InfluxQL's quoting and the texts of every statement that is sent.</summary>
public static class InfluxQl
{
    /// <summary>An identifier in double quotes.</summary>
    public static string Identifier(string name) => $"\"{Escape(name, '"')}\"";

    /// <summary>A string literal in single quotes.</summary>
    public static string Literal(string text) => $"'{Escape(text, '\'')}'";

    /// <summary>
    /// A measurement behind FROM. InfluxQL's scanner takes a carriage return for a newline and a NUL for the end, even between
    /// quotes, and has no escapes for them; a regular expression has, and reads measurements whose names InfluxQL refuses.
    /// </summary>
    public static string Source(string measurement) =>
        CanSay(measurement) && !SystemNames.IsSource(measurement) ? Identifier(measurement) : $"/^{Pattern(measurement)}$/";

    /// <summary>Several measurements behind FROM, as one regular expression; bytes that are no UTF-8 may be any.</summary>
    public static string Sources(IEnumerable<ByteKey> measurements) =>
        $"/^(?:{string.Join('|', measurements.Select(measurement => Pattern(measurement.ToString())))})$/";

    /// <summary>Whether InfluxQL can name a tag or a field, for which it has no regular expressions.</summary>
    public static bool CanSay(string name) => name.AsSpan().IndexOfAny('\r', '\0') < 0;

    /// <summary>The columns of every field of a measurement that can be read.</summary>
    public static string FieldColumns(FieldSchema schema) => schema.Hidden.Count == 0 ? "*::field" : SystemNames.OtherFields;

    /// <summary>Reads fields of a measurement in a window, series by series, time ascending.</summary>
    public static string SelectAll(string measurement, string columns, TimeRange window, string? condition) =>
        $"SELECT {columns} FROM {Source(measurement)} WHERE {Times(window)}{And(condition)} GROUP BY *";

    /// <summary>One row of each series in a window.</summary>
    public static string RowOfEverySeries(string measurement, string columns, TimeRange window, string? condition) =>
        $"{SelectAll(measurement, columns, window, condition)} LIMIT 1";

    /// <summary>One row of the first series that a window's shard has; none where that has no row in the window itself.</summary>
    public static string RowOfOneSeries(string measurement, string columns, TimeRange window, string? condition) =>
        $"{RowOfEverySeries(measurement, columns, window, condition)} SLIMIT 1";

    /// <summary>A value of a field in a window, and what is left of it after 128 is taken away.</summary>
    public static string IntegerProbe(string measurement, string field, TimeRange window, string? condition) =>
        $"SELECT {Identifier(field)}, {Identifier(field)} - 128 FROM {Source(measurement)} WHERE {Times(window)}{And(condition)} LIMIT 1";

    /// <summary>Counts the values of every field of a measurement in a range.</summary>
    public static string CountAll(string measurement, string columns, TimeRange range, string? condition) =>
        $"SELECT {columns} FROM {Source(measurement)} WHERE {Times(range)}{And(condition)}";

    /// <summary>Counts by window of a grid; windows without values are left out.</summary>
    public static string CountByWindow(string measurement, string columns, TimeRange range, ShardGrid grid, string? condition) =>
        $"{CountAll(measurement, columns, range, condition)} GROUP BY time({grid.Duration}ns, {grid.Offset}ns) fill(none)";

    /// <summary>The first or last row of a measurement in a range.</summary>
    public static string EdgeRow(string measurement, string columns, TimeRange range, string? condition, bool last) =>
        $"SELECT {columns} FROM {Source(measurement)} WHERE {Times(range)}{And(condition)} ORDER BY time {(last ? "DESC" : "ASC")} LIMIT 1";

    /// <summary>
    /// The columns to count a measurement's fields by. Where a field has several types, each is named, since a plain count sees
    /// only the values of one of them; <c>::float</c> takes in all numbers.
    /// </summary>
    public static string CountColumns(FieldSchema schema) =>
        schema.HasConflict ? string.Join(", ", TypedFields(schema).Select(field => $"count({field})")) : $"count({FieldColumns(schema)})";

    /// <summary>Every field by every kind of its types, as <c>"f"::float</c>.</summary>
    public static IEnumerable<string> TypedFields(FieldSchema schema) =>
        KindsOf(schema).Select(field => $"{Identifier(field.Key.ToString())}::{field.Type.Name()}");

    /// <summary>Every field by every kind that counts can tell apart: a number of a field with several types counts as a float.</summary>
    /// <exception cref="RejectedException">InfluxQL can't name a field.</exception>
    public static IEnumerable<FieldCountKey> KindsOf(FieldSchema schema)
    {
        foreach (var (key, types) in schema.Fields)
        {
            if (!IsSayable(key))
                throw new RejectedException(
                    RejectionKind.Unsupported,
                    UnsayableReason(key));
            var kinds = types.Count == 1 ? types : types.Select(type => type is FieldType.Integer or FieldType.Unsigned ? FieldType.Float : type).Distinct();
            foreach (var kind in kinds)
                yield return new FieldCountKey(key, kind);
        }
    }

    /// <summary>Why a measurement's values can't be counted, and so not be found; null where they can.</summary>
    public static string? UncountableReason(FieldSchema schema) =>
        schema.HasConflict && schema.Fields.Select(field => field.Key).FirstOrDefault(key => !IsSayable(key)) is { Bytes.IsEmpty: false } key ? UnsayableReason(key) : null;

    /// <summary>The first value of each field of a measurement, in all of it or of each of its series.</summary>
    public static string FirstValues(string measurement, FieldSchema schema, bool bySeries)
    {
        var columns = schema.HasConflict ? TypedFields(schema) : [FieldColumns(schema)];
        return $"SELECT {string.Join(", ", columns.Select(column => $"first({column})"))} FROM {Source(measurement)}{(bySeries ? " GROUP BY *" : "")}";
    }

    /// <summary>
    /// How many series of one bucket some measurements have; counts what can't be read too. Not by <c>SHOW SERIES EXACT
    /// CARDINALITY</c>: it counts a series once for each of its shards (seen on 1.6.7).
    /// </summary>
    public static string CountSeries(IEnumerable<ByteKey> measurements) => $"SELECT count(distinct(_seriesKey)) FROM {Sources(measurements)}";

    /// <summary>A condition on tags, all of which must match; null for none.</summary>
    public static string? TagCondition(IEnumerable<KeyValuePair<string, string>> tags)
    {
        var terms = tags.Select(tag => $"{Identifier(tag.Key)}::tag = {Literal(tag.Value)}").ToList();
        return terms.Count == 0 ? null : string.Join(" AND ", terms);
    }

    /// <summary>A statement as messages show it: cut to 300 characters, and without the password that it sets.</summary>
    public static string Shown(string statement)
    {
        if (statement.StartsWith("CREATE USER ", StringComparison.Ordinal) || statement.StartsWith("SET PASSWORD ", StringComparison.Ordinal))
            return $"{statement[..statement.LastIndexOf(" '", StringComparison.Ordinal)]} ***";
        return statement.Length > 300 ? statement[..300] + "…" : statement;
    }

    // Stop is excluded; the largest long takes in the last time that a point can have.
    private static string Times(TimeRange range) => $"time >= {range.Start} AND time < {range.Stop}";

    private static string And(string? condition) => condition is null ? "" : $" AND {condition}";

    // A text with bytes that are no UTF-8 is not the name any more.
    private static bool IsSayable(ByteKey key) => CanSay(key.ToString()) && key.IsUtf8;

    private static string UnsayableReason(ByteKey key) =>
        $"the field '{key.Readable()}' has a carriage return, a NUL or bytes that are no UTF-8 in its name, which InfluxQL can't name, and the measurement "
        + "has a field of several types, so that each must be counted by its name";

    // Matches the text and nothing else.
    private static string Pattern(string text)
    {
        var regex = new StringBuilder(text.Length * 2);
        foreach (var c in text)
        {
            if (c > '\x7f' || char.IsAsciiLetterOrDigit(c))
                regex.Append(c);
            else
                regex.Append(System.Globalization.CultureInfo.InvariantCulture, $"\\x{(int)c:x2}");
        }
        return regex.ToString();
    }

    private static string Escape(string text, char quote)
    {
        var escaped = new StringBuilder(text.Length + 8);
        foreach (var c in text)
        {
            if (c == '\n')
                escaped.Append("\\n");
            else if (c == quote || c == '\\')
                escaped.Append('\\').Append(c);
            else
                escaped.Append(c);
        }
        return escaped.ToString();
    }
}
