using System.Text;

namespace TestServers;

/// <summary>Writes the few msgpack forms that tables need.</summary>
internal sealed class MessagePack
{
    private readonly List<byte> bytes = [];

    internal byte[] ToArray() => [.. bytes];

    internal void Map(int count) => bytes.AddRange([(byte)(0x80 | count)]);

    internal void Array(int count)
    {
        if (count < 16)
            bytes.AddRange([(byte)(0x90 | count)]);
        else
            bytes.AddRange([0xdc, (byte)(count >> 8), (byte)count]);
    }

    internal void Number(int number)
    {
        if (number is >= 0 and < 128)
            bytes.AddRange([(byte)number]);
        else
            bytes.AddRange([0xd1, (byte)(number >> 8), (byte)number]);
    }

    /// <summary>The shortest signed form, as the server's encoder picks it.</summary>
    private void Integer(long number)
    {
        var (head, length) = number switch
        {
            >= -32 and < 128 => (0, 1),
            >= sbyte.MinValue and <= sbyte.MaxValue => (0xd0, 1),
            >= short.MinValue and <= short.MaxValue => (0xd1, 2),
            >= int.MinValue and <= int.MaxValue => (0xd2, 4),
            _ => (0xd3, 8),
        };
        if (head > 0)
            bytes.Add((byte)head);
        bytes.AddRange(BitConverter.GetBytes(number).Take(length).Reverse());
    }

    internal void Text(string text)
    {
        var utf8 = Encoding.UTF8.GetBytes(text);
        switch (utf8.Length)
        {
            case < 32:
                bytes.AddRange([(byte)(0xa0 | utf8.Length)]);
                break;
            case < 256:
                bytes.AddRange([0xd9, (byte)utf8.Length]);
                break;
            default:
                bytes.AddRange([0xda, (byte)(utf8.Length >> 8), (byte)utf8.Length]);
                break;
        }
        bytes.AddRange(utf8);
    }

    internal void Value(object? value)
    {
        switch (value)
        {
            case bool flag:
                bytes.AddRange([flag ? (byte)0xc3 : (byte)0xc2]);
                break;
            case null:
                bytes.Add(0xc0);
                break;
            case int number:
                Number(number);
                break;
            case long number:
                Integer(number);
                break;
            case ulong number:
                bytes.AddRange(UnsignedValues.Packed(number));
                break;
            case double number:
                bytes.Add(0xcb);
                bytes.AddRange(BitConverter.GetBytes(number).Reverse());
                break;
            default:
                Text((string)value);
                break;
        }
    }
}
