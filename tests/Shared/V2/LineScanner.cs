using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace TestServers;

/// <summary>The type of a field as line protocol writes it.</summary>
internal enum FieldType
{
    Float,
    Integer,
    Unsigned,
    Boolean,
    String,
}

/// <summary>A field of a line; <paramref name="Value"/> is its place in the line.</summary>
internal readonly record struct ScannedField(string Name, FieldType Type, Range Value);

/// <summary>A line of a write.</summary>
/// <param name="Text">Its bytes, without the line end.</param>
/// <param name="Measurement">Unescaped.</param>
/// <param name="Fields">In the line's order.</param>
/// <param name="Time">Nanoseconds, or null where the server's clock is to be taken.</param>
/// <param name="Problem">Why the line is refused; empty when the backend is to find the words.</param>
internal sealed record ScannedLine(ReadOnlyMemory<byte> Text, string Measurement, IReadOnlyList<ScannedField> Fields, long? Time, string? Problem);

/// <summary>
/// Reads line protocol as far as a 2.x server decides on it before it writes: whether a line can be parsed, tag keys that are
/// reserved, field types. Names, escapes and numbers follow the rules of InfluxDB's own parser.
/// </summary>
internal sealed partial class LineScanner(ReadOnlyMemory<byte> line, long unitNanoseconds)
{
    internal const long MinTime = -9223372036854775806;
    internal const long MaxTime = 9223372036854775806;
    private const string AskBackend = "";

    private readonly List<ScannedField> fields = [];
    private string measurement = "";
    private long? time;
    private int at;

    private ReadOnlySpan<byte> Bytes => line.Span;

    /// <summary>Every line that is neither empty nor a comment.</summary>
    /// <param name="body">The body of a write.</param>
    /// <param name="unitNanoseconds">What a timestamp counts.</param>
    internal static List<ScannedLine> Scan(ReadOnlyMemory<byte> body, long unitNanoseconds)
    {
        var lines = new List<ScannedLine>();
        while (!body.IsEmpty)
        {
            body = body.TrimStart(" \t\0"u8);
            var end = EndOfLine(body.Span);
            var line = body[..end];
            body = body[Math.Min(end + 1, body.Length)..];
            if (!line.IsEmpty && line.Span[0] != '#')
                lines.Add(new LineScanner(line, unitNanoseconds).Scan());
        }
        return lines;
    }

    private ScannedLine Scan()
    {
        var problem = Key() ?? FieldSet() ?? Timestamp();
        return new ScannedLine(line, measurement, fields, time, problem);
    }

    /// <summary>A newline ends a line except in a quoted field value.</summary>
    private static int EndOfLine(ReadOnlySpan<byte> body)
    {
        if (!body.IsEmpty && body[0] == '#')
            return body.IndexOf((byte)'\n') is var end and >= 0 ? end : body.Length;
        var (inFields, quoted, equals, commas) = (false, false, 0, 0);
        for (var i = 0; i < body.Length; i++)
        {
            switch (body[i])
            {
                case (byte)'\\':
                    i++;
                    break;
                case (byte)' ':
                    inFields = true;
                    break;
                case (byte)'=' when inFields && !quoted:
                    equals++;
                    break;
                case (byte)',' when inFields && !quoted:
                    commas++;
                    break;
                case (byte)'"' when inFields && equals > commas:
                    quoted = !quoted;
                    break;
                case (byte)'\n' when !quoted:
                    return i;
            }
        }
        return body.Length;
    }

    private string? Key()
    {
        measurement = Name(Until(", "u8));
        if (measurement.Length == 0)
            return AskBackend;
        var keys = new HashSet<string>(StringComparer.Ordinal);
        while (at < line.Length && Bytes[at] == ',')
        {
            at++;
            var key = Name(Until("=, "u8));
            if (key.Length == 0 || at == line.Length || Bytes[at] != '=')
                return AskBackend;
            at++;
            if (Until("=, "u8).IsEmpty || (at < line.Length && Bytes[at] == '=') || !keys.Add(key))
                return AskBackend;
            if (key is "time" or "_field" or "_measurement")
                return $"cannot use reserved tag key \"{key}\"";
        }
        return at > ushort.MaxValue ? AskBackend : null;
    }

    private string? FieldSet()
    {
        SkipSpaces();
        do
        {
            var name = Name(Until("=, "u8));
            if (name.Length == 0 || at == line.Length || Bytes[at] != '=')
                return AskBackend;
            at++;
            var from = at;
            var type = at < line.Length && Bytes[at] == '"' ? Quoted() : Bare();
            if (type is null)
                return AskBackend;
            fields.Add(new ScannedField(name, type.Value, from..at));
        }
        while (at < line.Length && Bytes[at++] == ',');
        return at > line.Length || (at < line.Length && Bytes[at - 1] != ' ') ? AskBackend : null;
    }

    private string? Timestamp()
    {
        SkipSpaces();
        var text = Encoding.ASCII.GetString(Bytes[at..].TrimEnd((byte)' '));
        if (text.Length == 0)
            return null;
        if (!TimestampText().IsMatch(text) || !Int128.TryParse(text, CultureInfo.InvariantCulture, out var count))
            return AskBackend;
        var nanoseconds = count * unitNanoseconds;
        if (nanoseconds < MinTime || nanoseconds > MaxTime)
            return AskBackend;
        time = (long)nanoseconds;
        return null;
    }

    private FieldType? Quoted()
    {
        for (at++; at < line.Length; at++)
        {
            if (Bytes[at] == '\\')
            {
                at++;
            }
            else if (Bytes[at] == '"')
            {
                at++;
                return at == line.Length || Bytes[at] is (byte)',' or (byte)' ' ? FieldType.String : null;
            }
        }
        return null;
    }

    private FieldType? Bare()
    {
        var text = Encoding.UTF8.GetString(Until(", "u8));
        return text switch
        {
            "t" or "T" or "true" or "True" or "TRUE" or "f" or "F" or "false" or "False" or "FALSE" => FieldType.Boolean,
            [.., 'i'] when IntegerText().IsMatch(text) && long.TryParse(text.AsSpan()[..^1], CultureInfo.InvariantCulture, out _) => FieldType.Integer,
            [.., 'u'] when IntegerText().IsMatch(text) && ulong.TryParse(text.AsSpan()[..^1], CultureInfo.InvariantCulture, out _) => FieldType.Unsigned,
            _ when FloatText().IsMatch(text) && double.IsFinite(double.Parse(text, CultureInfo.InvariantCulture)) => FieldType.Float,
            _ => null,
        };
    }

    /// <summary>Up to the first of some characters that no backslash stands before.</summary>
    private ReadOnlySpan<byte> Until(ReadOnlySpan<byte> ends)
    {
        var from = at;
        while (at < line.Length && !(ends.Contains(Bytes[at]) && (at == from || Bytes[at - 1] != '\\')))
            at++;
        return Bytes[from..at];
    }

    private void SkipSpaces()
    {
        while (at < line.Length && Bytes[at] == ' ')
            at++;
    }

    private static string Name(ReadOnlySpan<byte> escaped) => EscapedCharacter().Replace(Encoding.UTF8.GetString(escaped), "${character}");

    [GeneratedRegex(@"\\(?<character>[,= ])", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex EscapedCharacter();

    [GeneratedRegex(@"\A-?[0-9]+\z", RegexOptions.None, matchTimeoutMilliseconds: 1000)]
    private static partial Regex TimestampText();

    [GeneratedRegex(@"\A-?[0-9]+[iu]\z", RegexOptions.None, matchTimeoutMilliseconds: 1000)]
    private static partial Regex IntegerText();

    [GeneratedRegex(@"\A-?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?\z", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex FloatText();
}
