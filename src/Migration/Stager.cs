using System.Security.Cryptography;

namespace Migration;

/// <summary>Between export and import: checks that every planned chunk has one export whose object is there as its receipt says, and seals them.</summary>
/// <param name="store">The staging store.</param>
/// <param name="plan">The plan.</param>
/// <param name="planSha256">The SHA-256 of the plan's object.</param>
/// <param name="time">The clock.</param>
/// <param name="progress">What is counted.</param>
public sealed class Stager(IStagingStore store, MigrationPlan plan, string planSha256, TimeProvider time, StageProgress progress)
{
    /// <summary>Checks everything and seals the manifest; a manifest that is there is checked against the objects.</summary>
    /// <exception cref="StagingException">An object is missing, changed or extra; it is named.</exception>
    public async Task<SealedManifest> StageAsync(CancellationToken cancellationToken)
    {
        await RefuseExtrasAsync(cancellationToken);
        var chunks = new List<SealedChunk>(plan.Chunks.Count);
        foreach (var chunk in plan.Chunks)
            chunks.Add(await CheckAsync(chunk, cancellationToken));
        var manifest = new SealedManifest { Sealed = time.GetUtcNow(), PlanSha256 = planSha256, Chunks = chunks };
        if (await store.ReadJsonAsync(StagingLayout.Manifest, MigrationJson.Default.SealedManifest, cancellationToken) is { } earlier)
            return Same(earlier, manifest);
        if (!await store.WriteJsonAsync(StagingLayout.Manifest, manifest, MigrationJson.Default.SealedManifest, replace: false, cancellationToken))
            throw new StagingException($"another run sealed {store.Location} at the same time: let one of them finish, then run again");
        return manifest;
    }

    private async Task RefuseExtrasAsync(CancellationToken cancellationToken)
    {
        var planned = plan.Chunks.Select(chunk => StagingLayout.Chunk(chunk.Id)).ToHashSet(StringComparer.Ordinal);
        await foreach (var found in store.ListAsync(StagingLayout.Chunks, cancellationToken))
        {
            if (!planned.Contains(found.Key))
                throw new StagingException($"'{found.Key}' in {store.Location} belongs to no planned chunk: remove it if it is not needed, then run again");
        }
    }

    private async Task<SealedChunk> CheckAsync(Chunk chunk, CancellationToken cancellationToken)
    {
        var receiptKey = StagingLayout.ExportReceipt(chunk.Id);
        if (await store.ReadHashedAsync(receiptKey, MigrationJson.Default.ExportReceipt, cancellationToken) is not (var receipt, var receiptSha256))
            throw new StagingException($"the chunk {chunk.Id} has no export receipt ('{receiptKey}' in {store.Location}): run the migration again, which exports it");
        var sealedChunk = new SealedChunk(chunk.Id, receipt.Key, receipt.Bytes, receipt.Sha256, receipt.Version, receiptSha256);
        await using var content = await OpenAsync(sealedChunk, cancellationToken);
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var buffer = new byte[256 * 1024];
        var bytes = 0L;
        for (int read; (read = await content.ReadAsync(buffer, cancellationToken)) > 0; bytes += read)
            hash.AppendData(buffer, 0, read);
        if (bytes != receipt.Bytes || Convert.ToHexStringLower(hash.GetCurrentHash()) != receipt.Sha256)
            throw Changed(sealedChunk, $"has {bytes} bytes with another checksum than the {receipt.Bytes} that its receipt vouches for");
        progress.Add(receipt.Points, receipt.FieldValues);
        progress.AddBytes(bytes);
        progress.ChunkDone();
        return sealedChunk;
    }

    private async Task<Stream> OpenAsync(SealedChunk chunk, CancellationToken cancellationToken)
    {
        try
        {
            return await store.ReadAsync(chunk.Key, chunk.Version, cancellationToken);
        }
        catch (FileNotFoundException)
        {
            throw Changed(chunk, "is missing");
        }
    }

    private StagingException Changed(SealedChunk chunk, string what) => new(
        $"'{chunk.Key}' in {store.Location} {what}. To export it anew from the source, remove '{StagingLayout.ExportReceipt(chunk.Chunk)}' "
        + $"and '{StagingLayout.Manifest}', and run the same command again");

    private SealedManifest Same(SealedManifest earlier, SealedManifest now)
    {
        if (earlier.PlanSha256 != now.PlanSha256)
            throw new StagingException($"'{StagingLayout.Plan}' in {store.Location} was changed after '{StagingLayout.Manifest}' was sealed: remove the manifest to seal anew, or start over with another --dir-name");
        foreach (var (before, after) in earlier.Chunks.Zip(now.Chunks))
        {
            if (before != after)
                throw new StagingException($"'{after.Key}' in {store.Location} or its receipt was changed after the manifest was sealed: remove '{StagingLayout.Manifest}' to seal anew, and the import and verify receipts of {after.Chunk}");
        }
        return earlier;
    }
}
