namespace Migration;

/// <summary>How a migration ended; the first that applies, from the bottom up.</summary>
public enum Verdict
{
    /// <summary>Every point is across and proven to be.</summary>
    Verified = 0,

    /// <summary>Every point was accepted, but <c>--verify none</c> left the proof out.</summary>
    Unverified = 1,

    /// <summary>The source does not show all that it has; what it shows is across and proven to be.</summary>
    Incomplete = 2,

    /// <summary>Some points were rejected or quarantined; all others are across and proven to be.</summary>
    Quarantined = 3,

    /// <summary>The destination's content differs.</summary>
    Different = 4,

    /// <summary>The run stopped and can be resumed.</summary>
    Stopped = 5,
}

/// <summary>What a stage did.</summary>
/// <param name="Name">plan, export, stage, import, verify.</param>
/// <param name="Chunks">Chunks that it finished in this run.</param>
/// <param name="Skipped">Chunks that an earlier run had finished.</param>
/// <param name="Points">Points that it handled in this run.</param>
/// <param name="FieldValues">Field values that it handled in this run.</param>
/// <param name="Bytes">Bytes of staged objects that it wrote or read in this run.</param>
/// <param name="Seconds">How long it took, from first to last.</param>
/// <param name="Retries">Transient failures that were tried again.</param>
public sealed record StageReport(
    string Name, int Chunks, int Skipped, long Points, long FieldValues, long Bytes, double Seconds, long Retries);

/// <summary>How far a run got that an exception ended, by the receipts of this run and of earlier ones.</summary>
/// <param name="Failure">What stopped it, and what to do about it.</param>
/// <param name="Chunks">Chunks of the plan.</param>
/// <param name="Exported">Chunks with an export receipt.</param>
/// <param name="Imported">Chunks with an import receipt.</param>
/// <param name="Verified">Chunks with a verify receipt of the mode that was asked for.</param>
/// <param name="BucketsMade">Destination buckets that the migration created.</param>
/// <param name="Written">Whether the destination holds something of this migration, a bucket or points.</param>
/// <param name="ResumeWith">The command that goes on.</param>
public sealed record StopReport(
    string Failure, int Chunks, int Exported, int Imported, int Verified, int BucketsMade, bool Written, string ResumeWith)
{
    /// <summary>Whether there is something to go on with.</summary>
    [System.Text.Json.Serialization.JsonIgnore]
    public bool HasDone => Written || Exported > 0;
}

/// <summary>A measurement, and its field values in equal slices of its time range at both ends, none shorter than its longest window.</summary>
public sealed record MeasurementReport
{
    /// <summary>The source bucket.</summary>
    public required string SourceBucket { get; init; }

    /// <summary>The destination bucket.</summary>
    public required string DestinationBucket { get; init; }

    /// <summary>The measurement.</summary>
    public required string Measurement { get; init; }

    /// <summary>Points that were exported.</summary>
    public long Points { get; init; }

    /// <summary>Field values that were exported.</summary>
    public long FieldValues { get; init; }

    /// <summary>Field values that were rejected at export (which <see cref="FieldValues"/> does not count) or quarantined at import (which it does).</summary>
    public long LeftOutFieldValues { get; init; }

    /// <summary>Field values older than the destination's retention: no loss.</summary>
    public long ExpiredFieldValues { get; init; }

    /// <summary>Field values that a reused bucket holds besides in these windows.</summary>
    public long FurtherFieldValues { get; init; }

    /// <summary>Windows that differed at first and were imported once more.</summary>
    public int RepairedWindows { get; init; }

    /// <summary>Windows that were exported; each is read or counted by itself.</summary>
    public int Windows { get; init; }

    /// <summary>The first time in nanoseconds that a window starts at.</summary>
    public long Start { get; init; }

    /// <summary>The last time in nanoseconds that a window ends at.</summary>
    public long Stop { get; init; }

    /// <summary>Field values of the source by slice of the range from Start to Stop; at most 200 slices of equal length. A window that lies in two slices is divided between them by time.</summary>
    public IReadOnlyList<long> SourceSlices { get; init; } = [];

    /// <summary>Field values found at the destination by the same slices; empty with <c>--verify none</c>.</summary>
    public IReadOnlyList<long> DestinationSlices { get; init; } = [];
}

/// <summary>A chunk as the report shows it.</summary>
public sealed record ChunkReport
{
    /// <summary>The chunk.</summary>
    public required string Id { get; init; }

    /// <summary>The measurement.</summary>
    public required string Measurement { get; init; }

    /// <summary>Nanoseconds, included.</summary>
    public long Start { get; init; }

    /// <summary>Nanoseconds, excluded.</summary>
    public long Stop { get; init; }

    /// <summary>The instant of its export: what the source received later is not this run's business.</summary>
    public DateTimeOffset Exported { get; init; }

    /// <summary>Points.</summary>
    public long Points { get; init; }

    /// <summary>Field values.</summary>
    public long FieldValues { get; init; }

    /// <summary>Bytes of the staged object.</summary>
    public long Bytes { get; init; }

    /// <summary>Seconds of export.</summary>
    public double ExportSeconds { get; init; }

    /// <summary>Seconds of import.</summary>
    public double ImportSeconds { get; init; }

    /// <summary>Seconds of verification.</summary>
    public double VerifySeconds { get; init; }
}

/// <summary>Points that are not at the destination, for one reason.</summary>
/// <param name="Stage">export where the destination's line protocol can't hold them, import where the destination refused them.</param>
/// <param name="SourceBucket">The source bucket.</param>
/// <param name="DestinationBucket">The destination bucket.</param>
/// <param name="Measurement">The measurement.</param>
/// <param name="Reason">Why.</param>
/// <param name="Points">How many points.</param>
/// <param name="FieldValues">How many field values.</param>
/// <param name="Example">One of them.</param>
/// <param name="Object">The staging object that holds all of them.</param>
public sealed record LeftOutReport(
    string Stage, string SourceBucket, string DestinationBucket, string Measurement, string Reason, long Points, long FieldValues, string Example, string Object);

/// <summary>The answer to the operator: <c>report.json</c>, and what <c>report.html</c> shows.</summary>
public sealed record MigrationReport
{
    /// <summary>The version of this record's schema.</summary>
    public int Schema { get; init; } = 1;

    /// <summary>How it ended.</summary>
    public Verdict Verdict { get; init; }

    /// <summary>The verdict as a sentence.</summary>
    public required string Sentence { get; init; }

    /// <summary>When this run began.</summary>
    public DateTimeOffset Started { get; init; }

    /// <summary>When it ended.</summary>
    public DateTimeOffset Finished { get; init; }

    /// <summary>What was asked for; without secrets.</summary>
    public required MigrationRequest Request { get; init; }

    /// <summary>The source.</summary>
    public required PlannedServer Source { get; init; }

    /// <summary>The destination.</summary>
    public required PlannedServer Destination { get; init; }

    /// <summary>Where the staged objects are.</summary>
    public required string Staging { get; init; }

    /// <summary>Points that were exported.</summary>
    public long Points { get; init; }

    /// <summary>Field values that were exported.</summary>
    public long FieldValues { get; init; }

    /// <summary>Points older than the destination's retention: no loss.</summary>
    public long ExpiredPoints { get; init; }

    /// <summary>Field values that a reused bucket holds besides.</summary>
    public long FurtherFieldValues { get; init; }

    /// <summary>Windows that differed at first and were imported once more.</summary>
    public int RepairedWindows { get; init; }

    /// <summary>What the operator should know, each a sentence.</summary>
    public IReadOnlyList<string> Warnings { get; init; } = [];

    /// <summary>What needed care in the source's schema.</summary>
    public IReadOnlyList<PlanRemark> Remarks { get; init; } = [];

    /// <summary>The stages in the order of the flow.</summary>
    public IReadOnlyList<StageReport> Stages { get; init; } = [];

    /// <summary>The measurements, the largest first.</summary>
    public IReadOnlyList<MeasurementReport> Measurements { get; init; } = [];

    /// <summary>What was rejected or quarantined, by reason.</summary>
    public IReadOnlyList<LeftOutReport> LeftOut { get; init; } = [];

    /// <summary>Windows that differ.</summary>
    public IReadOnlyList<WindowDifference> Differences { get; init; } = [];

    /// <summary>The chunks, those that took longest first; all of them.</summary>
    public IReadOnlyList<ChunkReport> Chunks { get; init; } = [];

    /// <summary>What stopped the run and how far it got; null unless it stopped.</summary>
    public StopReport? Stop { get; init; }
}
