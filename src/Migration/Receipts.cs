using Influx;

namespace Migration;

/// <summary>One gzip member of a staged object: exactly one write batch.</summary>
/// <param name="Offset">Where it starts in the object.</param>
/// <param name="Length">Its bytes.</param>
/// <param name="Points">Its lines.</param>
/// <param name="FieldValues">Its field values.</param>
/// <param name="Sha256">The SHA-256 of its bytes in hexadecimal.</param>
public sealed record Member(long Offset, int Length, int Points, int FieldValues, string Sha256);

/// <summary>How many values a field has.</summary>
/// <param name="Name">The field key.</param>
/// <param name="Type">The type.</param>
/// <param name="Count">The field values.</param>
public sealed record FieldCount(string Name, FieldType Type, long Count);

/// <summary>What is in a window, or was taken out of it.</summary>
public sealed record WindowContent
{
    /// <summary>Nanoseconds, included.</summary>
    public long Start { get; init; }

    /// <summary>Nanoseconds, excluded.</summary>
    public long Stop { get; init; }

    /// <summary>Lines.</summary>
    public long Points { get; init; }

    /// <summary>Field values.</summary>
    public long FieldValues { get; init; }

    /// <summary>The content digest in hexadecimal.</summary>
    public string Digest { get; init; } = default(ContentDigest).ToString();

    /// <summary>The field values by field.</summary>
    public IReadOnlyList<FieldCount> Fields { get; init; } = [];

    /// <summary>The first of its members.</summary>
    public int FirstMember { get; init; }

    /// <summary>How many members it has.</summary>
    public int Members { get; init; }

    /// <summary>Its time range.</summary>
    [System.Text.Json.Serialization.JsonIgnore]
    public TimeRange Range => new(Start, Stop);

    /// <summary>Digest and field values of what is left when something is taken out.</summary>
    public (ContentDigest Digest, long FieldValues) Without(WindowContent removed) =>
        (ContentDigest.Parse(Digest) - ContentDigest.Parse(removed.Digest), FieldValues - removed.FieldValues);

    /// <summary>The content of a tally.</summary>
    public static WindowContent From(TimeRange range, ContentTally tally) => new()
    {
        Start = range.Start,
        Stop = range.Stop,
        Points = tally.Points,
        FieldValues = tally.FieldValues,
        Digest = tally.Digest.ToString(),
        Fields = [.. tally.FieldCounts.Where(field => field.Value > 0)
            .Select(field => new FieldCount(field.Key.Key.ToString(), field.Key.Type, field.Value))
            .OrderBy(field => field.Name, StringComparer.Ordinal).ThenBy(field => field.Type)],
    };

    /// <summary>Both lists' contents by window, in the order of time.</summary>
    public static IReadOnlyList<WindowContent> Merge(IEnumerable<WindowContent> first, IEnumerable<WindowContent> second) =>
        [.. first.Concat(second).GroupBy(content => content.Range).Select(same => same.Aggregate(Plus)).OrderBy(content => content.Start)];

    private static WindowContent Plus(WindowContent left, WindowContent right) => left with
    {
        Points = left.Points + right.Points,
        FieldValues = left.FieldValues + right.FieldValues,
        Digest = (ContentDigest.Parse(left.Digest) + ContentDigest.Parse(right.Digest)).ToString(),
        Fields = [.. left.Fields.Concat(right.Fields).GroupBy(field => (field.Name, field.Type))
            .Select(same => new FieldCount(same.Key.Name, same.Key.Type, same.Sum(field => field.Count)))
            .OrderBy(field => field.Name, StringComparer.Ordinal).ThenBy(field => field.Type)],
    };
}

/// <summary>Points that were left out for one reason.</summary>
/// <param name="Reason">Why.</param>
/// <param name="Points">Points that have such a value.</param>
/// <param name="FieldValues">The values left out.</param>
/// <param name="Example">One of them.</param>
public sealed record LeftOut(string Reason, long Points, long FieldValues, string Example)
{
    /// <summary>Both lists' points by reason; the examples are the first list's.</summary>
    public static IReadOnlyList<LeftOut> Merge(IEnumerable<LeftOut> first, IEnumerable<LeftOut> second) =>
        [.. first.Concat(second).GroupBy(left => left.Reason, StringComparer.Ordinal)
            .Select(same => same.First() with { Points = same.Sum(left => left.Points), FieldValues = same.Sum(left => left.FieldValues) })];
}

/// <summary>A window that held another number of field values when it was exported than when it was planned, by the source's own count.</summary>
/// <param name="Start">Nanoseconds, included.</param>
/// <param name="Stop">Nanoseconds, excluded.</param>
/// <param name="Planned">Field values when it was planned.</param>
/// <param name="Found">Field values that were read.</param>
public sealed record PlanDifference(long Start, long Stop, long Planned, long Found);

/// <summary>The proof of a chunk's export.</summary>
public sealed record ExportReceipt
{
    /// <summary>The format's version.</summary>
    public int Format { get; init; } = StagingLayout.Format;

    /// <summary>The SHA-256 of the plan that it follows; null in receipts of the formats before 4.</summary>
    public string? PlanSha256 { get; init; }

    /// <summary>The id of the chunk's segment.</summary>
    public required string Chunk { get; init; }

    /// <summary>The index of its first window among the chunk's planned ones.</summary>
    public int FirstWindow { get; init; }

    /// <summary>How many of the planned windows it has; null for all, as in receipts of format 1.</summary>
    public int? WindowCount { get; init; }

    /// <summary>When its first query was sent: what the source received later is not in it.</summary>
    public DateTimeOffset Started { get; init; }

    /// <summary>How long it took.</summary>
    public double Seconds { get; init; }

    /// <summary>The object's key.</summary>
    public required string Key { get; init; }

    /// <summary>Its size.</summary>
    public long Bytes { get; init; }

    /// <summary>Its size unzipped.</summary>
    public long UnzippedBytes { get; init; }

    /// <summary>Its SHA-256 in hexadecimal.</summary>
    public required string Sha256 { get; init; }

    /// <summary>Its S3 version; null in a folder.</summary>
    public string? Version { get; init; }

    /// <summary>The checksum that S3 compared when it was written; null in a folder, and in receipts of the formats before 3.</summary>
    public string? Checksum { get; init; }

    /// <summary>Lines.</summary>
    public long Points { get; init; }

    /// <summary>Field values.</summary>
    public long FieldValues { get; init; }

    /// <summary>The batches in the order of the object.</summary>
    public required IReadOnlyList<Member> Members { get; init; }

    /// <summary>The windows in the order of time; more than planned where the source gave one up and it was cut.</summary>
    public required IReadOnlyList<WindowContent> Windows { get; init; }

    /// <summary>What the destination's line protocol can't hold, by reason.</summary>
    public IReadOnlyList<LeftOut> Rejected { get; init; } = [];

    /// <summary>The windows that changed between plan and export.</summary>
    public IReadOnlyList<PlanDifference> PlanDifferences { get; init; } = [];
}

/// <summary>The proof of a chunk's import.</summary>
public sealed record ImportReceipt
{
    /// <summary>The format's version.</summary>
    public int Format { get; init; } = StagingLayout.Format;

    /// <summary>The chunk.</summary>
    public required string Chunk { get; init; }

    /// <summary>The SHA-256 of the object that was imported.</summary>
    public required string Sha256 { get; init; }

    /// <summary>When it began.</summary>
    public DateTimeOffset Started { get; init; }

    /// <summary>How long it took.</summary>
    public double Seconds { get; init; }

    /// <summary>Write requests that were answered.</summary>
    public long Requests { get; init; }

    /// <summary>Points that the destination accepted.</summary>
    public long Points { get; init; }

    /// <summary>Field values that the destination accepted.</summary>
    public long FieldValues { get; init; }

    /// <summary>Points older than the destination's retention; no loss.</summary>
    public long ExpiredPoints { get; init; }

    /// <summary>Their field values.</summary>
    public long ExpiredFieldValues { get; init; }

    /// <summary>Points among the quarantined that a limit of the destination refused (413): the next run tries all of the chunk again.</summary>
    public long TooLargePoints { get; init; }

    /// <summary>How many objects its quarantine has; 0 when all of it is in the first, as in receipts of format 1.</summary>
    public int QuarantineObjects { get; init; }

    /// <summary>What the destination refused, by reason.</summary>
    public IReadOnlyList<LeftOut> Quarantined { get; init; } = [];

    /// <summary>What was taken out of the windows, expired and quarantined alike; windows without such are left out.</summary>
    public IReadOnlyList<WindowContent> Removed { get; init; } = [];
}

/// <summary>A window whose content differs.</summary>
public sealed record WindowDifference
{
    /// <summary>The bucket at the destination.</summary>
    public required string Bucket { get; init; }

    /// <summary>The measurement.</summary>
    public required string Measurement { get; init; }

    /// <summary>Nanoseconds, included.</summary>
    public long Start { get; init; }

    /// <summary>Nanoseconds, excluded.</summary>
    public long Stop { get; init; }

    /// <summary>Field values that the destination lacks.</summary>
    public long Missing { get; init; }

    /// <summary>Field values that only the destination has.</summary>
    public long Extra { get; init; }

    /// <summary>Field values that are there with another value.</summary>
    public long Changed { get; init; }

    /// <summary>A few of them in words.</summary>
    public IReadOnlyList<string> Examples { get; init; } = [];
}

/// <summary>The proof of a chunk's verification.</summary>
public sealed record VerifyReceipt
{
    /// <summary>The format's version.</summary>
    public int Format { get; init; } = StagingLayout.Format;

    /// <summary>The chunk.</summary>
    public required string Chunk { get; init; }

    /// <summary>The SHA-256 of the object that was compared.</summary>
    public required string Sha256 { get; init; }

    /// <summary>How it was compared.</summary>
    public VerifyMode Mode { get; init; }

    /// <summary>When it began.</summary>
    public DateTimeOffset Started { get; init; }

    /// <summary>How long it took.</summary>
    public double Seconds { get; init; }

    /// <summary>Windows compared.</summary>
    public int Windows { get; init; }

    /// <summary>Windows that were imported once more because they differed.</summary>
    public int Repaired { get; init; }

    /// <summary>Field values found at the destination.</summary>
    public long FieldValues { get; init; }

    /// <summary>Field values found by window, in the order of the export receipt's windows; without what a reused bucket holds besides.</summary>
    public IReadOnlyList<long> Found { get; init; } = [];

    /// <summary>
    /// The digest of these values, all windows together; null where only counts were compared, and in receipts of the formats before 4.
    /// </summary>
    public string? Digest { get; init; }

    /// <summary>Field values that a reused bucket holds besides; no failure.</summary>
    public long Further { get; init; }

    /// <summary>Windows that still differ.</summary>
    public IReadOnlyList<WindowDifference> Differences { get; init; } = [];
}

/// <summary>What this run did to a destination bucket; kept so that a resumed run knows its own.</summary>
public sealed record DestinationRecord
{
    /// <summary>The bucket's name; null in a record of an earlier version, which knew one name only.</summary>
    public string? Name { get; init; }

    /// <summary>Names under which this migration made a bucket before it got this one.</summary>
    public IReadOnlyList<string> Earlier { get; init; } = [];

    /// <summary>Whether this run creates the bucket; written before it does.</summary>
    public bool CreatedByThisRun { get; init; }

    /// <summary>The bucket; null until it is there.</summary>
    public Bucket? Bucket { get; init; }

    /// <summary>The retention in seconds to put back after the load; null when nothing is widened.</summary>
    public double? RetentionToPutBackSeconds { get; init; }
}
