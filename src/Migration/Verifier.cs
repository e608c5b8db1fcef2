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
    private readonly WindowReader reader = new(destination, InfluxQl.TagCondition(plan.Request.Tags));

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
        if (done is not null && done.Sha256 == pinned.Sha256 && done.Mode == plan.Request.Verify && done.Differences.Count == 0)
        {
            progress.ChunkSkipped(done.FieldValues);
            return done;
        }
        var clock = time.GetTimestamp();
        await using var staged = await StagedChunk.OpenAsync(store, pinned, retry, cancellationToken);
        var windows = staged.Receipt.Windows;
        var partialKey = StagingLayout.PartialVerify(chunk.Id);
        var partial = await store.ReadJsonAsync(partialKey, MigrationJson.Default.PartialVerify, cancellationToken);
        var fits = partial is not null && partial.SoFar.Sha256 == pinned.Sha256 && partial.SoFar.Mode == plan.Request.Verify && partial.NextWindow > 0;
        var receipt = fits ? partial!.SoFar : new VerifyReceipt { Chunk = chunk.Id, Sha256 = pinned.Sha256, Mode = plan.Request.Verify, Started = time.GetUtcNow() };
        var next = fits ? partial!.NextWindow : 0;
        var differences = receipt.Differences.ToList();
        var found = receipt.Found.ToList();
        var deadline = new Deadline(stopBy, time);
        for (; next < windows.Count && deadline.Allows(Cost(windows[next])); next++)
        {
            var window = windows[next];
            deadline.Begin(Cost(window));
            var removed = import.Removed.FirstOrDefault(content => content.Range == window.Range) ?? new WindowContent();
            var (values, further, difference) = await CompareAsync(chunk, staged, window, removed, bucket, holdsMore, cancellationToken);
            if (difference is not null)
            {
                logger.Reimported(chunk.Measurement, window.Range.ToString());
                await importer.RewriteAsync(pinned, window, bucket, cancellationToken);
                receipt = receipt with { Repaired = receipt.Repaired + 1 };
                (values, further, difference) = await CompareAsync(chunk, staged, window, removed, bucket, holdsMore, cancellationToken);
            }
            if (difference is not null)
                differences.Add(difference);
            found.Add(values);
            progress.Add(window.Points, window.FieldValues);
            receipt = receipt with { FieldValues = receipt.FieldValues + values, Further = receipt.Further + further };
            deadline.End(Cost(window));
        }
        receipt = receipt with
        {
            Windows = next,
            Found = found,
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

    private async Task<(long Values, long Further, WindowDifference? Difference)> CompareAsync(
        Chunk chunk, StagedChunk staged, WindowContent window, WindowContent removed, Bucket bucket, bool holdsMore, CancellationToken cancellationToken)
    {
        if (window.FieldValues == removed.FieldValues)
            return (0, 0, null);
        var parts = new WindowParts(window.Range);
        var (same, found) = await parts.ReadAsync(() => SameAsync(chunk, window, removed, parts, bucket, holdsMore, cancellationToken));
        if (same)
            return (found, 0, null);
        var diff = await parts.ReadAsync(() => retry.RunAsync(token => DiffAsync(chunk, staged, window, parts, bucket, token), cancellationToken));
        var missing = diff.MissingBesides(removed);
        if (missing == 0 && diff.Changed == 0 && (holdsMore || diff.Extra == 0))
            return (found - diff.Extra, diff.Extra, null);
        return (found, holdsMore ? diff.Extra : 0, new WindowDifference
        {
            Bucket = bucket.Name,
            Measurement = chunk.Measurement,
            Start = window.Start,
            Stop = window.Stop,
            Missing = missing,
            Extra = diff.Extra,
            Changed = diff.Changed,
            Examples = diff.Examples,
        });
    }

    // A bucket that may hold more has other counts and another digest although all is there: only the points themselves tell.
    private async Task<(bool Same, long Found)> SameAsync(
        Chunk chunk, WindowContent window, WindowContent removed, WindowParts parts, Bucket bucket, bool holdsMore, CancellationToken cancellationToken)
    {
        if (plan.Request.Verify == VerifyMode.Counts && !holdsMore)
        {
            var counts = await retry.RunAsync(token => reader.CountAsync(bucket, chunk.Measurement, parts.Ranges, token), cancellationToken);
            return (FieldCounts.Of(window, removed).Against(counts) == (0, 0), counts.FieldValues);
        }
        var tally = await retry.RunAsync(
            async token =>
            {
                var fresh = new ContentTally();
                await reader.ReadAsync(bucket, chunk.Measurement, parts.Ranges, fresh, token);
                return fresh;
            },
            cancellationToken);
        var expected = ContentDigest.Parse(window.Digest) - ContentDigest.Parse(removed.Digest);
        return (tally.Digest == expected && tally.FieldValues == window.FieldValues - removed.FieldValues, tally.FieldValues);
    }

    private async Task<WindowDiff> DiffAsync(
        Chunk chunk, StagedChunk staged, WindowContent window, WindowParts parts, Bucket bucket, CancellationToken cancellationToken)
    {
        var diff = new WindowDiff();
        foreach (var member in staged.Receipt.Members.Skip(window.FirstMember).Take(window.Members))
        {
            var bytes = await staged.ReadMemberAsync(member, cancellationToken);
            await new LineReader(plan.Dialect).ReadAsync(StagedChunk.Unzip(bytes.AsMemory(0, member.Length)), diff.Expected, cancellationToken);
        }
        await reader.ReadAsync(bucket, chunk.Measurement, parts.Ranges, diff.Found, cancellationToken);
        return diff;
    }

    // A query costs something even when it finds nothing.
    private static long Cost(WindowContent window) => 1_000 + window.FieldValues;
}
