using System.Buffers;
using Influx;
using Microsoft.Extensions.Logging;

namespace Migration;

/// <summary>Writes the batches of sealed chunks to the destination.</summary>
/// <param name="destination">The destination.</param>
/// <param name="store">The staging store.</param>
/// <param name="plan">The plan.</param>
/// <param name="retry">How transient failures are tried again.</param>
/// <param name="time">The clock.</param>
/// <param name="logger">The log.</param>
/// <param name="progress">What is counted.</param>
public sealed class Importer(
    IInfluxClient destination, IStagingStore store, MigrationPlan plan, RetryPolicy retry, TimeProvider time, ILogger logger, StageProgress progress)
{
    private readonly AdaptiveLimit limit = new(plan.Request.Concurrency, time);
    private readonly BodyLimit bodies = new();

    /// <summary>
    /// Imports a segment, unless its receipt says that this very object is done and nothing of it was too large: that is tried again,
    /// as whoever reads the report may have raised the limit. With a deadline it begins no member that would
    /// probably not end in time, but one in any case; what earlier calls did is found in the store and gone on from.
    /// </summary>
    /// <param name="chunk">The chunk that stands for the segment (<see cref="Segment.All"/>).</param>
    /// <param name="pinned">The object that the manifest pins for it.</param>
    /// <param name="bucket">The destination bucket.</param>
    /// <param name="stopBy">When the last member should have been written, some seconds before the caller's end; null for no deadline.</param>
    /// <param name="cancellationToken">Cancels.</param>
    /// <returns>The receipt; null when a deadline left members over: call again with the same chunk.</returns>
    /// <exception cref="StagingException">The object is not the one that the manifest pins.</exception>
    public async Task<ImportReceipt?> ImportAsync(
        Chunk chunk, SealedChunk pinned, Bucket bucket, DateTimeOffset? stopBy, CancellationToken cancellationToken)
    {
        var key = StagingLayout.ImportReceipt(chunk.Id);
        var done = await store.ReadJsonAsync(key, MigrationJson.Default.ImportReceipt, cancellationToken);
        await using var staged = await StagedChunk.OpenAsync(store, pinned, retry, cancellationToken);
        // One that contradicts the export is no proof: what it speaks of is written once more.
        if (done is { TooLargePoints: 0 } && ReceiptRules.Problem(done, staged.Receipt) is null)
        {
            progress.ChunkSkipped(done.FieldValues);
            return done;
        }
        var clock = time.GetTimestamp();
        var partialKey = StagingLayout.PartialImport(chunk.Id);
        var partial = await store.ReadJsonAsync(partialKey, MigrationJson.Default.PartialImport, cancellationToken);
        var fits = partial is not null && partial.NextMember > 0 && ReceiptRules.Fits(partial, staged.Receipt);
        var before = fits ? partial!.SoFar : new ImportReceipt { Chunk = chunk.Id, Sha256 = pinned.Sha256, Started = time.GetUtcNow() };
        await using var removals = new ChunkRemovals(store, plan.Dialect, staged.Receipt, before);
        var writer = new BatchWriter(destination, limit, bodies, retry, plan.Dialect, bucket.Retention, progress);
        var next = await WriteAllAsync(staged, fits ? partial!.NextMember : 0, writer, bucket, removals, new Deadline(stopBy, time), cancellationToken);
        var receipt = await removals.CompleteAsync(staged.Receipt.Members.Take(next), cancellationToken) with
        {
            Seconds = before.Seconds + time.GetElapsedTime(clock).TotalSeconds,
            Requests = before.Requests + writer.Requests,
        };
        if (next < staged.Receipt.Members.Count)
        {
            await store.WriteJsonAsync(
                partialKey, new PartialImport { NextMember = next, SoFar = receipt }, MigrationJson.Default.PartialImport, replace: true, cancellationToken);
            return null;
        }
        // What an earlier run had put there is in now, or in what this one has written.
        for (var call = receipt.QuarantineObjects + 1; call <= done?.QuarantineObjects; call++)
            await store.WriteAsync(StagingLayout.Quarantine(chunk.Id, call), default, replace: true, cancellationToken);
        await store.WriteJsonAsync(key, receipt, MigrationJson.Default.ImportReceipt, replace: true, cancellationToken);
        // Whoever removes the receipt wants all of it anew.
        if (partial is not null)
            await store.WriteJsonAsync(partialKey, partial with { NextMember = 0 }, MigrationJson.Default.PartialImport, replace: true, cancellationToken);
        progress.ChunkDone();
        logger.ChunkDone("import", chunk.Id, chunk.Measurement, receipt.Points, receipt.FieldValues, receipt.Seconds);
        return receipt;
    }

    /// <summary>Imports one window of a chunk once more.</summary>
    public async Task RewriteAsync(SealedChunk pinned, WindowContent window, Bucket bucket, CancellationToken cancellationToken)
    {
        await using var staged = await StagedChunk.OpenAsync(store, pinned, retry, cancellationToken);
        var writer = new BatchWriter(destination, limit, bodies, retry, plan.Dialect, bucket.Retention, progress);
        foreach (var member in staged.Receipt.Members.Skip(window.FirstMember).Take(window.Members))
        {
            var bytes = await staged.ReadMemberAsync(member, cancellationToken);
            var removed = await writer.WriteAsync(bucket, bytes.AsMemory(0, member.Length), cancellationToken);
            ArrayPool<byte>.Shared.Return(bytes);
            progress.AddRefusedAgain(removed.Count(line => line.Reason is not null));
        }
    }

    /// <summary>Writes members as long as the deadline allows.</summary>
    /// <returns>The first that is not written; all before it are.</returns>
    private async Task<int> WriteAllAsync(
        StagedChunk staged, int next, BatchWriter writer, Bucket bucket, ChunkRemovals removals, Deadline deadline, CancellationToken cancellationToken)
    {
        var members = staged.Receipt.Members;
        var running = new List<Task>();
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        try
        {
            for (; next < members.Count; next++)
            {
                while (running.Count >= plan.Request.Concurrency)
                {
                    var first = await Task.WhenAny(running);
                    running.Remove(first);
                    await first;
                }
                var member = members[next];
                if (!deadline.Allows(Cost(member)))
                    break;
                deadline.Begin(Cost(member));
                var bytes = await staged.ReadMemberAsync(member, stop.Token);
                running.Add(WriteMemberAsync(member, bytes));
            }
            await Task.WhenAll(running);
            return next;
        }
        catch
        {
            await stop.CancelAsync();
            // The first failure is the one to tell; the others end because of it.
            await Task.WhenAll(running).ContinueWith(static ended => ended.Exception, CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
            throw;
        }

        async Task WriteMemberAsync(Member member, byte[] bytes)
        {
            var removed = await writer.WriteAsync(bucket, bytes.AsMemory(0, member.Length), stop.Token);
            ArrayPool<byte>.Shared.Return(bytes);
            await removals.AddAsync(removed, stop.Token);
            progress.Add(member.Points, member.FieldValues);
            deadline.End(Cost(member));
        }
    }

    // A request costs something however short its body is.
    private static long Cost(Member member) => 10_000 + member.Length;
}
