using Influx;
using Microsoft.Extensions.Logging;

namespace Migration;

/// <summary>Compares what the destination holds with what was exported, window by window.</summary>
/// <param name="destination">The destination.</param>
/// <param name="store">The staging store.</param>
/// <param name="plan">The plan.</param>
/// <param name="importer">Imports a window that differs once more.</param>
/// <param name="retry">How transient failures are tried again.</param>
/// <param name="time">The clock.</param>
/// <param name="logger">The log.</param>
/// <param name="progress">What is counted.</param>
public sealed class Verifier(
    IInfluxClient destination, IStagingStore store, MigrationPlan plan, Importer importer, RetryPolicy retry, TimeProvider time, ILogger logger, StageProgress progress)
{
    private readonly WindowCheck check = new(new WindowReader(destination, InfluxQl.TagCondition(plan.Request.Tags)), plan, retry);

    /// <summary>
    /// Verifies a segment, unless its receipt says that this very object was found right in the same way. With a deadline it begins
    /// no window that would probably not end in time, but one in any case; what earlier calls did is found in the store and gone on from.
    /// </summary>
    /// <param name="chunk">The chunk that stands for the segment (<see cref="Segment.All"/>).</param>
    /// <param name="pinned">The object that the manifest pins for it.</param>
    /// <param name="import">Its import.</param>
    /// <param name="bucket">The destination bucket.</param>
    /// <param name="holdsMore">Whether the bucket may hold points of others.</param>
    /// <param name="stopBy">When the last window should have ended, some seconds before the caller's end; null for no deadline.</param>
    /// <param name="cancellationToken">Cancels.</param>
    /// <returns>The receipt; null when a deadline left windows over: call again with the same chunk.</returns>
    /// <exception cref="StagingException">The object is not the one that the manifest pins.</exception>
    public async Task<VerifyReceipt?> VerifyAsync(
        Chunk chunk, SealedChunk pinned, ImportReceipt import, Bucket bucket, bool holdsMore, DateTimeOffset? stopBy, CancellationToken cancellationToken)
    {
        var key = StagingLayout.VerifyReceipt(chunk.Id);
        var done = await store.ReadJsonAsync(key, MigrationJson.Default.VerifyReceipt, cancellationToken);
        await using var staged = await StagedChunk.OpenAsync(store, pinned, retry, cancellationToken);
        if (ReceiptRules.Problem(import, staged.Receipt) is { } problem)
            throw new StagingException($"'{StagingLayout.ImportReceipt(chunk.Id)}' in {store.Location} {problem}: remove it and run again to import the chunk anew");
        if (done is { Differences.Count: 0 } && ReceiptRules.Problem(done, staged.Receipt, import, plan.Request.Verify) is null)
        {
            progress.ChunkSkipped(done.FieldValues);
            return done;
        }
        var clock = time.GetTimestamp();
        var windows = staged.Receipt.Windows;
        var partialKey = StagingLayout.PartialVerify(chunk.Id);
        var partial = await store.ReadJsonAsync(partialKey, MigrationJson.Default.PartialVerify, cancellationToken);
        // What was imported anew since, because some of it had been too large, is compared anew.
        var fits = partial is not null && partial.NextWindow > 0 && partial.SoFar.Started >= import.Started && ReceiptRules.Fits(partial, staged.Receipt, plan.Request.Verify);
        var receipt = fits ? partial!.SoFar : new VerifyReceipt { Chunk = chunk.Id, Sha256 = pinned.Sha256, Mode = plan.Request.Verify, Started = time.GetUtcNow() };
        var next = fits ? partial!.NextWindow : 0;
        var differences = receipt.Differences.ToList();
        var found = receipt.Found.ToList();
        var digest = ContentDigest.Parse(receipt.Digest ?? default(ContentDigest).ToString());
        var deadline = new Deadline(stopBy, time);
        for (; next < windows.Count && deadline.Allows(Cost(windows[next])); next++)
        {
            var window = windows[next];
            deadline.Begin(Cost(window));
            var removed = import.Removed.FirstOrDefault(content => content.Range == window.Range) ?? new WindowContent();
            var compared = await check.CompareAsync(chunk, staged, window, removed, bucket, holdsMore, cancellationToken);
            if (compared.Difference is not null)
            {
                logger.Reimported(chunk.Measurement, window.Range.ToString());
                await importer.RewriteAsync(pinned, window, bucket, cancellationToken);
                receipt = receipt with { Repaired = receipt.Repaired + 1 };
                compared = await check.CompareAsync(chunk, staged, window, removed, bucket, holdsMore, cancellationToken);
            }
            if (compared.Difference is not null)
                differences.Add(compared.Difference);
            found.Add(compared.FieldValues);
            digest += compared.Digest;
            progress.Add(window.Points, window.FieldValues);
            receipt = receipt with { FieldValues = receipt.FieldValues + compared.FieldValues, Further = receipt.Further + compared.Further };
            deadline.End(Cost(window));
        }
        receipt = receipt with
        {
            Windows = next,
            Found = found,
            Digest = plan.Request.Verify == VerifyMode.Content ? digest.ToString() : null,
            Differences = differences,
            Seconds = receipt.Seconds + time.GetElapsedTime(clock).TotalSeconds,
        };
        if (next < windows.Count)
        {
            await store.WriteJsonAsync(
                partialKey, new PartialVerify { NextWindow = next, SoFar = receipt }, MigrationJson.Default.PartialVerify, replace: true, cancellationToken);
            return null;
        }
        await store.WriteJsonAsync(key, receipt, MigrationJson.Default.VerifyReceipt, replace: true, cancellationToken);
        // Whoever removes the receipt wants all of it anew.
        if (partial is not null)
            await store.WriteJsonAsync(partialKey, partial with { NextWindow = 0 }, MigrationJson.Default.PartialVerify, replace: true, cancellationToken);
        progress.ChunkDone();
        logger.ChunkDone("verify", chunk.Id, chunk.Measurement, staged.Receipt.Points, receipt.FieldValues, receipt.Seconds);
        return receipt;
    }

    // A query costs something even when it finds nothing.
    private static long Cost(WindowContent window) => 1_000 + window.FieldValues;
}
