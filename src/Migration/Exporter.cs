using System.Collections.Concurrent;
using Influx;
using Microsoft.Extensions.Logging;

namespace Migration;

/// <summary>Reads a chunk from the source into the staging store.</summary>
/// <param name="source">The source.</param>
/// <param name="store">The staging store.</param>
/// <param name="plan">The plan.</param>
/// <param name="retry">How transient failures are tried again: the whole segment is read anew.</param>
/// <param name="time">The clock.</param>
/// <param name="logger">The log.</param>
/// <param name="progress">What is counted.</param>
public sealed class Exporter(
    IInfluxClient source, IStagingStore store, MigrationPlan plan, RetryPolicy retry, TimeProvider time, ILogger logger, StageProgress progress)
{
    // Below this a failing query is not a matter of size.
    private const long MinWindow = 1_000_000_000;

    private readonly ConcurrentBag<EncoderBuffers> idleBuffers = [];
    private readonly WindowReader reader = new(source, InfluxQl.TagCondition(plan.Request.Tags));

    /// <summary>
    /// Exports a chunk, unless its receipts say that it is done. With a deadline it does one segment at most: of its windows so many
    /// as would probably end in time, but one in any case. What other calls did is found in the store and gone on from.
    /// </summary>
    /// <param name="chunk">A chunk of the plan.</param>
    /// <param name="stopBy">When the last window should have ended, some seconds before the caller's end; null for no deadline.</param>
    /// <param name="cancellationToken">Cancels.</param>
    /// <returns>The receipts of all its segments; null when a deadline left windows over: call again with the same chunk.</returns>
    /// <exception cref="RejectedException">The source refuses.</exception>
    /// <exception cref="TransientException">The retries are used up.</exception>
    /// <exception cref="StagingException">A receipt does not fit the plan.</exception>
    public async Task<IReadOnlyList<ExportReceipt>?> ExportAsync(Chunk chunk, DateTimeOffset? stopBy, CancellationToken cancellationToken)
    {
        var chain = new SegmentChain(store, plan, chunk);
        await chain.FollowAsync(cancellationToken);
        var skipped = chain.IsWhole;
        while (!chain.IsWhole)
        {
            var segment = chain.Rest;
            var receipt = await ExportSegmentAsync(segment, chain.Windows, stopBy, cancellationToken);
            logger.ChunkDone("export", segment.Id, chunk.Measurement, receipt.Points, receipt.FieldValues, receipt.Seconds);
            // Read back, as another process may have been first; its segment may even be a shorter one.
            await chain.FollowAsync(cancellationToken);
            if (stopBy is not null && !chain.IsWhole)
                return null;
        }
        var receipts = chain.Segments.Select(segment => segment.Receipt).ToList();
        if (skipped)
            progress.ChunkSkipped(receipts.Sum(receipt => receipt.FieldValues));
        else
            progress.ChunkDone();
        return receipts;
    }

    private async Task<ExportReceipt> ExportSegmentAsync(Chunk segment, int firstWindow, DateTimeOffset? stopBy, CancellationToken cancellationToken)
    {
        var windows = segment.Windows.Select(window => new List<TimeRange> { window.Range }).ToList();
        // With a deadline the time of a window's count belongs to the window.
        var witness = new CountWitness(reader, plan.Buckets[segment.Bucket].Source, segment.Measurement, together: stopBy is null, time);
        while (true)
        {
            try
            {
                return await retry.RunAsync(token => TryExportAsync(segment, windows, firstWindow, witness, stopBy, token), cancellationToken);
            }
            catch (WindowTooLargeException large)
            {
                if (large.Range.Length < 2 * MinWindow)
                    throw new RejectedException(
                        RejectionKind.Unsupported,
                        $"'{segment.Measurement}' {large.Range}: the source gives up even this short a window ({large.Message}): raise its query limits, or narrow the export with --tag",
                        large);
                logger.WindowSplit(segment.Measurement, large.Range.ToString(), large.Message);
                var ranges = windows.Single(ranges => ranges.Contains(large.Range));
                var at = ranges.IndexOf(large.Range);
                var (early, late) = large.Range.Halve();
                ranges[at] = early;
                ranges.Insert(at + 1, late);
            }
        }
    }

    private async Task<ExportReceipt> TryExportAsync(
        Chunk segment, List<List<TimeRange>> windows, int firstWindow, CountWitness witness, DateTimeOffset? stopBy, CancellationToken cancellationToken)
    {
        // Of two processes that export the same, one writes the receipt, and both go by it.
        if (await WrittenAsync(segment, cancellationToken) is { } written)
            return written;
        var started = time.GetUtcNow();
        var clock = time.GetTimestamp();
        await using var output = await store.CreateAsync(StagingLayout.Chunk(segment.Id), cancellationToken);
        var buffers = idleBuffers.TryTake(out var idle) ? idle : new EncoderBuffers();
        await using var encoder = new BatchEncoder(plan.Dialect, store, output, segment, progress, buffers);
        try
        {
            var (windowCount, contents) = await ReadAsync(segment, windows, new Deadline(stopBy, time), witness, encoder, cancellationToken);
            // Asked once more before the object is replaced that the other's receipt vouches for.
            if (await WrittenAsync(segment, cancellationToken) is null)
            {
                var (stored, sha256, rejected) = await CompleteAsync(segment, encoder, cancellationToken);
                var receipt = new ExportReceipt
                {
                    PlanSha256 = plan.Sha256,
                    Chunk = segment.Id,
                    FirstWindow = firstWindow,
                    WindowCount = windowCount,
                    Started = started,
                    Seconds = time.GetElapsedTime(clock).TotalSeconds,
                    Key = stored.Key,
                    Bytes = stored.Bytes,
                    UnzippedBytes = encoder.UnzippedBytes,
                    Sha256 = sha256,
                    Version = stored.Version,
                    Checksum = stored.Checksum,
                    Points = encoder.Points,
                    FieldValues = encoder.FieldValues,
                    Members = encoder.Members,
                    Windows = contents,
                    Rejected = rejected,
                    PlanDifferences = [.. witness.Differences],
                };
                if (await store.WriteJsonAsync(StagingLayout.ExportReceipt(segment.Id), receipt, MigrationJson.Default.ExportReceipt, replace: false, cancellationToken))
                    return receipt;
            }
        }
        catch (Exception failed) when (failed is TransientException or WindowTooLargeException)
        {
            // The next try counts them again.
            Uncount(encoder);
            throw;
        }
        finally
        {
            idleBuffers.Add(buffers);
        }
        Uncount(encoder);
        return await WrittenAsync(segment, cancellationToken)
            ?? throw new StagingException($"'{StagingLayout.ExportReceipt(segment.Id)}' in {store.Location} was removed while the chunk was exported: run again");
    }

    private async Task<(int WindowCount, IReadOnlyList<WindowContent> Contents)> ReadAsync(
        Chunk segment, List<List<TimeRange>> windows, Deadline deadline, CountWitness witness, BatchEncoder encoder, CancellationToken cancellationToken)
    {
        var bucket = plan.Buckets[segment.Bucket].Source;
        // Read anew: a live source may have got a new field since the plan was made.
        var schemas = await source.FieldKeysAsync(bucket, segment.Measurement, cancellationToken);
        var schema = schemas.GetValueOrDefault(ByteKey.From(segment.Measurement)) ?? new FieldSchema();
        witness.Begin(schema);
        var contents = new List<WindowContent>(windows.Count);
        var done = 0;
        for (; done < windows.Count && deadline.Allows(Cost(segment.Windows[done])); done++)
        {
            var window = segment.Windows[done];
            deadline.Begin(Cost(window));
            var before = await witness.BeforeAsync(window, windows[done], cancellationToken);
            var read = new FieldCounts();
            foreach (var range in windows[done])
            {
                var firstMember = encoder.Members.Count;
                await reader.ReadAsync(bucket, segment.Measurement, schema, range, encoder, cancellationToken);
                var (content, ofRange) = await encoder.EndWindowAsync(range, firstMember, cancellationToken);
                contents.Add(content);
                read.Add(ofRange);
            }
            await witness.AfterAsync(window, windows[done], before, read, cancellationToken);
            deadline.End(Cost(window));
        }
        await witness.CompleteAsync(cancellationToken);
        return (done, contents);
    }

    private async Task<(StagedObject Object, string Sha256, IReadOnlyList<LeftOut> Rejected)> CompleteAsync(
        Chunk segment, BatchEncoder encoder, CancellationToken cancellationToken)
    {
        try
        {
            return await encoder.CompleteAsync(cancellationToken);
        }
        catch (StagingException overtaken)
        {
            // After a wait the other's receipt is there, or else the other was killed and this is done over.
            throw new TransientException($"another run exported the chunk {segment.Id} into {store.Location} at the same time", inner: overtaken);
        }
    }

    private Task<ExportReceipt?> WrittenAsync(Chunk segment, CancellationToken cancellationToken) =>
        store.ReadJsonAsync(StagingLayout.ExportReceipt(segment.Id), MigrationJson.Default.ExportReceipt, cancellationToken);

    private void Uncount(BatchEncoder encoder)
    {
        progress.Add(-encoder.Members.Sum(member => (long)member.Points), -encoder.Members.Sum(member => (long)member.FieldValues));
        progress.AddBytes(-encoder.Bytes);
    }

    // A query costs something even when it finds nothing.
    private static long Cost(PlannedWindow window) => 1_000 + window.FieldValues;
}

/// <summary>A window whose query the server gave up.</summary>
internal sealed class WindowTooLargeException(TimeRange range, QueryTooLargeException cause) : Exception(cause.Message, cause)
{
    public TimeRange Range => range;
}
