using Influx;

namespace Migration;

/// <summary>Makes the report out of the receipts; nothing else is believed.</summary>
internal sealed class ReportBuilder(IStagingStore store, MigrationPlan plan, MigrationProgress progress, TimeProvider time)
{
    private readonly List<LeftOutReport> leftOut = [];
    private readonly List<WindowDifference> differences = [];
    private readonly List<ChunkReport> chunks = [];
    private readonly Dictionary<(int Bucket, string Measurement), MeasurementReport> measurements = [];
    private readonly Dictionary<(int Bucket, string Measurement), (TimeSlices Source, TimeSlices Destination)> slices = [];
    private long expired;
    private long further;
    private long repaired;

    public async Task<MigrationReport> BuildAsync(DateTimeOffset started, CancellationToken cancellationToken)
    {
        var manifest = await store.ReadJsonAsync(StagingLayout.Manifest, MigrationJson.Default.SealedManifest, cancellationToken)
            ?? throw new StagingException($"{store.Location} has no '{StagingLayout.Manifest}': not all was exported");
        AddMeasurements();
        await foreach (var receipts in ReadAhead.InOrderAsync(Segment.All(plan, manifest), ReadAsync, cancellationToken))
            Add(receipts);
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

    private async Task<Receipts> ReadAsync(Segment segment, CancellationToken cancellationToken)
    {
        var chunk = segment.Chunk;
        var import = store.ReadJsonAsync(StagingLayout.ImportReceipt(chunk.Id), MigrationJson.Default.ImportReceipt, cancellationToken);
        var verify = store.ReadJsonAsync(StagingLayout.VerifyReceipt(chunk.Id), MigrationJson.Default.VerifyReceipt, cancellationToken);
        await using var staged = await StagedChunk.OpenAsync(store, segment.Pinned, cancellationToken);
        return new Receipts(
            chunk,
            staged.Receipt,
            await import ?? throw new StagingException($"the chunk {chunk.Id} has no import receipt in {store.Location}"),
            await verify ?? (plan.Request.Verify == VerifyMode.None ? null : throw new StagingException($"the chunk {chunk.Id} has no verify receipt in {store.Location}")));
    }

    private void Add(Receipts receipts)
    {
        var (chunk, export, import, verify) = receipts;
        var bucket = plan.Buckets[chunk.Bucket];
        var quarantine = string.Join(", ", Enumerable.Range(1, Math.Max(1, import.QuarantineObjects)).Select(call => StagingLayout.Quarantine(chunk.Id, call)));
        foreach (var (stage, list, key) in new[]
        {
            ("export", export.Rejected, StagingLayout.Rejected(chunk.Id)), ("import", import.Quarantined, quarantine),
        })
        {
            leftOut.AddRange(list.Select(left => new LeftOutReport(
                stage, bucket.Source.Name, chunk.Measurement, left.Reason, left.Points, left.FieldValues, left.Example, key)));
        }
        expired += import.ExpiredPoints;
        further += verify?.Further ?? 0;
        repaired += verify?.Repaired ?? 0;
        differences.AddRange(verify?.Differences ?? []);
        Count(chunk, export, verify);
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

    // The plan tells the time range before the first receipt is read, so that no window is kept.
    private void AddMeasurements()
    {
        foreach (var measurement in plan.Chunks.GroupBy(chunk => (chunk.Bucket, chunk.Measurement)))
        {
            var range = new TimeRange(
                measurement.Min(chunk => chunk.Windows.Min(window => window.Start)), measurement.Max(chunk => chunk.Windows.Max(window => window.Stop)));
            var bucket = plan.Buckets[measurement.Key.Bucket];
            measurements[measurement.Key] = new MeasurementReport
            {
                SourceBucket = bucket.Source.Name,
                DestinationBucket = bucket.DestinationName,
                Measurement = measurement.Key.Measurement,
                Start = range.Start,
                Stop = range.Stop,
            };
            slices[measurement.Key] = (new TimeSlices(range), new TimeSlices(range));
        }
    }

    private void Count(Chunk chunk, ExportReceipt export, VerifyReceipt? verify)
    {
        var key = (chunk.Bucket, chunk.Measurement);
        var known = measurements[key];
        measurements[key] = known with { Points = known.Points + export.Points, FieldValues = known.FieldValues + export.FieldValues };
        for (var i = 0; i < export.Windows.Count; i++)
        {
            slices[key].Source.Add(export.Windows[i].Range, export.Windows[i].FieldValues);
            slices[key].Destination.Add(export.Windows[i].Range, verify?.Found[i] ?? 0);
        }
    }

    private MeasurementReport WithSlices(KeyValuePair<(int Bucket, string Measurement), MeasurementReport> measurement) => measurement.Value with
    {
        SourceSlices = slices[measurement.Key].Source.Values,
        DestinationSlices = plan.Request.Verify == VerifyMode.None ? [] : slices[measurement.Key].Destination.Values,
    };

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

    private sealed record Receipts(Chunk Chunk, ExportReceipt Export, ImportReceipt Import, VerifyReceipt? Verify);
}
