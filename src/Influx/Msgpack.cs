using System.Buffers.Binary;
using System.Runtime.CompilerServices;

namespace Influx;

/// <summary>Reads the msgpack that InfluxDB answers with (github.com/msgpack/msgpack spec.md); spans only, no objects.</summary>
internal static class Msgpack
{
    public const byte Nil = 0xc0;
    public const byte False = 0xc2;
    public const byte True = 0xc3;
    public const byte Float64 = 0xcb;

    /// <summary>Moves past one whole value, its children included.</summary>
    /// <returns>False when the data ends first; position is then of no use.</returns>
    /// <exception cref="InvalidDataException">The byte 0xc1, which no value starts with.</exception>
    public static bool TrySkip(ReadOnlySpan<byte> data, ref int position)
    {
        var values = 1L;
        while (values > 0)
        {
            if (position >= data.Length)
                return false;
            values--;
            var head = data[position++];
            long skip;
            switch (head)
            {
                case <= 0x7f or >= 0xe0 or Nil or False or True:
                    continue;
                case <= 0x8f:
                    values += (head & 0x0f) * 2;
                    continue;
                case <= 0x9f:
                    values += head & 0x0f;
                    continue;
                case <= 0xbf:
                    skip = head & 0x1f;
                    break;
                case 0xcc or 0xd0:
                    skip = 1;
                    break;
                case 0xcd or 0xd1 or 0xd4:
                    skip = 2;
                    break;
                case 0xce or 0xd2 or 0xca:
                    skip = 4;
                    break;
                case 0xcf or 0xd3 or Float64:
                    skip = 8;
                    break;
                case 0xd5 or 0xd6 or 0xd7 or 0xd8:
                    skip = 1 + (2 << (head - 0xd5));
                    break;
                default:
                    if (!TryReadLength(data, ref position, head, out var length))
                        return false;
                    if (head is 0xdc or 0xdd)
                    {
                        values += length;
                        continue;
                    }
                    if (head is 0xde or 0xdf)
                    {
                        values += length * 2;
                        continue;
                    }
                    skip = head is 0xc7 or 0xc8 or 0xc9 ? length + 1 : length;
                    break;
            }
            if (skip > data.Length - position)
                return false;
            position += (int)skip;
        }
        return true;
    }

    /// <summary>The entries of a map whose head is at the position.</summary>
    public static bool TryReadMap(ReadOnlySpan<byte> data, ref int position, out int count) =>
        TryReadHead(data, ref position, 0x80, 0xde, 0xdf, "a map", out count);

    /// <summary>The items of an array whose head is at the position.</summary>
    public static bool TryReadArray(ReadOnlySpan<byte> data, ref int position, out int count) =>
        TryReadHead(data, ref position, 0x90, 0xdc, 0xdd, "an array", out count);

    /// <summary>The bytes of a string at the position; a part of the data.</summary>
    public static bool TryReadString(ReadOnlySpan<byte> data, ref int position, out ReadOnlySpan<byte> text)
    {
        text = default;
        if (position >= data.Length)
            return false;
        var head = data[position++];
        long length;
        if ((head & 0xe0) == 0xa0)
            length = head & 0x1f;
        else if (head is not (0xd9 or 0xda or 0xdb or 0xc4 or 0xc5 or 0xc6))
            throw Unexpected(head, "a string");
        else if (!TryReadLength(data, ref position, head, out length))
            return false;
        if (length > data.Length - position)
            return false;
        text = data.Slice(position, (int)length);
        position += (int)length;
        return true;
    }

    /// <summary>A boolean at the position.</summary>
    public static bool TryReadBoolean(ReadOnlySpan<byte> data, ref int position, out bool value)
    {
        value = false;
        if (position >= data.Length)
            return false;
        var head = data[position++];
        if (head is not (True or False))
            throw Unexpected(head, "a boolean");
        value = head == True;
        return true;
    }

    /// <summary>An integer of a whole row; unsigned says that it was marked as one, which only values of 128 and more are.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static long ReadInteger(ReadOnlySpan<byte> data, ref int position, out bool unsigned)
    {
        var head = data[position++];
        unsigned = head is >= 0xcc and <= 0xcf;
        var at = data[position..];
        switch (head)
        {
            case 0xd3 or 0xcf:
                position += 8;
                return BinaryPrimitives.ReadInt64BigEndian(at);
            case 0xd2:
                position += 4;
                return BinaryPrimitives.ReadInt32BigEndian(at);
            case 0xce:
                position += 4;
                return BinaryPrimitives.ReadUInt32BigEndian(at);
            case 0xd1:
                position += 2;
                return BinaryPrimitives.ReadInt16BigEndian(at);
            case 0xcd:
                position += 2;
                return BinaryPrimitives.ReadUInt16BigEndian(at);
            case 0xd0:
                position++;
                return (sbyte)at[0];
            case 0xcc:
                position++;
                return at[0];
            case <= 0x7f or >= 0xe0:
                return (sbyte)head;
            default:
                throw Unexpected(head, "an integer");
        }
    }

    public static InvalidDataException Unexpected(byte head, string expected) =>
        new($"the answer holds the msgpack byte 0x{head:x2} where {expected} should be");

    private static bool TryReadHead(
        ReadOnlySpan<byte> data, ref int position, byte fix, byte two, byte four, string expected, out int count)
    {
        count = 0;
        if (position >= data.Length)
            return false;
        var head = data[position++];
        if ((head & 0xf0) == fix)
        {
            count = head & 0x0f;
            return true;
        }
        if (head != two && head != four)
            throw Unexpected(head, expected);
        if (!TryReadLength(data, ref position, head, out var length))
            return false;
        if (length > int.MaxValue)
            throw new InvalidDataException($"the answer announces {expected} of {length} items");
        count = (int)length;
        return true;
    }

    private static bool TryReadLength(ReadOnlySpan<byte> data, ref int position, byte head, out long length)
    {
        length = 0;
        var size = head switch
        {
            0xc4 or 0xc7 or 0xd9 => 1,
            0xc5 or 0xc8 or 0xda or 0xdc or 0xde => 2,
            0xc6 or 0xc9 or 0xdb or 0xdd or 0xdf => 4,
            _ => throw Unexpected(head, "a value"),
        };
        if (data.Length - position < size)
            return false;
        for (var i = 0; i < size; i++)
            length = (length << 8) | data[position++];
        return true;
    }
}
