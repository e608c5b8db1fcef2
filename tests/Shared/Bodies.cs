using System.Buffers.Binary;
using System.IO.Compression;
using System.IO.Hashing;

namespace TestServers;

/// <summary>Reads request bodies into memory.</summary>
internal static class Bodies
{
    /// <summary>The whole body, or null when it is above the limit.</summary>
    internal static async Task<byte[]?> ReadAsync(Stream body, long? limit)
    {
        using var copy = new MemoryStream();
        var buffer = new byte[64 * 1024];
        int read;
        while ((read = await body.ReadAsync(buffer)) > 0)
        {
            copy.Write(buffer.AsSpan(0, read));
            if (copy.Length > limit)
                return null;
        }
        return copy.ToArray();
    }

    /// <summary>Unpacks gzip of any number of members.</summary>
    /// <exception cref="InvalidDataException">It is no gzip, or it ends too early.</exception>
    internal static byte[] Gunzip(byte[] bytes)
    {
        if (bytes.Length < 18 || bytes[0] != 0x1f || bytes[1] != 0x8b)
            throw new InvalidDataException("no gzip header");
        using var unpacked = new MemoryStream();
        using var gzip = new GZipStream(new MemoryStream(bytes), CompressionMode.Decompress);
        gzip.CopyTo(unpacked);
        var all = unpacked.ToArray();
        // GZipStream takes a stream that just ends; the trailer of the last member tells.
        var length = BinaryPrimitives.ReadUInt32LittleEndian(bytes.AsSpan(^4..));
        if (length > all.Length || Crc32.HashToUInt32(all.AsSpan(^(int)length..)) != BinaryPrimitives.ReadUInt32LittleEndian(bytes.AsSpan(^8..^4)))
            throw new InvalidDataException("unexpected end");
        return all;
    }
}
