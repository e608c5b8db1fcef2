using System.IO.Compression;
using Influx;

namespace Migration;

/// <summary>What was taken out of a batch.</summary>
/// <param name="Line">The line, with its newline.</param>
/// <param name="Reason">The server's words; null for a point beyond the destination's retention.</param>
internal sealed record RemovedLine(ReadOnlyMemory<byte> Line, string? Reason);

/// <summary>
/// Writes one batch. What the server refuses is narrowed down by halves until the bad lines are alone; writing a line twice
/// does no harm, since a point with the same series and time is the same point.
/// </summary>
internal sealed class BatchWriter(IInfluxClient destination, AdaptiveLimit limit, RetryPolicy retry, Dialect dialect, TimeSpan retention, StageProgress progress)
{
    private long requests;

    public long Requests => Interlocked.Read(ref requests);

    /// <summary>Writes a gzip member whole, unopened unless it is refused.</summary>
    /// <returns>The lines that are not in.</returns>
    public async Task<IReadOnlyList<RemovedLine>> WriteAsync(Bucket bucket, ReadOnlyMemory<byte> gzip, CancellationToken cancellationToken)
    {
        var answer = await SendAsync(bucket, gzip, cancellationToken);
        if (answer.Status == WriteStatus.Written)
            return [];
        var removed = new List<RemovedLine>();
        await NarrowAsync(bucket, Lines(StagedChunk.Unzip(gzip)), answer, removed, cancellationToken);
        return removed;
    }

    private async Task NarrowAsync(
        Bucket bucket, List<ReadOnlyMemory<byte>> lines, WriteAnswer answer, List<RemovedLine> removed, CancellationToken cancellationToken)
    {
        if (answer.BeyondRetention)
        {
            var kept = TakeExpired(lines, answer, removed);
            if (kept.Count < lines.Count)
            {
                await WriteLinesAsync(bucket, kept, removed, cancellationToken);
                return;
            }
        }
        if (lines.Count == 1)
        {
            removed.Add(new RemovedLine(lines[0], answer.Status == WriteStatus.TooLarge
                ? $"the destination refuses a body of {lines[0].Length} bytes (413)"
                : answer.BeyondRetention ? null : answer.Reason));
            return;
        }
        // 1.x and 2.x say how many points of the batch they dropped: all of them need no narrowing.
        if (answer.Status == WriteStatus.Refused && !answer.BeyondRetention && DroppedAll(answer.Reason, lines.Count))
        {
            removed.AddRange(lines.Select(line => new RemovedLine(line, answer.Reason)));
            return;
        }
        var half = lines.Count / 2;
        await WriteLinesAsync(bucket, lines[..half], removed, cancellationToken);
        await WriteLinesAsync(bucket, lines[half..], removed, cancellationToken);
    }

    private async Task WriteLinesAsync(
        Bucket bucket, List<ReadOnlyMemory<byte>> lines, List<RemovedLine> removed, CancellationToken cancellationToken)
    {
        if (lines.Count == 0)
            return;
        var answer = await SendAsync(bucket, Zip(lines), cancellationToken);
        if (answer.Status != WriteStatus.Written)
            await NarrowAsync(bucket, lines, answer, removed, cancellationToken);
    }

    private async Task<WriteAnswer> SendAsync(Bucket bucket, ReadOnlyMemory<byte> gzip, CancellationToken cancellationToken)
    {
        var answer = await retry.RunAsync(
            token => limit.RunAsync(gzip.Length, () => destination.WriteAsync(bucket, gzip, token), token), cancellationToken);
        Interlocked.Increment(ref requests);
        progress.AddBytes(gzip.Length);
        return answer;
    }

    // By the server's own clock: a point near the edge is judged as the server judged it, or by itself.
    private List<ReadOnlyMemory<byte>> TakeExpired(List<ReadOnlyMemory<byte>> lines, WriteAnswer answer, List<RemovedLine> removed)
    {
        if (retention == TimeSpan.Zero || answer.Clock is not { } clock)
            return lines;
        var cutoff = Timestamp.From(clock - retention);
        var reader = new LineReader(dialect);
        var kept = new List<ReadOnlyMemory<byte>>(lines.Count);
        foreach (var line in lines)
        {
            var time = new TimeOfPoint();
            reader.ReadLine(line.Span, time);
            if (time.Value < cutoff)
                removed.Add(new RemovedLine(line, Reason: null));
            else
                kept.Add(line);
        }
        return kept;
    }

    private List<ReadOnlyMemory<byte>> Lines(ReadOnlyMemory<byte> text)
    {
        var reader = new LineReader(dialect);
        var lines = new List<ReadOnlyMemory<byte>>();
        while (!text.IsEmpty)
        {
            var length = reader.LineLength(text.Span);
            lines.Add(text[..length]);
            text = text[length..];
        }
        return lines;
    }

    private static ReadOnlyMemory<byte> Zip(List<ReadOnlyMemory<byte>> lines)
    {
        using var zipped = new MemoryStream();
        using (var gzip = new GZipStream(zipped, CompressionLevel.Fastest, leaveOpen: true))
        {
            foreach (var line in lines)
                gzip.Write(line.Span);
        }
        return zipped.ToArray();
    }

    private static bool DroppedAll(string reason, int lines)
    {
        var at = reason.IndexOf("dropped=", StringComparison.Ordinal);
        if (at < 0)
            return false;
        var digits = reason.AsSpan(at + "dropped=".Length);
        var end = digits.IndexOfAnyExceptInRange('0', '9');
        return int.TryParse(end < 0 ? digits : digits[..end], out var dropped) && dropped == lines;
    }

    private sealed class TimeOfPoint : IPointSink
    {
        public long Value { get; private set; }

        public bool OnPoint(in PointView point)
        {
            Value = point.Time;
            return false;
        }

        public ValueTask DrainAsync(CancellationToken cancellationToken) => ValueTask.CompletedTask;
    }
}
