using System.Buffers;
using System.Buffers.Binary;
using System.Globalization;
using System.Text;

namespace TestServers;

/// <summary>
/// Keeps uint64 without loss in a backend that has no such type: a value is stored as a string with a mark in front, and answers of
/// <c>/query</c> show the number again, in the encoding of the format. With that an unsigned field loses against float and integer of
/// other shards as on a real server. What can't work: comparing or computing with it in InfluxQL, and casts to other types; counting
/// and selecting do. <see cref="UnsignedColumns"/> makes up for some of it.
/// </summary>
internal sealed class UnsignedValues(UnsignedValues.Form form)
{
    private const int LongestValue = 32;
    private static readonly byte[] Mark = "\u007fu64\u007f"u8.ToArray();

    private readonly List<byte> held = [];

    internal enum Form
    {
        Json,
        Csv,
        MessagePack,
    }

    /// <summary>The field value that is stored for <c>18446744073709551615u</c>.</summary>
    internal static byte[] Stored(ReadOnlySpan<byte> literal)
    {
        var value = ulong.Parse(literal[..^1], CultureInfo.InvariantCulture);
        return [(byte)'"', .. Mark, .. Encoding.ASCII.GetBytes($"{value}"), (byte)'"'];
    }

    /// <summary>The number of a stored text; null for a text of its own.</summary>
    internal static ulong? Read(string text) =>
        text.StartsWith(Encoding.ASCII.GetString(Mark), StringComparison.Ordinal) ? ulong.Parse(text.AsSpan(Mark.Length), CultureInfo.InvariantCulture) : null;

    /// <summary>Rewrites the next piece of an answer; a value that may go on in the next piece is held back.</summary>
    internal byte[] Rewrite(ReadOnlySpan<byte> piece, bool last)
    {
        held.AddRange(piece);
        var bytes = held.ToArray().AsSpan();
        var output = new ArrayBufferWriter<byte>(bytes.Length + 1);
        while (bytes.IndexOf(Mark) is var mark and > 0 && (last || bytes.Length - mark >= LongestValue))
        {
            var digits = bytes[(mark + Mark.Length)..];
            // In msgpack a digit may be the next value.
            var count = form == Form.MessagePack
                ? (bytes[mark - 1] & 0x1f) - Mark.Length
                : digits.IndexOfAnyExceptInRange((byte)'0', (byte)'9') is var end and >= 0 ? end : digits.Length;
            var value = ulong.Parse(digits[..count], CultureInfo.InvariantCulture);
            // JSON has a quote on both sides, msgpack a length in front.
            output.Write(bytes[..(form == Form.Csv ? mark : mark - 1)]);
            output.Write(form == Form.MessagePack ? Packed(value) : digits[..count]);
            bytes = digits[(form == Form.Json ? count + 1 : count)..];
        }
        var keep = last ? 0 : Math.Min(bytes.Length, bytes.IndexOf(Mark) is var open and >= 0 ? bytes.Length - open + 1 : Mark.Length);
        output.Write(bytes[..(bytes.Length - keep)]);
        held.Clear();
        held.AddRange(bytes[(bytes.Length - keep)..]);
        return output.WrittenSpan.ToArray();
    }

    /// <summary>The shortest form, as the server's encoder picks it.</summary>
    internal static byte[] Packed(ulong value)
    {
        switch (value)
        {
            case < 128:
                return [(byte)value];
            case <= byte.MaxValue:
                return [0xcc, (byte)value];
            case <= ushort.MaxValue:
                var two = new byte[] { 0xcd, 0, 0 };
                BinaryPrimitives.WriteUInt16BigEndian(two.AsSpan(1), (ushort)value);
                return two;
            case <= uint.MaxValue:
                var four = new byte[] { 0xce, 0, 0, 0, 0 };
                BinaryPrimitives.WriteUInt32BigEndian(four.AsSpan(1), (uint)value);
                return four;
            default:
                var eight = new byte[] { 0xcf, 0, 0, 0, 0, 0, 0, 0, 0 };
                BinaryPrimitives.WriteUInt64BigEndian(eight.AsSpan(1), value);
                return eight;
        }
    }
}
