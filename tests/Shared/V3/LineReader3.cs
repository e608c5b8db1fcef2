using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace TestServers;

/// <summary>A column of a line: a tag, or a field with its literal.</summary>
internal readonly record struct Column3(string Name, FieldType? Type, string Value);

/// <summary>A line as InfluxDB 3 reads it; names are unescaped. A column without a type is a tag.</summary>
internal sealed record Line3(string Table, IReadOnlyList<Column3> Columns, string Time)
{
    /// <summary>The line in the escapes of InfluxDB 1.6.7, where a backslash stands for itself and only separators are escaped.</summary>
    internal void Write(StringBuilder output)
    {
        output.Append(Table.Replace(",", "\\,", StringComparison.Ordinal).Replace(" ", "\\ ", StringComparison.Ordinal));
        foreach (var tag in Columns.Where(column => column.Type is null))
            output.Append(',').Append(Key(tag.Name)).Append('=').Append(Key(tag.Value));
        var separator = ' ';
        foreach (var field in Columns.Where(column => column.Type is not null))
        {
            output.Append(separator).Append(Key(field.Name)).Append('=');
            output.Append(field.Type == FieldType.Unsigned ? Encoding.UTF8.GetString(UnsignedValues.Stored(Encoding.ASCII.GetBytes(field.Value))) : field.Value);
            separator = ',';
        }
        output.Append(Time.Length == 0 ? "" : " ").Append(Time).Append('\n');
    }

    private static string Key(string text) => text.Replace(",", "\\,", StringComparison.Ordinal).Replace("=", "\\=", StringComparison.Ordinal).Replace(" ", "\\ ", StringComparison.Ordinal);
}

/// <summary>
/// Reads line protocol by the rules of InfluxDB 3: in names and tag values <c>\\</c> is one backslash, a name can't end in one,
/// <c>1.</c> and <c>.5</c> are no numbers, a field can't come twice, a string is at most 1 MiB.
/// </summary>
internal sealed partial class LineReader3(string body)
{
    private const int LongestString = 1024 * 1024;
    private int at;

    /// <exception cref="FormatException">A line breaks a rule; its number is in the message.</exception>
    internal List<Line3> ReadAll()
    {
        var lines = new List<Line3>();
        while (at < body.Length)
        {
            if (char.IsWhiteSpace(body[at]))
                at++;
            else if (body[at] == '#')
                at = body.IndexOf('\n', at) is var end and >= 0 ? end : body.Length;
            else
                lines.Add(Line());
        }
        return lines;
    }

    private FormatException Bad(string reason) => new($"line {body.AsSpan(0, Math.Min(at, body.Length)).Count('\n') + 1}: {reason}");

    private Line3 Line()
    {
        var table = Name(", ");
        var columns = new List<Column3>();
        while (Skip(','))
            columns.Add(new Column3(Key(), null, Name(", ")));
        if (!Skip(' '))
            throw Bad("no fields were provided");
        while (Skip(' '))
        {
            // More spaces are one.
        }
        do
            columns.Add(Field(Key()));
        while (Skip(','));
        if (columns.DistinctBy(column => column.Name).Count() != columns.Count)
            throw Bad("a column is given twice");
        var time = Timestamp().Match(body, at);
        at += time.Length;
        if (at < body.Length && body[at] != '\n')
            throw Bad("invalid timestamp");
        return new Line3(table, columns, time.Value.Trim());
    }

    private string Key()
    {
        var name = Name("=, \n");
        return Skip('=') ? name : throw Bad("expected '='");
    }

    private Column3 Field(string name)
    {
        if (name == "time")
            throw Bad("time is reserved");
        var from = at;
        if (Skip('"'))
            return new Column3(name, FieldType.String, Text(from));
        while (at < body.Length && body[at] is not (',' or ' ' or '\n'))
            at++;
        var value = body[from..at];
        FieldType? type = value switch
        {
            "t" or "T" or "true" or "True" or "TRUE" or "f" or "F" or "false" or "False" or "FALSE" => FieldType.Boolean,
            [.. var digits, 'i'] when long.TryParse(digits, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out _) => FieldType.Integer,
            [.. var digits, 'u'] when ulong.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out _) => FieldType.Unsigned,
            _ when FloatText().IsMatch(value) && double.IsFinite(double.Parse(value, CultureInfo.InvariantCulture)) => FieldType.Float,
            _ => null,
        };
        return type is null ? throw Bad($"invalid field value '{value}'") : new Column3(name, type, value);
    }

    private string Text(int from)
    {
        for (; at < body.Length && body[at] != '"'; at++)
        {
            if (body[at] == '\\')
                at++;
        }
        if (!Skip('"'))
            throw Bad("unbalanced quotes");
        var literal = body[from..at];
        return Encoding.UTF8.GetByteCount(literal) - 2 > LongestString ? throw Bad("string is too long") : literal;
    }

    private string Name(string ends)
    {
        var name = new StringBuilder();
        for (; at < body.Length && !ends.Contains(body[at], StringComparison.Ordinal); at++)
        {
            if (body[at] == '\n')
                throw Bad("the line ends inside a name");
            if (body[at] == '\\' && at + 1 < body.Length && body[at + 1] is ('\\' or ',' or '=' or ' '))
                at++;
            name.Append(body[at]);
        }
        if (name.Length == 0 || name[^1] == '\\')
            throw Bad("a name is empty or ends in a backslash");
        return name.ToString();
    }

    private bool Skip(char wanted)
    {
        if (at >= body.Length || body[at] != wanted)
            return false;
        at++;
        return true;
    }

    [GeneratedRegex(@"\G( +-?[0-9]+)? *", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Timestamp();

    [GeneratedRegex(@"\A-?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]+)?\z", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex FloatText();
}
