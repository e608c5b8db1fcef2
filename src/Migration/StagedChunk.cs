using System.Buffers;
using System.IO.Compression;
using System.Security.Cryptography;
using Influx;

namespace Migration;

/// <summary>A sealed chunk's object, read member by member; each is checked before anything is done with it.</summary>
internal sealed class StagedChunk : IAsyncDisposable
{
    private readonly IStagingStore store;
    private readonly SealedChunk chunk;
    private readonly RetryPolicy retry;
    private Stream? stream;
    private long position;

    private StagedChunk(IStagingStore store, SealedChunk chunk, ExportReceipt receipt, RetryPolicy retry)
    {
        this.store = store;
        this.chunk = chunk;
        this.retry = retry;
        Receipt = receipt;
    }

    public ExportReceipt Receipt { get; }

    /// <summary>Opens a chunk of the sealed manifest with the receipt that it pins.</summary>
    public static async Task<StagedChunk> OpenAsync(IStagingStore store, SealedChunk chunk, RetryPolicy retry, CancellationToken cancellationToken) =>
        new(store, chunk, await ReadReceiptAsync(store, chunk, cancellationToken), retry);

    /// <summary>Reads the receipt that the sealed manifest pins.</summary>
    public static async Task<ExportReceipt> ReadReceiptAsync(IStagingStore store, SealedChunk chunk, CancellationToken cancellationToken)
    {
        var key = StagingLayout.ExportReceipt(chunk.Id);
        return await store.ReadHashedAsync(key, MigrationJson.Default.ExportReceipt, cancellationToken) is (var receipt, var sha256)
            && sha256 == chunk.ReceiptSha256
                ? receipt
                : throw new StagingException($"'{key}' in {store.Location} was changed or removed after the manifest was sealed");
    }

    /// <summary>Reads a member; in the order of their offsets this is one pass over the object, gone on with after a cut.</summary>
    /// <returns>Its gzip bytes in a rented array of at least its length.</returns>
    public async Task<byte[]> ReadMemberAsync(Member member, CancellationToken cancellationToken)
    {
        var bytes = ArrayPool<byte>.Shared.Rent(member.Length);
        await retry.RunAsync(token => ReadAsync(member.Offset, bytes.AsMemory(0, member.Length), token), cancellationToken);
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

    private async Task ReadAsync(long offset, Memory<byte> bytes, CancellationToken cancellationToken)
    {
        try
        {
            if (stream is null || position != offset)
            {
                await DisposeAsync();
                stream = await store.ReadAsync(chunk.Key, chunk.Version, offset, cancellationToken);
            }
            // Wherever a failed read stopped, the next one opens the object anew.
            position = -1;
            await stream.ReadExactlyAsync(bytes, cancellationToken);
            position = offset + bytes.Length;
        }
        catch (Exception gone) when (gone is FileNotFoundException or EndOfStreamException)
        {
            throw Changed();
        }
    }

    private StagingException Changed() =>
        new($"'{chunk.Key}' in {store.Location} was changed or removed after the manifest was sealed: nothing of the changed part was written");
}
