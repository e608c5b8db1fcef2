using System.Collections.Concurrent;
using Migration;

namespace Functions.Handlers;

/// <summary>Which chunks are done already, so that a resumed execution has only the others for items.</summary>
internal static class ReceiptLists
{
    private const int ReadsAtOnce = 32;

    /// <summary>The chunks that have an export receipt.</summary>
    public static async Task<IReadOnlySet<string>> ExportedAsync(IStagingStore store, MigrationPlan plan, CancellationToken cancellationToken) =>
        await ListedAsync(store, plan, StagingLayout.ExportReceipt, cancellationToken);

    /// <summary>The chunks whose very object is imported.</summary>
    public static Task<IReadOnlySet<string>> ImportedAsync(
        IStagingStore store, MigrationPlan plan, SealedManifest manifest, CancellationToken cancellationToken) => DoneAsync(
            store, plan, manifest, StagingLayout.ImportReceipt,
            async (key, pinned) => await store.ReadJsonAsync(key, MigrationJson.Default.ImportReceipt, cancellationToken) is { } receipt
                && receipt.Sha256 == pinned.Sha256,
            cancellationToken);

    /// <summary>The chunks whose very object was found right at the destination, in the way that is asked for.</summary>
    public static Task<IReadOnlySet<string>> VerifiedAsync(
        IStagingStore store, MigrationPlan plan, SealedManifest manifest, CancellationToken cancellationToken) => DoneAsync(
            store, plan, manifest, StagingLayout.VerifyReceipt,
            async (key, pinned) => await store.ReadJsonAsync(key, MigrationJson.Default.VerifyReceipt, cancellationToken) is { } receipt
                && receipt.Sha256 == pinned.Sha256 && receipt.Mode == plan.Request.Verify && receipt.Differences.Count == 0,
            cancellationToken);

    // A list costs a call for a thousand receipts; only those that are there are read.
    private static async Task<IReadOnlySet<string>> DoneAsync(
        IStagingStore store, MigrationPlan plan, SealedManifest manifest, Func<string, string> key, Func<string, SealedChunk, Task<bool>> isDone, CancellationToken cancellationToken)
    {
        var listed = await ListedAsync(store, plan, key, cancellationToken);
        var done = new ConcurrentDictionary<string, bool>(StringComparer.Ordinal);
        await Parallel.ForEachAsync(
            manifest.Chunks.Where(pinned => listed.Contains(pinned.Chunk)),
            new ParallelOptions { MaxDegreeOfParallelism = ReadsAtOnce, CancellationToken = cancellationToken },
            async (pinned, _) =>
            {
                if (await isDone(key(pinned.Chunk), pinned))
                    done[pinned.Chunk] = true;
            });
        return done.Keys.ToHashSet(StringComparer.Ordinal);
    }

    private static async Task<HashSet<string>> ListedAsync(
        IStagingStore store, MigrationPlan plan, Func<string, string> key, CancellationToken cancellationToken)
    {
        var listed = new HashSet<string>(StringComparer.Ordinal);
        await foreach (var found in store.ListAsync(Folder(key), cancellationToken))
            listed.Add(found.Key);
        return plan.Chunks.Select(chunk => chunk.Id).Where(id => listed.Contains(key(id))).ToHashSet(StringComparer.Ordinal);
    }

    private static string Folder(Func<string, string> key)
    {
        var example = key("");
        return example[..(example.LastIndexOf('/') + 1)];
    }
}
