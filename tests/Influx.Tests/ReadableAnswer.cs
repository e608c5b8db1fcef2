using System.Buffers.Binary;
using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace Influx.Tests;

/// <summary>Turns an answer's body into text that two servers agree on: times of the run are masked, msgpack maps are sorted.</summary>
internal static partial class ReadableAnswer
{
    public static string Of(byte[] body, string? contentType)
    {
        if (contentType == "application/x-msgpack")
            return MessagePack(body);
        var text = Encoding.UTF8.GetString(body);
        text = RunTime().Replace(text, "${name}TIME\"");
        text = Commit().Replace(text, "\"commit\": \"X\"");
        return ServerTime().Replace(text, "\"TIME\"");
    }

    private static string MessagePack(ReadOnlySpan<byte> rest)
    {
        var text = new StringBuilder();
        while (!rest.IsEmpty)
            text.Append(Value(ref rest)).Append('\n');
        return text.ToString();
    }

    private static string Value(ref ReadOnlySpan<byte> rest)
    {
        var head = rest[0];
        rest = rest[1..];
        switch (head)
        {
            case < 0x80 or >= 0xe0:
                return $"{(sbyte)head}";
            case < 0x90:
                return Map(ref rest, head & 0x0f);
            case < 0xa0:
                return List(ref rest, head & 0x0f);
            case < 0xc0:
                return Text(ref rest, head & 0x1f);
            case 0xc0:
                return "nil";
            case 0xc2 or 0xc3:
                return head == 0xc3 ? "true" : "false";
            case 0xc7:
                return $"ext {Convert.ToHexString(Take(ref rest, Take(ref rest, 1)[0] + 1))}";
            case 0xcb:
                return $"float {BinaryPrimitives.ReadDoubleBigEndian(Take(ref rest, 8)).ToString("r", CultureInfo.InvariantCulture)}";
            case >= 0xcc and <= 0xcf:
                return $"uint {Convert.ToHexString(Take(ref rest, 1 << (head - 0xcc)))}";
            case >= 0xd0 and <= 0xd3:
                return $"int {Convert.ToHexString(Take(ref rest, 1 << (head - 0xd0)))}";
            case 0xd9:
                return Text(ref rest, Take(ref rest, 1)[0]);
            case 0xda:
                return Text(ref rest, BinaryPrimitives.ReadUInt16BigEndian(Take(ref rest, 2)));
            case 0xdc:
                return List(ref rest, BinaryPrimitives.ReadUInt16BigEndian(Take(ref rest, 2)));
            default:
                throw new InvalidDataException($"msgpack {head:x2}");
        }
    }

    private static ReadOnlySpan<byte> Take(ref ReadOnlySpan<byte> rest, int count)
    {
        var taken = rest[..count];
        rest = rest[count..];
        return taken;
    }

    private static string Text(ref ReadOnlySpan<byte> rest, int length) => $"'{Encoding.UTF8.GetString(Take(ref rest, length))}'";

    private static string List(ref ReadOnlySpan<byte> rest, int count)
    {
        var items = new List<string>();
        for (var i = 0; i < count; i++)
            items.Add(Value(ref rest));
        return $"[{string.Join(", ", items)}]";
    }

    private static string Map(ref ReadOnlySpan<byte> rest, int count)
    {
        var pairs = new SortedSet<string>(StringComparer.Ordinal);
        for (var i = 0; i < count; i++)
            pairs.Add($"{Value(ref rest)}: {Value(ref rest)}");
        return $"{{{string.Join(", ", pairs)}}}";
    }

    [GeneratedRegex("(?<name>\"(createdAt|updatedAt|started|up)\": \")[^\"]*\"", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex RunTime();

    /// <summary>Points without a timestamp; every other recorded time is before 2026 or far behind.</summary>
    [GeneratedRegex("\"20(2[6-9]|[3-9][0-9])-[0-9T:.-]*Z\"", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex ServerTime();

    [GeneratedRegex("\"commit\": \"[^\"]*\"", RegexOptions.None, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Commit();
}
