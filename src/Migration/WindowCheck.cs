using Influx;

namespace Migration;

/// <summary>What was found of a window.</summary>
/// <param name="FieldValues">The field values, without what a reused bucket holds besides.</param>
/// <param name="Digest">Their digest; zero where only counts were compared.</param>
/// <param name="Further">What a reused bucket holds besides.</param>
/// <param name="Difference">What differs; null when nothing does.</param>
internal readonly record struct CheckedWindow(long FieldValues, ContentDigest Digest, long Further, WindowDifference? Difference);

/// <summary>Compares one window of the destination with its export receipt, and where they differ, with the staged members.</summary>
/// <param name="reader">Reads the destination.</param>
/// <param name="plan">The plan.</param>
/// <param name="retry">How transient failures are tried again.</param>
internal sealed class WindowCheck(WindowReader reader, MigrationPlan plan, RetryPolicy retry)
{
    /// <summary>Compares a window.</summary>
    /// <param name="chunk">The chunk that stands for the segment.</param>
    /// <param name="staged">Its object.</param>
    /// <param name="window">The window of its receipt.</param>
    /// <param name="removed">What the import took out of it.</param>
    /// <param name="bucket">The destination bucket.</param>
    /// <param name="holdsMore">Whether the bucket may hold points of others.</param>
    /// <param name="cancellationToken">Cancels.</param>
    public async Task<CheckedWindow> CompareAsync(
        Chunk chunk, StagedChunk staged, WindowContent window, WindowContent removed, Bucket bucket, bool holdsMore, CancellationToken cancellationToken)
    {
        var parts = new WindowParts(window.Range);
        var (same, digest, found) = await parts.ReadAsync(() => SameAsync(chunk, window, removed, parts, bucket, holdsMore, cancellationToken));
        if (same)
            return new CheckedWindow(found, digest, 0, null);
        var diff = await parts.ReadAsync(() => retry.RunAsync(token => DiffAsync(chunk, staged, window, parts, bucket, token), cancellationToken));
        var missing = diff.MissingBesides(removed);
        var (sum, further) = holdsMore ? (diff.MatchedSum, diff.Extra) : (diff.FoundSum, 0);
        var equal = missing == 0 && diff.Changed == 0 && (holdsMore || diff.Extra == 0);
        // Destination and object agree; whether the receipt does as well is another matter.
        if (equal && diff.Proves(window, removed))
            return new CheckedWindow(sum.FieldValues, sum.Digest, further, null);
        return new CheckedWindow(sum.FieldValues, sum.Digest, further, new WindowDifference
        {
            Bucket = bucket.Name,
            Measurement = chunk.Measurement,
            Start = window.Start,
            Stop = window.Stop,
            Missing = missing,
            Extra = diff.Extra,
            Changed = diff.Changed,
            Examples = equal ? [ReceiptIsWrong(chunk.Id)] : diff.Examples,
        });
    }

    // A bucket that may hold more has other counts and another digest although all is there: only the points themselves tell.
    private async Task<(bool Same, ContentDigest Digest, long Found)> SameAsync(
        Chunk chunk, WindowContent window, WindowContent removed, WindowParts parts, Bucket bucket, bool holdsMore, CancellationToken cancellationToken)
    {
        if (plan.Request.Verify == VerifyMode.Counts && !holdsMore)
        {
            var counts = await retry.RunAsync(token => reader.CountAsync(bucket, chunk.Measurement, parts.Ranges, token), cancellationToken);
            return (FieldCounts.Of(window, removed).Against(counts) == (0, 0), default, counts.FieldValues);
        }
        var tally = await retry.RunAsync(
            async token =>
            {
                var fresh = new ContentTally();
                await reader.ReadAsync(bucket, chunk.Measurement, parts.Ranges, fresh, token);
                return fresh;
            },
            cancellationToken);
        return ((tally.Digest, tally.FieldValues) == window.Without(removed), tally.Digest, tally.FieldValues);
    }

    private async Task<WindowDiff> DiffAsync(
        Chunk chunk, StagedChunk staged, WindowContent window, WindowParts parts, Bucket bucket, CancellationToken cancellationToken)
    {
        var diff = new WindowDiff();
        await ReadStagedAsync(staged, window, diff.Expected, cancellationToken);
        await reader.ReadAsync(bucket, chunk.Measurement, parts.Ranges, diff.Found, cancellationToken);
        if (diff.HasMissing)
            await ReadStagedAsync(staged, window, diff.Missing, cancellationToken);
        return diff;
    }

    private async Task ReadStagedAsync(StagedChunk staged, WindowContent window, IPointSink sink, CancellationToken cancellationToken)
    {
        foreach (var member in staged.Receipt.Members.Skip(window.FirstMember).Take(window.Members))
        {
            var bytes = await staged.ReadMemberAsync(member, cancellationToken);
            await new LineReader(plan.Dialect).ReadAsync(StagedChunk.Unzip(bytes.AsMemory(0, member.Length)), sink, cancellationToken);
        }
    }

    private static string ReceiptIsWrong(string segment) =>
        $"the digests or counts differ, though the destination holds just what was staged: the receipt is wrong ('{StagingLayout.ExportReceipt(segment)}' or the import's)";
}
