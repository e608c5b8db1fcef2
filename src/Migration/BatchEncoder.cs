using System.IO.Compression;
using System.Security.Cryptography;
using Influx;

namespace Migration;

/// <summary>What an encoder fills again and again: some megabytes each, which one chunk hands on to the next instead of leaving garbage.</summary>
internal sealed class EncoderBuffers
{
    public LineBuffer Lines { get; } = new();

    public MemoryStream Zipped { get; } = new();
}

/// <summary>
/// Turns points into the gzip members of a chunk, each exactly one write batch, and tallies each window; what the dialect
/// can't hold goes to the chunk's rejected object.
/// </summary>
internal sealed class BatchEncoder : IPointSink, IAsyncDisposable
{
    /// <summary>Lines of a batch, at most.</summary>
    public const int MaxLines = 10_000;

    /// <summary>Bytes of a batch unzipped, at most, but for a single longer line.</summary>
    public const int MaxBytes = 4_000_000;

    // Level 1 costs a quarter of the default's time for 20 % more bytes.
    private static readonly ZLibCompressionOptions Fast = new() { CompressionLevel = 1 };

    private readonly LineBuffer lines;
    private readonly MemoryStream zipped;
    private readonly IncrementalHash objectHash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    private readonly List<Member> members = [];
    private readonly StagingWriter output;
    private readonly StageProgress progress;
    private readonly RejectedPoints rejected;
    private readonly LineWriter writer;
    private ContentTally tally = new();
    private FieldCounts refused = new();
    private int batchPoints;
    private int batchValues;
    private int lastLine;
    private int lastValues;

    public BatchEncoder(Dialect dialect, IStagingStore store, StagingWriter output, Chunk chunk, StageProgress progress, EncoderBuffers buffers)
    {
        (lines, zipped) = (buffers.Lines, buffers.Zipped);
        lines.Truncate();
        this.output = output;
        this.progress = progress;
        rejected = new RejectedPoints(store, chunk.Id);
        writer = new LineWriter(dialect, lines);
    }

    public IReadOnlyList<Member> Members => members;

    public long Bytes { get; private set; }

    public long UnzippedBytes { get; private set; }

    public long Points { get; private set; }

    public long FieldValues { get; private set; }

    public bool OnPoint(in PointView point)
    {
        writer.Enter(point.Series);
        if (writer.SeriesReason is { } reason)
        {
            foreach (ref readonly var value in point.Values)
                Refuse(point, value, reason);
            return rejected.Full;
        }
        var start = writer.Begin();
        var written = 0;
        foreach (ref readonly var value in point.Values)
        {
            if (writer.ValueReason(point, value) is { } valueReason)
            {
                Refuse(point, value, valueReason);
                continue;
            }
            writer.Field(point, value, first: written == 0);
            tally.Add(point, value);
            written++;
        }
        if (written == 0)
        {
            lines.Truncate(start);
            return rejected.Full;
        }
        writer.End(point.Time);
        tally.CountPoint();
        batchPoints++;
        batchValues += written;
        (lastLine, lastValues) = (start, written);
        return IsFull || rejected.Full;
    }

    public async ValueTask DrainAsync(CancellationToken cancellationToken)
    {
        if (rejected.Full)
            await rejected.DrainAsync(cancellationToken);
        if (!IsFull)
            return;
        // The line that passed the limit starts the next batch.
        var carried = lines.Length > MaxBytes && batchPoints > 1 ? lines.Written[lastLine..].ToArray() : [];
        if (carried.Length > 0)
        {
            lines.Truncate(lastLine);
            batchPoints--;
            batchValues -= lastValues;
        }
        await CloseBatchAsync(cancellationToken);
        if (carried.Length > 0)
        {
            lines.Append(carried);
            (lastLine, batchPoints, batchValues) = (0, 1, lastValues);
        }
    }

    private bool IsFull => batchPoints == MaxLines || lines.Length > MaxBytes;

    /// <summary>Ends a window: its last batch is closed, so that no member spans two.</summary>
    /// <returns>What of it is staged, and how many values were read, with those that were rejected.</returns>
    public async Task<(WindowContent Content, FieldCounts Read)> EndWindowAsync(TimeRange range, int firstMember, CancellationToken cancellationToken)
    {
        await CloseBatchAsync(cancellationToken);
        await rejected.DrainAsync(cancellationToken);
        var content = WindowContent.From(range, tally) with { FirstMember = firstMember, Members = members.Count - firstMember };
        Points += tally.Points;
        FieldValues += tally.FieldValues;
        var read = refused;
        foreach (var (field, count) in tally.FieldCounts)
            read.Add(field, count);
        (tally, refused) = (new ContentTally(), new FieldCounts());
        return (content, read);
    }

    /// <summary>Completes both objects.</summary>
    public async Task<(StagedObject Object, string Sha256, IReadOnlyList<LeftOut> Rejected)> CompleteAsync(CancellationToken cancellationToken)
    {
        // A person can still gunzip the object of an empty chunk.
        if (members.Count == 0)
            await AppendAsync(Zip(default), cancellationToken);
        await rejected.CompleteAsync(cancellationToken);
        var stored = await output.CompleteAsync(cancellationToken);
        return (stored, Convert.ToHexStringLower(objectHash.GetCurrentHash()), rejected.Reasons);
    }

    public async ValueTask DisposeAsync()
    {
        objectHash.Dispose();
        await rejected.DisposeAsync();
    }

    private void Refuse(in PointView point, in FieldValue value, string reason)
    {
        rejected.Add(point, value, reason);
        refused.Add(new FieldCountKey(point.Series.Fields[value.Field].Key, value.Type), 1);
    }

    private async Task CloseBatchAsync(CancellationToken cancellationToken)
    {
        if (batchPoints == 0)
            return;
        var batch = Zip(lines.Written);
        members.Add(new Member(Bytes, batch.Length, batchPoints, batchValues, Convert.ToHexStringLower(SHA256.HashData(batch.Span))));
        UnzippedBytes += lines.Length;
        await AppendAsync(batch, cancellationToken);
        progress.Add(batchPoints, batchValues);
        lines.Truncate();
        batchPoints = 0;
        batchValues = 0;
    }

    private async Task AppendAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
    {
        objectHash.AppendData(bytes.Span);
        await output.WriteAsync(bytes, cancellationToken);
        Bytes += bytes.Length;
        progress.AddBytes(bytes.Length);
    }

    private ReadOnlyMemory<byte> Zip(ReadOnlyMemory<byte> text)
    {
        zipped.SetLength(0);
        using (var gzip = new GZipStream(zipped, Fast, leaveOpen: true))
            gzip.Write(text.Span);
        return zipped.GetBuffer().AsMemory(0, (int)zipped.Length);
    }
}
