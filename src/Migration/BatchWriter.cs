using System.IO.Compression;
using Influx;

namespace Migration;

/// <summary>What was taken out of a batch.</summary>
/// <param name="Line">The line, with its newline.</param>
/// <param name="Reason">The server's words; null for a point beyond the destination's retention.</param>
/// <param name="IsTooLarge">Whether it is a limit that refuses it, which may be raised.</param>
internal sealed record RemovedLine(ReadOnlyMemory<byte> Line, string? Reason, bool IsTooLarge = false);

/// <summary>
/// Writes one batch. What the server refuses is narrowed down by halves until the bad lines are alone; writing a line twice
/// does no harm, since a point with the same series and time is the same point.
/// </summary>
internal sealed class BatchWriter(
    IInfluxClient destination, AdaptiveLimit limit, BodyLimit bodies, RetryPolicy retry, Dialect dialect, TimeSpan retention, StageProgress progress)
{
    private const string TooLarge = "the destination refuses the line alone as too large (413); the next run tries it again";

    private long requests;

    public long Requests => Interlocked.Read(ref requests);

    /// <summary>Writes a gzip member whole, unopened unless it is refused.</summary>
    /// <returns>The lines that are not in.</returns>
    public async Task<IReadOnlyList<RemovedLine>> WriteAsync(Bucket bucket, ReadOnlyMemory<byte> gzip, CancellationToken cancellationToken)
    {
        // Once a body was refused each is measured first; until then it goes unopened.
        var text = bodies.Target == long.MaxValue ? null : StagedChunk.Unzip(gzip);
        var removed = new List<RemovedLine>();
        if (text is null || !bodies.Refuses(gzip.Length, text.Length))
        {
            var answer = await SendAsync(bucket, gzip, cancellationToken);
            if (answer.Status == WriteStatus.Written)
                return [];
            text ??= StagedChunk.Unzip(gzip);
            if (answer.Status != WriteStatus.TooLarge)
            {
                await NarrowAsync(bucket, Lines(text), answer, removed, cancellationToken);
                return removed;
            }
            await RefusedAsTooLargeAsync(bucket, Lines(text), gzip.Length, removed, cancellationToken);
            return removed;
        }
        await WritePiecesAsync(bucket, Lines(text), removed, cancellationToken);
        return removed;
    }

    private async Task RefusedAsTooLargeAsync(
        Bucket bucket, List<ReadOnlyMemory<byte>> lines, int zipped, List<RemovedLine> removed, CancellationToken cancellationToken)
    {
        bodies.AddRefused(zipped, lines.Sum(line => (long)line.Length), lines.Count);
        if (lines.Count == 1)
            removed.Add(new RemovedLine(lines[0], TooLarge, IsTooLarge: true));
        else
            await WritePiecesAsync(bucket, lines, removed, cancellationToken);
    }

    // Each piece is cut by what is known when its turn comes: the one before may have been refused.
    private async Task WritePiecesAsync(
        Bucket bucket, List<ReadOnlyMemory<byte>> lines, List<RemovedLine> removed, CancellationToken cancellationToken)
    {
        for (var start = 0; start < lines.Count;)
        {
            var target = bodies.Target;
            var (count, bytes) = (1, (long)lines[start].Length);
            while (start + count < lines.Count && bytes + lines[start + count].Length <= target)
                bytes += lines[start + count++].Length;
            await WriteLinesAsync(bucket, lines.GetRange(start, count), removed, cancellationToken);
            start += count;
        }
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
            removed.Add(new RemovedLine(lines[0], answer.BeyondRetention ? null : answer.Reason));
            return;
        }
        // 1.x and 2.x say how many points of the batch they dropped: all of them need no narrowing.
        if (!answer.BeyondRetention && DroppedAll(answer.Reason, lines.Count))
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
        var gzip = Zip(lines);
        var answer = await SendAsync(bucket, gzip, cancellationToken);
        if (answer.Status == WriteStatus.TooLarge)
            await RefusedAsTooLargeAsync(bucket, lines, gzip.Length, removed, cancellationToken);
        else if (answer.Status == WriteStatus.Refused)
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
