using System.Text;
using Influx;

namespace Migration;

/// <summary>Makes the report out of the receipts; nothing else is believed.</summary>
/// <param name="store">The staging store.</param>
/// <param name="plan">The plan.</param>
/// <param name="progress">What was counted in this run.</param>
/// <param name="time">The clock.</param>
public sealed class ReportBuilder(IStagingStore store, MigrationPlan plan, MigrationProgress progress, TimeProvider time)
{
    private readonly List<LeftOutReport> leftOut = [];
    private readonly List<WindowDifference> differences = [];
    private readonly List<ChunkReport> chunks = [];
    private readonly Dictionary<(int Bucket, string Measurement), MeasurementReport> measurements = [];
    private readonly Dictionary<(int Bucket, string Measurement), (TimeSlices Source, TimeSlices Destination)> slices = [];
    private readonly HashSet<(int Bucket, string Measurement)> compared = [];
    private readonly PlanDeviations deviations = new();
    private long expired;

    private bool Unproven => plan.Request.Verify == VerifyMode.None;

    /// <summary>Keeps a report in the store, for programs and for people.</summary>
    public static async Task StoreAsync(IStagingStore store, MigrationReport report, CancellationToken cancellationToken)
    {
        await store.WriteJsonAsync(StagingLayout.ReportJson, report, MigrationJson.Default.MigrationReport, replace: true, cancellationToken);
        await store.WriteAsync(StagingLayout.ReportHtml, Encoding.UTF8.GetBytes(ReportHtml.Render(report)), replace: true, cancellationToken);
    }

    /// <summary>The report of a run that did everything.</summary>
    /// <param name="started">When it began.</param>
    /// <param name="cancellationToken">Cancels.</param>
    /// <exception cref="StagingException">A receipt is missing.</exception>
    public async Task<MigrationReport> BuildAsync(DateTimeOffset started, CancellationToken cancellationToken)
    {
        var manifest = await store.ReadJsonAsync(StagingLayout.Manifest, MigrationJson.Default.SealedManifest, cancellationToken)
            ?? throw new StagingException($"{store.Location} has no '{StagingLayout.Manifest}': not all was exported", StagingFault.Unfinished);
        AddMeasurements();
        await foreach (var receipts in ReadAhead.InOrderAsync(Segment.All(plan, manifest), ReadWholeAsync, cancellationToken))
            Add(receipts);
        foreach (var pair in plan.Buckets)
            await DestinationBuckets.FindAsync(store, pair.Index, cancellationToken);
        var verdict = differences.Count > 0 ? Verdict.Different
            : leftOut.Count > 0 ? Verdict.Quarantined
            : plan.Remarks.Any(remark => remark.Hidden != HiddenPart.None) ? Verdict.Incomplete
            : Unproven ? Verdict.Unverified : Verdict.Verified;
        return Report(verdict, Sentence.Of(verdict), started);
    }

    /// <summary>The report of a run that ended before its time: of every chunk what its receipts say, of this run or an earlier one.</summary>
    /// <param name="started">When it began.</param>
    /// <param name="failure">What ended it.</param>
    /// <param name="resumeWith">How a person goes on.</param>
    /// <param name="cancellationToken">Cancels.</param>
    public async Task<MigrationReport> BuildStoppedAsync(
        DateTimeOffset started, string failure, string resumeWith, CancellationToken cancellationToken)
    {
        AddMeasurements();
        var (exported, imported, verified) = (0, 0, 0);
        await foreach (var (isWhole, segments) in ReadAhead.InOrderAsync(plan.Chunks, ReadDoneAsync, cancellationToken))
        {
            foreach (var receipts in segments)
                Add(receipts);
            exported += isWhole ? 1 : 0;
            imported += isWhole && segments.TrueForAll(segment => segment.Import is not null) ? 1 : 0;
            verified += isWhole && segments.TrueForAll(segment => segment.Verify is not null) ? 1 : 0;
        }
        var made = 0;
        foreach (var pair in plan.Buckets)
        {
            var record = await store.ReadJsonAsync(StagingLayout.Destination(pair.Index), MigrationJson.Default.DestinationRecord, cancellationToken);
            if (record is { CreatedByThisRun: true, Bucket: not null })
                made++;
        }
        var stop = new StopReport(
            failure, plan.Chunks.Count, exported, imported, verified, made, made > 0 || imported > 0 || progress.Import.Points > 0, resumeWith);
        return Report(Verdict.Stopped, StopSentence(stop), started) with { Stop = stop };
    }

    private MigrationReport Report(Verdict verdict, string sentence, DateTimeOffset started) => new()
    {
        Verdict = verdict,
        Sentence = sentence,
        Started = started,
        Finished = time.GetUtcNow(),
        Request = plan.Request,
        Source = plan.Source,
        Destination = plan.Destination,
        Staging = store.Location,
        Points = measurements.Values.Sum(measurement => measurement.Points),
        FieldValues = measurements.Values.Sum(measurement => measurement.FieldValues),
        ExpiredPoints = expired,
        FurtherFieldValues = measurements.Values.Sum(measurement => measurement.FurtherFieldValues),
        RepairedWindows = measurements.Values.Sum(measurement => measurement.RepairedWindows),
        Warnings = Warnings(),
        Remarks = plan.Remarks,
        Stages = [.. progress.Stages.Where(stage => stage.Started).Select(stage => new StageReport(
            stage.Name, (int)stage.DoneChunks, (int)stage.SkippedChunks, stage.Points, stage.FieldValues, stage.Bytes, stage.Elapsed(time).TotalSeconds, stage.Retries))],
        Measurements = [.. measurements.Where(measurement => measurement.Value.Windows > 0).Select(WithSlices).OrderByDescending(measurement => measurement.FieldValues)],
        LeftOut = leftOut,
        Differences = differences,
        Chunks = [.. chunks.OrderByDescending(chunk => chunk.ExportSeconds + chunk.ImportSeconds + chunk.VerifySeconds)],
    };

    private async Task<Receipts> ReadWholeAsync(Segment segment, CancellationToken cancellationToken)
    {
        var receipts = await ReadAsync(segment.Chunk, await StagedChunk.ReadReceiptAsync(store, segment.Pinned, cancellationToken), cancellationToken);
        var (chunk, export, import, verify) = receipts;
        if (import is null || (verify is null && !Unproven))
            throw new StagingException($"the chunk {chunk.Id} lacks the receipt of a stage in {store.Location}: it was removed or replaced during the run", StagingFault.Unfinished);
        if (ReceiptRules.Problem(import, export) is { } problem)
            throw Wrong(StagingLayout.ImportReceipt(chunk.Id), problem);
        if (verify is not null && ReceiptRules.Problem(verify, export, import, plan.Request.Verify) is { } lie)
            throw Wrong(StagingLayout.VerifyReceipt(chunk.Id), lie);
        var (kept, lines) = (import.Quarantined.Sum(left => left.Points), 0L);
        var quarantine = Quarantine(chunk, import);
        for (var i = 0; i < quarantine.Count && lines < kept; i++)
            lines += await LeftOutLines.CountAsync(store, quarantine[i], cancellationToken);
        if (lines < kept)
            throw Wrong(StagingLayout.ImportReceipt(chunk.Id), $"speaks of {kept} quarantined points, of which '{string.Join("', '", quarantine)}' has {lines}");
        return receipts;
    }

    private StagingException Wrong(string key, string what) => new($"'{key}' in {store.Location} {what}: remove it and run again to make it anew");

    private static IReadOnlyList<string> Quarantine(Chunk chunk, ImportReceipt import) =>
        [.. Enumerable.Range(1, Math.Max(1, import.QuarantineObjects)).Select(call => StagingLayout.Quarantine(chunk.Id, call))];

    private async Task<(bool IsWhole, List<Receipts> Segments)> ReadDoneAsync(Chunk chunk, CancellationToken cancellationToken)
    {
        var chain = new SegmentChain(store, plan, chunk);
        await chain.FollowAsync(cancellationToken);
        var segments = new List<Receipts>(chain.Segments.Count);
        foreach (var (export, _) in chain.Segments)
            segments.Add(await ReadAsync(Segment.Derive(chunk, segments.Count + 1, export.FirstWindow, export.WindowCount), export, cancellationToken));
        return (chain.IsWhole, segments);
    }

    // Receipts of another object, or of another kind of proof, are an earlier run's that this one was about to replace.
    private async Task<Receipts> ReadAsync(Chunk chunk, ExportReceipt export, CancellationToken cancellationToken)
    {
        var import = await store.ReadJsonAsync(StagingLayout.ImportReceipt(chunk.Id), MigrationJson.Default.ImportReceipt, cancellationToken);
        if (import?.Sha256 != export.Sha256)
            import = null;
        var verify = await store.ReadJsonAsync(StagingLayout.VerifyReceipt(chunk.Id), MigrationJson.Default.VerifyReceipt, cancellationToken);
        if (Unproven || import is null || verify?.Sha256 != export.Sha256 || verify.Mode != plan.Request.Verify)
            verify = null;
        return new Receipts(chunk, export, import, verify);
    }

    private void Add(Receipts receipts)
    {
        var (chunk, export, import, verify) = receipts;
        var bucket = plan.Buckets[chunk.Bucket];
        AddLeftOut("export", export.Rejected, StagingLayout.Rejected(chunk.Id));
        if (import is not null)
            AddLeftOut("import", import.Quarantined, string.Join(", ", Quarantine(chunk, import)));
        expired += import?.ExpiredPoints ?? 0;
        differences.AddRange(verify?.Differences ?? []);
        deviations.Add(chunk.Measurement, export.PlanDifferences);
        Count(receipts);
        chunks.Add(new ChunkReport
        {
            Id = chunk.Id,
            Measurement = chunk.Measurement,
            Start = export.Windows.Count > 0 ? export.Windows[0].Start : 0,
            Stop = export.Windows.Count > 0 ? export.Windows[^1].Stop : 0,
            Exported = export.Started,
            Points = export.Points,
            FieldValues = export.FieldValues,
            Bytes = export.Bytes,
            ExportSeconds = export.Seconds,
            ImportSeconds = import?.Seconds ?? 0,
            VerifySeconds = verify?.Seconds ?? 0,
        });

        void AddLeftOut(string stage, IReadOnlyList<LeftOut> list, string key) => leftOut.AddRange(list.Select(left => new LeftOutReport(
            stage, bucket.Source.Name, bucket.DestinationName, chunk.Measurement, left.Reason, left.Points, left.FieldValues, left.Example, key)));
    }

    // The plan tells the time range before the first receipt is read, so that no window is kept.
    private void AddMeasurements()
    {
        foreach (var measurement in plan.Chunks.GroupBy(chunk => (chunk.Bucket, chunk.Measurement)))
        {
            var range = new TimeRange(
                measurement.Min(chunk => chunk.Windows.Min(window => window.Start)), measurement.Max(chunk => chunk.Windows.Max(window => window.Stop)));
            var longest = measurement.Max(chunk => chunk.Windows.Max(window => window.Range.Length));
            var bucket = plan.Buckets[measurement.Key.Bucket];
            measurements[measurement.Key] = new MeasurementReport
            {
                SourceBucket = bucket.Source.Name,
                DestinationBucket = bucket.DestinationName,
                Measurement = measurement.Key.Measurement,
                Start = range.Start,
                Stop = range.Stop,
            };
            slices[measurement.Key] = (new TimeSlices(range, longest), new TimeSlices(range, longest));
        }
    }

    private void Count(Receipts receipts)
    {
        var (chunk, export, import, verify) = receipts;
        var key = (chunk.Bucket, chunk.Measurement);
        var known = measurements[key];
        measurements[key] = known with
        {
            Points = known.Points + export.Points,
            FieldValues = known.FieldValues + export.FieldValues,
            LeftOutFieldValues = known.LeftOutFieldValues + export.Rejected.Concat(import?.Quarantined ?? []).Sum(left => left.FieldValues),
            ExpiredFieldValues = known.ExpiredFieldValues + (import?.ExpiredFieldValues ?? 0),
            FurtherFieldValues = known.FurtherFieldValues + (verify?.Further ?? 0),
            RepairedWindows = known.RepairedWindows + (verify?.Repaired ?? 0),
            Windows = known.Windows + export.Windows.Count,
        };
        if (verify is not null)
            compared.Add(key);
        for (var i = 0; i < export.Windows.Count; i++)
        {
            slices[key].Source.Add(export.Windows[i].Range, export.Windows[i].FieldValues);
            slices[key].Destination.Add(export.Windows[i].Range, verify?.Found[i] ?? 0);
        }
    }

    private MeasurementReport WithSlices(KeyValuePair<(int Bucket, string Measurement), MeasurementReport> measurement) => measurement.Value with
    {
        SourceSlices = slices[measurement.Key].Source.Values,
        DestinationSlices = compared.Contains(measurement.Key) ? slices[measurement.Key].Destination.Values : [],
    };

    private List<string> Warnings()
    {
        var warnings = new List<string>(plan.Warnings);
        if (plan.Request.SkipVerify)
            warnings.Add("the servers' certificates were not checked (--skip-verify)");
        warnings.AddRange(deviations.Sentences());
        warnings.AddRange(plan.Request.Exposures());
        var repaired = measurements.Values.Sum(measurement => measurement.RepairedWindows);
        if (repaired > 0)
            warnings.Add(repaired == 1 ? "1 window differed at first and was imported once more" : $"{repaired} windows differed at first and were imported once more");
        return warnings;
    }

    private VerdictSentence Sentence => new(
        plan, measurements.Values.Sum(measurement => measurement.Points), expired, leftOut.Sum(left => left.FieldValues), differences.Count);

    private string StopSentence(StopReport stop)
    {
        var done = $"of {stop.Chunks} chunks {stop.Exported} are exported, {stop.Imported} imported" + (Unproven ? "" : $", {stop.Verified} verified");
        if (!stop.Written)
            return $"Stopped before anything was written to the destination; {done}.{Sentence.HiddenToo}";
        return $"Stopped: {done}" + (stop.BucketsMade > 0 ? $"; {stop.BucketsMade} destination buckets were made" : "") + $"; all of it stays.{Sentence.HiddenToo}";
    }

    private sealed record Receipts(Chunk Chunk, ExportReceipt Export, ImportReceipt? Import, VerifyReceipt? Verify);
}
