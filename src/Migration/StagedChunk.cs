using System.Buffers;
using System.IO.Compression;
using System.Security.Cryptography;

namespace Migration;

/// <summary>A sealed chunk's object, read member by member; each is checked before anything is done with it.</summary>
internal sealed class StagedChunk : IAsyncDisposable
{
    private readonly IStagingStore store;
    private readonly SealedChunk chunk;
    private Stream? stream;
    private long position;

    private StagedChunk(IStagingStore store, SealedChunk chunk, ExportReceipt receipt)
    {
        this.store = store;
        this.chunk = chunk;
        Receipt = receipt;
    }

    public ExportReceipt Receipt { get; }

    /// <summary>Opens a chunk of the sealed manifest with the receipt that it pins.</summary>
    public static async Task<StagedChunk> OpenAsync(IStagingStore store, SealedChunk chunk, CancellationToken cancellationToken)
    {
        var key = StagingLayout.ExportReceipt(chunk.Id);
        if (await store.ReadHashedAsync(key, MigrationJson.Default.ExportReceipt, cancellationToken) is not (var receipt, var sha256)
            || sha256 != chunk.ReceiptSha256)
            throw new StagingException($"'{key}' in {store.Location} was changed or removed after the manifest was sealed");
        return new StagedChunk(store, chunk, receipt);
    }

    /// <summary>Reads a member; in the order of their offsets this is one pass over the object.</summary>
    /// <returns>Its gzip bytes in a rented array of at least its length.</returns>
    public async Task<byte[]> ReadMemberAsync(Member member, CancellationToken cancellationToken)
    {
        if (stream is null || position != member.Offset)
            await SeekAsync(member.Offset, cancellationToken);
        var bytes = ArrayPool<byte>.Shared.Rent(member.Length);
        try
        {
            await stream!.ReadExactlyAsync(bytes.AsMemory(0, member.Length), cancellationToken);
        }
        catch (EndOfStreamException)
        {
            throw Changed();
        }
        position += member.Length;
        if (Convert.ToHexStringLower(SHA256.HashData(bytes.AsSpan(0, member.Length))) != member.Sha256)
            throw Changed();
        return bytes;
    }

    /// <summary>Unzips a member.</summary>
    public static byte[] Unzip(ReadOnlyMemory<byte> gzip)
    {
        using var text = new MemoryStream();
        using (var unzip = new GZipStream(new MemoryStream(gzip.ToArray()), CompressionMode.Decompress))
            unzip.CopyTo(text);
        return text.ToArray();
    }

    public async ValueTask DisposeAsync()
    {
        if (stream is not null)
            await stream.DisposeAsync();
    }

    private async Task SeekAsync(long offset, CancellationToken cancellationToken)
    {
        await DisposeAsync();
        try
        {
            stream = await store.ReadAsync(chunk.Key, chunk.Version, cancellationToken);
        }
        catch (FileNotFoundException)
        {
            throw Changed();
        }
        position = offset;
        if (stream.CanSeek)
        {
            stream.Seek(offset, SeekOrigin.Begin);
            return;
        }
        var skipped = new byte[64 * 1024];
        for (var left = offset; left > 0;)
        {
            var read = await stream.ReadAsync(skipped.AsMemory(0, (int)Math.Min(left, skipped.Length)), cancellationToken);
            if (read == 0)
                throw Changed();
            left -= read;
        }
    }

    private StagingException Changed() =>
        new($"'{chunk.Key}' in {store.Location} was changed or removed after the manifest was sealed: nothing of the changed part was written");
}
