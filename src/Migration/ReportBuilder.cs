using Influx;

namespace Migration;

/// <summary>Makes the report out of the receipts; nothing else is believed.</summary>
internal sealed class ReportBuilder(IStagingStore store, MigrationPlan plan, MigrationProgress progress, TimeProvider time)
{
    private readonly List<LeftOutReport> leftOut = [];
    private readonly List<WindowDifference> differences = [];
    private readonly List<ChunkReport> chunks = [];
    private readonly Dictionary<(int Bucket, string Measurement), MeasurementReport> measurements = [];
    private readonly Dictionary<(int Bucket, string Measurement), List<(TimeRange Window, long Source, long Destination)>> windows = [];
    private long expired;
    private long further;
    private long repaired;

    public async Task<MigrationReport> BuildAsync(DateTimeOffset started, CancellationToken cancellationToken)
    {
        foreach (var chunk in plan.Chunks)
            await AddAsync(chunk, cancellationToken);
        var verdict = differences.Count > 0 ? Verdict.Different
            : leftOut.Count > 0 ? Verdict.Quarantined
            : plan.Request.Verify == VerifyMode.None ? Verdict.Unverified : Verdict.Verified;
        return new MigrationReport
        {
            Verdict = verdict,
            Sentence = Sentence(verdict),
            Started = started,
            Finished = time.GetUtcNow(),
            Request = plan.Request,
            Source = plan.Source,
            Destination = plan.Destination,
            Staging = store.Location,
            Points = measurements.Values.Sum(measurement => measurement.Points),
            FieldValues = measurements.Values.Sum(measurement => measurement.FieldValues),
            ExpiredPoints = expired,
            FurtherFieldValues = further,
            Warnings = Warnings(),
            Remarks = plan.Remarks,
            Stages = [.. progress.Stages.Where(stage => stage.Started).Select(stage => new StageReport(
                stage.Name, (int)stage.DoneChunks, (int)stage.SkippedChunks, stage.Points, stage.FieldValues, stage.Bytes, stage.Elapsed(time).TotalSeconds, stage.Retries))],
            Measurements = [.. measurements.Select(WithSlices).OrderByDescending(measurement => measurement.FieldValues)],
            LeftOut = leftOut,
            Differences = differences,
            Chunks = [.. chunks.OrderByDescending(chunk => chunk.ExportSeconds + chunk.ImportSeconds + chunk.VerifySeconds)],
        };
    }

    private async Task AddAsync(Chunk chunk, CancellationToken cancellationToken)
    {
        var export = await store.ReadJsonAsync(StagingLayout.ExportReceipt(chunk.Id), MigrationJson.Default.ExportReceipt, cancellationToken)
            ?? throw new StagingException($"the chunk {chunk.Id} has no export receipt in {store.Location}");
        var import = await store.ReadJsonAsync(StagingLayout.ImportReceipt(chunk.Id), MigrationJson.Default.ImportReceipt, cancellationToken)
            ?? throw new StagingException($"the chunk {chunk.Id} has no import receipt in {store.Location}");
        var verify = await store.ReadJsonAsync(StagingLayout.VerifyReceipt(chunk.Id), MigrationJson.Default.VerifyReceipt, cancellationToken);
        if (verify is null && plan.Request.Verify != VerifyMode.None)
            throw new StagingException($"the chunk {chunk.Id} has no verify receipt in {store.Location}");
        var bucket = plan.Buckets[chunk.Bucket];
        foreach (var (stage, list, key) in new[]
        {
            ("export", export.Rejected, StagingLayout.Rejected(chunk.Id)), ("import", import.Quarantined, StagingLayout.Quarantine(chunk.Id)),
        })
        {
            leftOut.AddRange(list.Select(left => new LeftOutReport(
                stage, bucket.Source.Name, chunk.Measurement, left.Reason, left.Points, left.FieldValues, left.Example, key)));
        }
        expired += import.ExpiredPoints;
        further += verify?.Further ?? 0;
        repaired += verify?.Repaired ?? 0;
        differences.AddRange(verify?.Differences ?? []);
        AddMeasurement(chunk, bucket, export, verify);
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
            ImportSeconds = import.Seconds,
            VerifySeconds = verify?.Seconds ?? 0,
        });
    }

    private void AddMeasurement(Chunk chunk, BucketPair bucket, ExportReceipt export, VerifyReceipt? verify)
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
            Start = export.Windows.Select(window => window.Start).Append(known.Start).Min(),
            Stop = export.Windows.Select(window => window.Stop).Append(known.Stop).Max(),
        };
        if (!windows.TryGetValue(key, out var list))
            windows[key] = list = [];
        for (var i = 0; i < export.Windows.Count; i++)
            list.Add((export.Windows[i].Range, export.Windows[i].FieldValues, verify?.Found[i] ?? 0));
    }

    private MeasurementReport WithSlices(KeyValuePair<(int Bucket, string Measurement), MeasurementReport> measurement)
    {
        var range = new TimeRange(measurement.Value.Start, measurement.Value.Stop);
        var (source, destination) = (new TimeSlices(range), new TimeSlices(range));
        foreach (var (window, sourceValues, destinationValues) in windows[measurement.Key])
        {
            source.Add(window, sourceValues);
            destination.Add(window, destinationValues);
        }
        return measurement.Value with
        {
            SourceSlices = source.Values,
            DestinationSlices = plan.Request.Verify == VerifyMode.None ? [] : destination.Values,
        };
    }

    private List<string> Warnings()
    {
        var warnings = new List<string>();
        if (plan.Request.SkipVerify)
            warnings.Add("the servers' certificates were not checked (--skip-verify)");
        if (repaired > 0)
            warnings.Add($"{repaired} windows differed at first and were imported once more");
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
}
