using Influx;
using Microsoft.Extensions.Logging;

namespace Migration;

/// <summary>Reads a chunk from the source into the staging store.</summary>
/// <param name="source">The source.</param>
/// <param name="store">The staging store.</param>
/// <param name="plan">The plan.</param>
/// <param name="retry">How transient failures are tried again: the whole chunk is read anew.</param>
/// <param name="time">The clock.</param>
/// <param name="logger">The log.</param>
/// <param name="progress">What is counted.</param>
public sealed class Exporter(
    IInfluxClient source, IStagingStore store, MigrationPlan plan, RetryPolicy retry, TimeProvider time, ILogger logger, StageProgress progress)
{
    // Below this a failing query is not a matter of size.
    private const long MinWindow = 1_000_000_000;

    private readonly string? condition = InfluxQl.TagCondition(plan.Request.Tags);

    /// <summary>Exports a chunk, unless its receipt says that it is done.</summary>
    /// <exception cref="RejectedException">The source refuses.</exception>
    /// <exception cref="TransientException">The retries are used up.</exception>
    public async Task<ExportReceipt> ExportAsync(Chunk chunk, CancellationToken cancellationToken)
    {
        var key = StagingLayout.ExportReceipt(chunk.Id);
        if (await store.ReadJsonAsync(key, MigrationJson.Default.ExportReceipt, cancellationToken) is { } done)
        {
            progress.ChunkSkipped(done.FieldValues);
            return done;
        }
        var windows = chunk.Windows.Select(window => window.Range).ToList();
        while (true)
        {
            try
            {
                var receipt = await retry.RunAsync(token => TryExportAsync(chunk, windows, token), cancellationToken);
                if (!await store.WriteJsonAsync(key, receipt, MigrationJson.Default.ExportReceipt, replace: false, cancellationToken))
                    throw new StagingException($"another run exported the chunk {chunk.Id} into {store.Location} at the same time: let one of them finish, then run again");
                progress.ChunkDone();
                logger.ChunkDone("export", chunk.Id, chunk.Measurement, receipt.Points, receipt.FieldValues, receipt.Seconds);
                return receipt;
            }
            catch (WindowTooLargeException large)
            {
                if (large.Range.Length < 2 * MinWindow)
                    throw new RejectedException(
                        RejectionKind.Unsupported,
                        $"'{chunk.Measurement}' {large.Range}: the source gives up even this short a window ({large.Message}): raise its query limits, or narrow the export with --tag",
                        large);
                logger.WindowSplit(chunk.Measurement, large.Range.ToString(), large.Message);
                var at = windows.IndexOf(large.Range);
                var (early, late) = large.Range.Halve();
                windows[at] = early;
                windows.Insert(at + 1, late);
            }
        }
    }

    private async Task<ExportReceipt> TryExportAsync(Chunk chunk, List<TimeRange> windows, CancellationToken cancellationToken)
    {
        var started = time.GetUtcNow();
        var clock = time.GetTimestamp();
        var bucket = plan.Buckets[chunk.Bucket].Source;
        // Read anew: a live source may have got a new field since the plan was made.
        var schemas = await source.FieldKeysAsync(bucket, chunk.Measurement, cancellationToken);
        var schema = schemas.GetValueOrDefault(ByteKey.From(chunk.Measurement)) ?? new FieldSchema();
        await using var output = await store.CreateAsync(StagingLayout.Chunk(chunk.Id), cancellationToken);
        await using var encoder = new BatchEncoder(plan.Dialect, store, output, chunk, progress);
        var contents = new List<WindowContent>(windows.Count);
        try
        {
            foreach (var window in windows)
            {
                var firstMember = encoder.Members.Count;
                await QueryAsync(bucket, chunk.Measurement, schema, window, encoder, cancellationToken);
                contents.Add(await encoder.EndWindowAsync(window, firstMember, cancellationToken));
            }
        }
        catch (Exception failed) when (failed is TransientException or WindowTooLargeException)
        {
            // The next try counts them again.
            progress.Add(-encoder.Members.Sum(member => (long)member.Points), -encoder.Members.Sum(member => (long)member.FieldValues));
            progress.AddBytes(-encoder.Bytes);
            throw;
        }
        var (stored, sha256, rejected) = await encoder.CompleteAsync(cancellationToken);
        return new ExportReceipt
        {
            Chunk = chunk.Id,
            Started = started,
            Seconds = time.GetElapsedTime(clock).TotalSeconds,
            Key = stored.Key,
            Bytes = stored.Bytes,
            UnzippedBytes = encoder.UnzippedBytes,
            Sha256 = sha256,
            Version = stored.Version,
            Points = encoder.Points,
            FieldValues = encoder.FieldValues,
            Members = encoder.Members,
            Windows = contents,
            Rejected = rejected,
        };
    }

    private async Task QueryAsync(
        Bucket bucket, string measurement, FieldSchema schema, TimeRange window, BatchEncoder encoder, CancellationToken cancellationToken)
    {
        try
        {
            await source.QueryAsync(
                bucket,
                InfluxQl.SelectAll(measurement, window, condition),
                new QueryPoints(schema, source.Version.Family != ServerFamily.V1, encoder),
                cancellationToken);
        }
        catch (QueryTooLargeException large)
        {
            throw new WindowTooLargeException(window, large);
        }
    }
}

/// <summary>A window whose query the server gave up.</summary>
internal sealed class WindowTooLargeException(TimeRange range, QueryTooLargeException cause) : Exception(cause.Message, cause)
{
    public TimeRange Range => range;
}
