using System.Buffers;
using System.Security.Cryptography;

namespace Migration;

/// <summary>
/// Between export and import: checks that every planned window has been exported once, and that each object is there as its
/// receipt says, and seals them.
/// </summary>
/// <param name="store">The staging store.</param>
/// <param name="plan">The plan.</param>
/// <param name="time">The clock.</param>
/// <param name="progress">What is counted.</param>
public sealed class Stager(IStagingStore store, MigrationPlan plan, TimeProvider time, StageProgress progress)
{
    private const int BufferBytes = 256 * 1024;

    private readonly string planSha256 = plan.Sha256 ?? throw new InvalidOperationException("a plan is stored before its chunks are");

    /// <summary>Checks everything and seals the manifest; a manifest that is there is checked against the objects.</summary>
    /// <exception cref="StagingException">An object is missing, changed or extra; it is named.</exception>
    public async Task<SealedManifest> StageAsync(CancellationToken cancellationToken) =>
        await StageAsync(continuation: null, cancellationToken) ?? throw new InvalidOperationException("without a deadline everything is checked");

    /// <summary>The same in several calls.</summary>
    /// <returns>Null when the deadline came first: the next call goes on.</returns>
    /// <inheritdoc cref="StageAsync(CancellationToken)"/>
    public async Task<SealedManifest?> StageAsync(Continuation? continuation, CancellationToken cancellationToken)
    {
        if (await CheckAllAsync(continuation, cancellationToken) is not { } segments)
            return null;
        await RefuseExtrasAsync(StagingLayout.Chunks, segments.Select(segment => segment.Key), cancellationToken);
        await RefuseExtrasAsync(StagingLayout.ExportReceipts, segments.Select(segment => StagingLayout.ExportReceipt(segment.Id)), cancellationToken);
        var manifest = new SealedManifest { Sealed = time.GetUtcNow(), PlanSha256 = planSha256, Chunks = segments };
        if (await SealedAsync(cancellationToken) is { } earlier)
            return Same(earlier, manifest);
        if (await store.WriteJsonAsync(StagingLayout.Manifest, manifest, MigrationJson.Default.SealedManifest, replace: false, cancellationToken))
            return manifest;
        // Another call at the same time was first: what it saw must be what is here.
        return await SealedAsync(cancellationToken) is { } others
            ? Same(others, manifest)
            : throw new StagingException($"another run sealed {store.Location} at the same time and removed it: run again", StagingFault.Raced);
    }

    private Task<SealedManifest?> SealedAsync(CancellationToken cancellationToken) =>
        store.ReadJsonAsync(StagingLayout.Manifest, MigrationJson.Default.SealedManifest, cancellationToken);

    private async Task<List<SealedChunk>?> CheckAllAsync(Continuation? continuation, CancellationToken cancellationToken)
    {
        var deadline = new Deadline(continuation?.StopBy, time);
        var partial = continuation is null ? null : await store.ReadJsonAsync(continuation.Key, MigrationJson.Default.SealedManifest, cancellationToken);
        var segments = new List<SealedChunk>(partial?.PlanSha256 == planSha256 && partial.Run == continuation!.Run ? partial.Chunks : []);
        // All segments of a chunk are there or none.
        var next = segments.Count == 0 ? 0 : Chunk.NumberOf(segments[^1].Chunk) + 1;
        // As each chunk begins only when the deadline allows, those under way are ended and kept.
        await foreach (var ofChunk in ReadAhead.InOrderAsync(Begin(plan.Chunks.Skip(next), deadline), Checked, cancellationToken))
        {
            segments.AddRange(ofChunk);
            next++;
        }
        if (next == plan.Chunks.Count)
            return segments;
        await store.WriteJsonAsync(
            continuation!.Key, new SealedManifest { Run = continuation.Run, PlanSha256 = planSha256, Chunks = segments }, MigrationJson.Default.SealedManifest, replace: true, cancellationToken);
        return null;

        async Task<IReadOnlyList<SealedChunk>> Checked(Chunk chunk, CancellationToken token)
        {
            var found = await CheckAsync(chunk, token);
            deadline.End(Cost(chunk));
            return found;
        }
    }

    private static IEnumerable<Chunk> Begin(IEnumerable<Chunk> chunks, Deadline deadline)
    {
        foreach (var chunk in chunks.TakeWhile(chunk => deadline.Allows(Cost(chunk))))
        {
            deadline.Begin(Cost(chunk));
            yield return chunk;
        }
    }

    // Where objects are hashed it is their size that counts, elsewhere their number.
    private static long Cost(Chunk chunk) => 10_000 + chunk.FieldValues;

    private async Task RefuseExtrasAsync(string folder, IEnumerable<string> keys, CancellationToken cancellationToken)
    {
        var known = keys.ToHashSet(StringComparer.Ordinal);
        await foreach (var found in store.ListAsync(folder, cancellationToken))
        {
            if (!known.Contains(found.Key))
                throw new StagingException($"'{found.Key}' in {store.Location} belongs to no planned chunk: remove it if it is not needed, then run again");
        }
    }

    private async Task<IReadOnlyList<SealedChunk>> CheckAsync(Chunk chunk, CancellationToken cancellationToken)
    {
        var chain = new SegmentChain(store, plan, chunk);
        await chain.FollowAsync(cancellationToken);
        if (!chain.IsWhole)
        {
            throw new StagingException(
                $"the windows {chain.Windows} to {chunk.Windows.Count - 1} of the chunk {chunk.Id} have no export receipt "
                + $"('{StagingLayout.ExportReceipt(chain.Rest.Id)}' in {store.Location}): run the migration again, which exports them",
                StagingFault.Unfinished);
        }
        var segments = new List<SealedChunk>(chain.Segments.Count);
        foreach (var (receipt, receiptSha256) in chain.Segments)
        {
            var segment = new SealedChunk(
                chunk.Id, receipt.Key, receipt.Bytes, receipt.Sha256, receipt.Version, receiptSha256, segments.Count + 1, receipt.FirstWindow, receipt.WindowCount);
            // A version's bytes never change, and S3 compared the checksum when it was written.
            if (receipt.Version is null || receipt.Checksum is null
                || await store.FindAsync(receipt.Key, receipt.Version, cancellationToken) != new StagedObject(receipt.Key, receipt.Bytes, receipt.Version, receipt.Checksum))
                await HashObjectAsync(segment, cancellationToken);
            await CheckRejectedAsync(segment.Id, receipt, cancellationToken);
            progress.Add(receipt.Points, receipt.FieldValues);
            progress.AddBytes(receipt.Bytes);
            segments.Add(segment);
        }
        progress.ChunkDone();
        return segments;
    }

    private async Task CheckRejectedAsync(string segment, ExportReceipt receipt, CancellationToken cancellationToken)
    {
        if (receipt.Rejected.Count == 0)
            return;
        var (key, kept) = (StagingLayout.Rejected(segment), receipt.Rejected.Sum(left => left.FieldValues));
        if (await LeftOutLines.CountAsync(store, key, cancellationToken) is var lines && lines < kept)
            throw new StagingException(
                $"'{key}' in {store.Location} has {lines} of the {kept} field values that were kept out of the export: {Anew(segment)}");
    }

    private async Task HashObjectAsync(SealedChunk segment, CancellationToken cancellationToken)
    {
        await using var content = await OpenAsync(segment, cancellationToken);
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var buffer = ArrayPool<byte>.Shared.Rent(BufferBytes);
        var bytes = 0L;
        for (int read; (read = await content.ReadAsync(buffer, cancellationToken)) > 0; bytes += read)
            hash.AppendData(buffer, 0, read);
        ArrayPool<byte>.Shared.Return(buffer);
        if (bytes != segment.Bytes || Convert.ToHexStringLower(hash.GetCurrentHash()) != segment.Sha256)
            throw Changed(segment, $"has {bytes} bytes with another checksum than the {segment.Bytes} that its receipt vouches for");
    }

    private async Task<Stream> OpenAsync(SealedChunk chunk, CancellationToken cancellationToken)
    {
        try
        {
            return await store.ReadAsync(chunk.Key, chunk.Version, from: 0, cancellationToken);
        }
        catch (FileNotFoundException)
        {
            throw Changed(chunk, "is missing");
        }
    }

    private StagingException Changed(SealedChunk chunk, string what) => new(
        $"'{chunk.Key}' in {store.Location} {what}: {Anew(chunk.Id)}");

    private static string Anew(string segment) =>
        $"to export it anew from the source, remove '{StagingLayout.ExportReceipt(segment)}' and '{StagingLayout.Manifest}', and run the same command again";

    private SealedManifest Same(SealedManifest earlier, SealedManifest now)
    {
        if (earlier.PlanSha256 != now.PlanSha256)
            throw new StagingException($"'{StagingLayout.Plan}' in {store.Location} was changed after '{StagingLayout.Manifest}' was sealed: remove the manifest to seal anew, or start over with another --dir-name");
        if (earlier.Chunks.Count != now.Chunks.Count)
            throw new StagingException($"{store.Location} has {now.Chunks.Count} segments where '{StagingLayout.Manifest}' seals {earlier.Chunks.Count}: remove it to seal anew, and the import and verify receipts");
        foreach (var (before, after) in earlier.Chunks.Zip(now.Chunks))
        {
            if (before != after)
                throw new StagingException($"'{after.Key}' in {store.Location} or its receipt was changed after the manifest was sealed: remove '{StagingLayout.Manifest}' to seal anew, and the import and verify receipts of {after.Id}");
        }
        return earlier;
    }
}
