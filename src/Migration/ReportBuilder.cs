using Influx;

namespace Migration;

/// <summary>Makes the report out of the receipts; nothing else is believed.</summary>
internal sealed class ReportBuilder(IStagingStore store, MigrationPlan plan, MigrationProgress progress, TimeProvider time)
{
    private readonly List<LeftOutReport> leftOut = [];
    private readonly List<WindowDifference> differences = [];
    private readonly List<ChunkReport> chunks = [];
    private readonly Dictionary<(int Bucket, string Measurement), MeasurementReport> measurements = [];
    private readonly Dictionary<(int Bucket, string Measurement), List<(TimeRange Window, long Source, long? Destination)>> windows = [];
    private long expired;
    private int exported;
    private int imported;
    private int verified;

    private bool Unproven => plan.Request.Verify == VerifyMode.None;

    public async Task<MigrationReport> BuildAsync(DateTimeOffset started, CancellationToken cancellationToken)
    {
        foreach (var chunk in plan.Chunks)
        {
            await AddAsync(chunk, cancellationToken);
            if (exported != chunks.Count || imported != exported || (verified != exported && !Unproven))
                throw new StagingException($"the chunk {chunk.Id} lacks the receipt of a stage in {store.Location}: it was removed or replaced during the run");
        }
        var verdict = differences.Count > 0 ? Verdict.Different
            : leftOut.Count > 0 ? Verdict.Quarantined
            : Unproven ? Verdict.Unverified : Verdict.Verified;
        return Report(verdict, Sentence(verdict), started);
    }

    /// <summary>The report of a run that ended before its time: of every chunk what its receipts say, of this run or an earlier one.</summary>
    public async Task<MigrationReport> BuildStoppedAsync(
        DateTimeOffset started, string failure, string resumeWith, CancellationToken cancellationToken)
    {
        foreach (var chunk in plan.Chunks)
            await AddAsync(chunk, cancellationToken);
        var made = 0;
        foreach (var pair in plan.Buckets)
        {
            var record = await store.ReadJsonAsync(StagingLayout.Destination(pair.Index), MigrationJson.Default.DestinationRecord, cancellationToken);
            if (record is { CreatedByThisRun: true, Bucket: not null })
                made++;
        }
        var stop = new StopReport(
            failure, plan.Chunks.Count, exported, imported, verified, made, made > 0 || imported > 0 || progress.Import.Points > 0, resumeWith);
        return Report(Verdict.Stopped, Sentence(stop), started) with { Stop = stop };
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
        Measurements = [.. measurements.Select(WithSlices).OrderByDescending(measurement => measurement.FieldValues)],
        LeftOut = leftOut,
        Differences = differences,
        Chunks = [.. chunks.OrderByDescending(chunk => chunk.ExportSeconds + chunk.ImportSeconds + chunk.VerifySeconds)],
    };

    private async Task AddAsync(Chunk chunk, CancellationToken cancellationToken)
    {
        var export = await store.ReadJsonAsync(StagingLayout.ExportReceipt(chunk.Id), MigrationJson.Default.ExportReceipt, cancellationToken);
        if (export is null)
            return;
        // Receipts of another object, or of another kind of proof, are an earlier run's that this one was about to replace.
        var import = await store.ReadJsonAsync(StagingLayout.ImportReceipt(chunk.Id), MigrationJson.Default.ImportReceipt, cancellationToken);
        if (import?.Sha256 != export.Sha256)
            import = null;
        var verify = await store.ReadJsonAsync(StagingLayout.VerifyReceipt(chunk.Id), MigrationJson.Default.VerifyReceipt, cancellationToken);
        if (Unproven || import is null || verify?.Sha256 != export.Sha256 || verify.Mode != plan.Request.Verify)
            verify = null;
        exported++;
        imported += import is null ? 0 : 1;
        verified += verify is null ? 0 : 1;
        var bucket = plan.Buckets[chunk.Bucket];
        AddLeftOut("export", export.Rejected, StagingLayout.Rejected(chunk.Id));
        AddLeftOut("import", import?.Quarantined ?? [], StagingLayout.Quarantine(chunk.Id));
        expired += import?.ExpiredPoints ?? 0;
        differences.AddRange(verify?.Differences ?? []);
        AddMeasurement(chunk, bucket, export, import, verify);
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

    private void AddMeasurement(Chunk chunk, BucketPair bucket, ExportReceipt export, ImportReceipt? import, VerifyReceipt? verify)
    {
        var key = (chunk.Bucket, chunk.Measurement);
        var known = measurements.GetValueOrDefault(key) ?? new MeasurementReport
        {
            SourceBucket = bucket.Source.Name,
            DestinationBucket = bucket.DestinationName,
            Measurement = chunk.Measurement,
            Start = long.MaxValue,
            Stop = long.MinValue,
        };
        measurements[key] = known with
        {
            Points = known.Points + export.Points,
            FieldValues = known.FieldValues + export.FieldValues,
            LeftOutFieldValues = known.LeftOutFieldValues + export.Rejected.Concat(import?.Quarantined ?? []).Sum(left => left.FieldValues),
            ExpiredFieldValues = known.ExpiredFieldValues + (import?.ExpiredFieldValues ?? 0),
            FurtherFieldValues = known.FurtherFieldValues + (verify?.Further ?? 0),
            RepairedWindows = known.RepairedWindows + (verify?.Repaired ?? 0),
            Start = export.Windows.Select(window => window.Start).Append(known.Start).Min(),
            Stop = export.Windows.Select(window => window.Stop).Append(known.Stop).Max(),
        };
        if (!windows.TryGetValue(key, out var list))
            windows[key] = list = [];
        for (var i = 0; i < export.Windows.Count; i++)
            list.Add((export.Windows[i].Range, export.Windows[i].FieldValues, verify?.Found[i]));
    }

    private MeasurementReport WithSlices(KeyValuePair<(int Bucket, string Measurement), MeasurementReport> measurement)
    {
        var range = new TimeRange(measurement.Value.Start, measurement.Value.Stop);
        var compared = windows[measurement.Key];
        var longest = compared.Select(window => window.Window.Length).DefaultIfEmpty().Max();
        var (source, destination) = (new TimeSlices(range, longest), new TimeSlices(range, longest));
        foreach (var (window, sourceValues, destinationValues) in compared)
        {
            source.Add(window, sourceValues);
            destination.Add(window, destinationValues ?? 0);
        }
        return measurement.Value with
        {
            Windows = compared.Count,
            SourceSlices = source.Values,
            DestinationSlices = compared.TrueForAll(window => window.Destination is null) ? [] : destination.Values,
        };
    }

    private List<string> Warnings()
    {
        var warnings = new List<string>();
        if (plan.Request.SkipVerify)
            warnings.Add("the servers' certificates were not checked (--skip-verify)");
        var repaired = measurements.Values.Sum(measurement => measurement.RepairedWindows);
        if (repaired > 0)
            warnings.Add(repaired == 1 ? "1 window differed at first and was imported once more" : $"{repaired} windows differed at first and were imported once more");
        return warnings;
    }

    private string Sentence(Verdict verdict) => verdict switch
    {
        Verdict.Verified => plan.Request.Verify == VerifyMode.Counts
            ? "Complete: every field value that was exported was counted at the destination."
            : "Complete: every point that was exported was read back from the destination and is the same.",
        Verdict.Unverified => "Complete, but not verified: the destination accepted every point, and --verify none left the proof out.",
        Verdict.Quarantined => $"{leftOut.Sum(left => left.FieldValues)} field values could not be written and are kept in the staging folder with their reasons; all others are across.",
        Verdict.Different => $"{differences.Count} windows differ at the destination.",
        _ => "Stopped.",
    };

    private string Sentence(StopReport stop)
    {
        var done = $"of {stop.Chunks} chunks {stop.Exported} are exported, {stop.Imported} imported" + (Unproven ? "" : $", {stop.Verified} verified");
        if (!stop.Written)
            return $"Stopped before anything was written to the destination; {done}.";
        return $"Stopped: {done}" + (stop.BucketsMade > 0 ? $"; {stop.BucketsMade} destination buckets were made" : "") + "; all of it stays.";
    }
}
