using System.Buffers;
using System.Text.Json;
using System.Text.Unicode;
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

    /// <summary>Imports a chunk, unless its receipt says that this very object is done.</summary>
    /// <exception cref="StagingException">The object is not the one that the manifest pins.</exception>
    public async Task<ImportReceipt> ImportAsync(Chunk chunk, SealedChunk pinned, Bucket bucket, CancellationToken cancellationToken)
    {
        var key = StagingLayout.ImportReceipt(chunk.Id);
        var done = await store.ReadJsonAsync(key, MigrationJson.Default.ImportReceipt, cancellationToken);
        if (done is not null && done.Sha256 == pinned.Sha256)
        {
            progress.ChunkSkipped(done.FieldValues);
            return done;
        }
        var started = time.GetUtcNow();
        var clock = time.GetTimestamp();
        await using var staged = await StagedChunk.OpenAsync(store, pinned, cancellationToken);
        var removals = new ChunkRemovals(plan.Dialect, chunk, staged.Receipt);
        var writer = new BatchWriter(destination, limit, retry, plan.Dialect, bucket.Retention, progress);
        await WriteAllAsync(staged, writer, bucket, removals, cancellationToken);
        await removals.StoreAsync(store, cancellationToken);
        var receipt = removals.Receipt(pinned.Sha256) with
        {
            Started = started,
            Seconds = time.GetElapsedTime(clock).TotalSeconds,
            Requests = writer.Requests,
        };
        await store.WriteJsonAsync(key, receipt, MigrationJson.Default.ImportReceipt, replace: true, cancellationToken);
        progress.ChunkDone();
        logger.ChunkDone("import", chunk.Id, chunk.Measurement, receipt.Points, receipt.FieldValues, receipt.Seconds);
        return receipt;
    }

    /// <summary>Imports one window of a chunk once more.</summary>
    public async Task RewriteAsync(SealedChunk pinned, WindowContent window, Bucket bucket, CancellationToken cancellationToken)
    {
        await using var staged = await StagedChunk.OpenAsync(store, pinned, cancellationToken);
        var writer = new BatchWriter(destination, limit, retry, plan.Dialect, bucket.Retention, progress);
        foreach (var member in staged.Receipt.Members.Skip(window.FirstMember).Take(window.Members))
        {
            var bytes = await staged.ReadMemberAsync(member, cancellationToken);
            await writer.WriteAsync(bucket, bytes.AsMemory(0, member.Length), cancellationToken);
            ArrayPool<byte>.Shared.Return(bytes);
        }
    }

    private async Task WriteAllAsync(
        StagedChunk staged, BatchWriter writer, Bucket bucket, ChunkRemovals removals, CancellationToken cancellationToken)
    {
        var running = new List<Task>();
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        try
        {
            foreach (var member in staged.Receipt.Members)
            {
                while (running.Count >= plan.Request.Concurrency)
                {
                    var first = await Task.WhenAny(running);
                    running.Remove(first);
                    await first;
                }
                var bytes = await staged.ReadMemberAsync(member, stop.Token);
                running.Add(WriteMemberAsync(member, bytes));
            }
            await Task.WhenAll(running);
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
            removals.Add(removed);
            progress.Add(member.Points, member.FieldValues);
        }
    }
}

/// <summary>The lines of a chunk that are not at the destination: by window for the verifier, by reason for the report, whole for the quarantine.</summary>
internal sealed class ChunkRemovals(Dialect dialect, Chunk chunk, ExportReceipt export)
{
    private readonly Lock gate = new();
    private readonly Dictionary<int, ContentTally> windows = [];
    private readonly ContentTally expired = new();
    private readonly Dictionary<string, (ContentTally Tally, string Example)> reasons = new(StringComparer.Ordinal);
    private readonly ArrayBufferWriter<byte> quarantine = new();

    public void Add(IReadOnlyList<RemovedLine> removed)
    {
        if (removed.Count == 0)
            return;
        lock (gate)
        {
            var reader = new LineReader(dialect);
            foreach (var line in removed)
            {
                var tally = line.Reason is null ? expired : ReasonTally(line.Reason, line.Line.Span);
                reader.ReadLine(line.Line.Span, new Splitter(this, tally));
                if (line.Reason is not null)
                    Quarantine(line.Line.Span, line.Reason);
            }
        }
    }

    public async Task StoreAsync(IStagingStore store, CancellationToken cancellationToken)
    {
        if (quarantine.WrittenCount > 0)
            await store.WriteAsync(StagingLayout.Quarantine(chunk.Id), quarantine.WrittenMemory, replace: true, cancellationToken);
    }

    public ImportReceipt Receipt(string sha256)
    {
        var left = reasons.Values.Select(reason => reason.Tally).Append(expired).ToList();
        return new ImportReceipt
        {
            Chunk = chunk.Id,
            Sha256 = sha256,
            Points = export.Points - left.Sum(tally => tally.Points),
            FieldValues = export.FieldValues - left.Sum(tally => tally.FieldValues),
            ExpiredPoints = expired.Points,
            ExpiredFieldValues = expired.FieldValues,
            Quarantined = [.. reasons.Select(reason => new LeftOut(reason.Key, reason.Value.Tally.Points, reason.Value.Tally.FieldValues, reason.Value.Example))],
            Removed = [.. windows.OrderBy(window => window.Key).Select(window => WindowContent.From(export.Windows[window.Key].Range, window.Value))],
        };
    }

    // A server's words name points and values; the kind of failure is what a report groups by.
    private ContentTally ReasonTally(string reason, ReadOnlySpan<byte> line)
    {
        if (!reasons.TryGetValue(reason, out var known))
            reasons[reason] = known = (new ContentTally(), System.Text.Encoding.UTF8.GetString(line).TrimEnd('\n'));
        return known.Tally;
    }

    private void Quarantine(ReadOnlySpan<byte> line, string reason)
    {
        using (var json = new Utf8JsonWriter(quarantine))
        {
            json.WriteStartObject();
            json.WriteString("chunk", chunk.Id);
            json.WriteString("reason", reason);
            if (Utf8.IsValid(line))
                json.WriteString("line", line.TrimEnd((byte)'\n'));
            else
                json.WriteBase64String("lineBase64", line);
            json.WriteEndObject();
        }
        quarantine.Write("\n"u8);
    }

    private ContentTally WindowTally(long pointTime)
    {
        var index = 0;
        while (!export.Windows[index].Range.Contains(pointTime))
            index++;
        if (!windows.TryGetValue(index, out var tally))
            windows[index] = tally = new ContentTally();
        return tally;
    }

    private sealed class Splitter(ChunkRemovals owner, ContentTally reason) : IPointSink
    {
        public bool OnPoint(in PointView point)
        {
            reason.OnPoint(point);
            return owner.WindowTally(point.Time).OnPoint(point);
        }

        public ValueTask DrainAsync(CancellationToken cancellationToken) => ValueTask.CompletedTask;
    }
}
