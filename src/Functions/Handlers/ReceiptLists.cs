using System.Collections.Concurrent;
using Migration;

namespace Functions.Handlers;

/// <summary>Which chunks are done already, so that a resumed execution has only the others for items.</summary>
internal static class ReceiptLists
{
    private const int ReadsAtOnce = 32;

    /// <summary>The chunks all of whose windows have export receipts.</summary>
    public static async Task<IReadOnlySet<string>> ExportedAsync(IStagingStore store, MigrationPlan plan, CancellationToken cancellationToken)
    {
        var listed = await ListedAsync(store, StagingLayout.ExportReceipt, cancellationToken);
        return await DoneAsync(
            plan.Chunks.Where(chunk => listed.Contains(StagingLayout.ExportReceipt(chunk.Id))),
            chunk => chunk.Id,
            chunk => SegmentChain.IsExportedAsync(store, plan, chunk, cancellationToken),
            cancellationToken);
    }

    /// <summary>The segments whose very object is imported, and of which nothing was too large.</summary>
    public static async Task<IReadOnlySet<string>> ImportedAsync(IStagingStore store, SealedManifest manifest, CancellationToken cancellationToken)
    {
        var listed = await ListedAsync(store, StagingLayout.ImportReceipt, cancellationToken);
        return await DoneAsync(
            manifest.Chunks.Where(segment => listed.Contains(StagingLayout.ImportReceipt(segment.Id))),
            segment => segment.Id,
            async segment => await store.ReadJsonAsync(StagingLayout.ImportReceipt(segment.Id), MigrationJson.Default.ImportReceipt, cancellationToken) is { } receipt
                && receipt.Sha256 == segment.Sha256 && receipt.TooLargePoints == 0,
            cancellationToken);
    }

    /// <summary>The segments whose very object was found right at the destination, in the way that is asked for.</summary>
    public static async Task<IReadOnlySet<string>> VerifiedAsync(
        IStagingStore store, MigrationPlan plan, SealedManifest manifest, CancellationToken cancellationToken)
    {
        var listed = await ListedAsync(store, StagingLayout.VerifyReceipt, cancellationToken);
        return await DoneAsync(
            manifest.Chunks.Where(segment => listed.Contains(StagingLayout.VerifyReceipt(segment.Id))),
            segment => segment.Id,
            async segment => await store.ReadJsonAsync(StagingLayout.VerifyReceipt(segment.Id), MigrationJson.Default.VerifyReceipt, cancellationToken) is { } receipt
                && receipt.Sha256 == segment.Sha256 && receipt.Mode == plan.Request.Verify && receipt.Differences.Count == 0,
            cancellationToken);
    }

    private static async Task<IReadOnlySet<string>> DoneAsync<T>(
        IEnumerable<T> candidates, Func<T, string> id, Func<T, Task<bool>> isDone, CancellationToken cancellationToken)
    {
        var done = new ConcurrentDictionary<string, bool>(StringComparer.Ordinal);
        await Parallel.ForEachAsync(
            candidates,
            new ParallelOptions { MaxDegreeOfParallelism = ReadsAtOnce, CancellationToken = cancellationToken },
            async (candidate, _) =>
            {
                if (await isDone(candidate))
                    done[id(candidate)] = true;
            });
        return done.Keys.ToHashSet(StringComparer.Ordinal);
    }

    // A list costs a call for a thousand receipts; only those that are there are read.
    private static async Task<HashSet<string>> ListedAsync(IStagingStore store, Func<string, string> key, CancellationToken cancellationToken)
    {
        var listed = new HashSet<string>(StringComparer.Ordinal);
        var example = key("");
        await foreach (var found in store.ListAsync(example[..(example.LastIndexOf('/') + 1)], cancellationToken))
            listed.Add(found.Key);
        return listed;
    }
}
