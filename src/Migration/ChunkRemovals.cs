using Influx;

namespace Migration;

/// <summary>
/// The lines of a chunk that are not at the destination: by window for the verifier, by reason for the report, whole for the
/// quarantine.
/// </summary>
/// <param name="store">The staging store.</param>
/// <param name="dialect">The line protocol of the staged objects.</param>
/// <param name="export">The chunk's export.</param>
/// <param name="before">What earlier calls of the import did.</param>
internal sealed class ChunkRemovals(IStagingStore store, Dialect dialect, ExportReceipt export, ImportReceipt before) : IAsyncDisposable
{
    private readonly SemaphoreSlim gate = new(1);
    private readonly Dictionary<int, ContentTally> windows = [];
    private readonly ContentTally expired = new();
    private readonly Dictionary<string, (ContentTally Tally, string Example)> reasons = new(StringComparer.Ordinal);
    private readonly LeftOutLines quarantine = new(store, StagingLayout.Quarantine(before.Chunk, before.QuarantineObjects + 1));

    private long tooLarge;

    public async Task AddAsync(IReadOnlyList<RemovedLine> removed, CancellationToken cancellationToken)
    {
        if (removed.Count == 0)
            return;
        await gate.WaitAsync(cancellationToken);
        try
        {
            var reader = new LineReader(dialect);
            foreach (var line in removed)
            {
                var tally = line.Reason is null ? expired : ReasonTally(line.Reason, line.Line.Span);
                reader.ReadLine(line.Line.Span, new Splitter(this, tally));
                if (line.IsTooLarge)
                    tooLarge++;
                if (line.Reason is not null)
                    Quarantine(line.Line.Span, line.Reason);
                if (quarantine.Full)
                    await quarantine.DrainAsync(cancellationToken);
            }
        }
        finally
        {
            gate.Release();
        }
    }

    /// <summary>Completes the quarantine.</summary>
    /// <param name="written">All members that are written, those of earlier calls too.</param>
    /// <param name="cancellationToken">Cancels.</param>
    /// <returns>The receipt of these members.</returns>
    public async Task<ImportReceipt> CompleteAsync(IEnumerable<Member> written, CancellationToken cancellationToken)
    {
        await quarantine.CompleteAsync(cancellationToken);
        var receipt = before with
        {
            ExpiredPoints = before.ExpiredPoints + expired.Points,
            ExpiredFieldValues = before.ExpiredFieldValues + expired.FieldValues,
            TooLargePoints = before.TooLargePoints + tooLarge,
            QuarantineObjects = before.QuarantineObjects + (quarantine.Any ? 1 : 0),
            Quarantined = LeftOut.Merge(before.Quarantined, reasons.Select(reason => new LeftOut(reason.Key, reason.Value.Tally.Points, reason.Value.Tally.FieldValues, reason.Value.Example))),
            Removed = WindowContent.Merge(before.Removed, windows.Select(window => WindowContent.From(export.Windows[window.Key].Range, window.Value))),
        };
        var (points, fieldValues) = (0L, 0L);
        foreach (var member in written)
            (points, fieldValues) = (points + member.Points, fieldValues + member.FieldValues);
        return receipt with
        {
            Points = points - receipt.ExpiredPoints - receipt.Quarantined.Sum(left => left.Points),
            FieldValues = fieldValues - receipt.ExpiredFieldValues - receipt.Quarantined.Sum(left => left.FieldValues),
        };
    }

    public async ValueTask DisposeAsync()
    {
        await quarantine.DisposeAsync();
        gate.Dispose();
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
        var json = quarantine.Begin();
        json.WriteString("chunk", before.Chunk);
        json.WriteString("reason", reason);
        LeftOutLines.Write(json, "line", line.TrimEnd((byte)'\n'));
        quarantine.End(json);
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
