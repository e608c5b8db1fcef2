using System.Buffers.Binary;
using System.Text;

namespace Migration.Tests.Faults;

/// <summary>The documents of a chunked msgpack answer, which stand one behind the other without anything between them.</summary>
internal static class MsgpackDocuments
{
    /// <summary>Cuts an answer into its documents.</summary>
    public static List<byte[]> Split(byte[] answer)
    {
        var documents = new List<byte[]>();
        for (var start = 0; start < answer.Length;)
        {
            var end = Skip(answer, start);
            documents.Add(answer[start..end]);
            start = end;
        }
        return documents;
    }

    /// <summary>A result that says that its statement failed, as 1.6.7 sends it under the status 200.</summary>
    public static byte[] Error(string text) =>
        [0x81, 0xa7, .. "results"u8, 0x91, 0x81, 0xa5, .. "error"u8, 0xd9, (byte)Encoding.UTF8.GetByteCount(text), .. Encoding.UTF8.GetBytes(text)];

    private static int Skip(byte[] data, int at)
    {
        var code = data[at++];
        return code switch
        {
            <= 0x7f or >= 0xe0 or 0xc0 or 0xc2 or 0xc3 => at,
            <= 0x8f => SkipAll(data, at, 2 * (code & 0xf)),
            <= 0x9f => SkipAll(data, at, code & 0xf),
            <= 0xbf => at + (code & 0x1f),
            0xc4 or 0xd9 => at + 1 + data[at],
            0xc5 or 0xda => at + 2 + BinaryPrimitives.ReadUInt16BigEndian(data.AsSpan(at)),
            0xc6 or 0xdb => at + 4 + BinaryPrimitives.ReadInt32BigEndian(data.AsSpan(at)),
            0xcc or 0xd0 => at + 1,
            0xcd or 0xd1 => at + 2,
            0xca or 0xce or 0xd2 => at + 4,
            0xcb or 0xcf or 0xd3 => at + 8,
            0xdc => SkipAll(data, at + 2, BinaryPrimitives.ReadUInt16BigEndian(data.AsSpan(at))),
            0xdd => SkipAll(data, at + 4, BinaryPrimitives.ReadInt32BigEndian(data.AsSpan(at))),
            0xde => SkipAll(data, at + 2, 2 * BinaryPrimitives.ReadUInt16BigEndian(data.AsSpan(at))),
            0xdf => SkipAll(data, at + 4, 2 * BinaryPrimitives.ReadInt32BigEndian(data.AsSpan(at))),
            _ => throw new InvalidDataException($"0x{code:x2} is not in the answers of a 1.6.7"),
        };
    }

    private static int SkipAll(byte[] data, int at, int values)
    {
        for (var i = 0; i < values; i++)
            at = Skip(data, at);
        return at;
    }
}
