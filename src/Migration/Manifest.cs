using System.Globalization;
using System.Text.Json.Serialization;
using Influx;

namespace Migration;

/// <summary>A server as the plan found it.</summary>
/// <param name="Url">Its URL.</param>
/// <param name="Version">Its version.</param>
public sealed record PlannedServer(string Url, string Version);

/// <summary>A source bucket and where it goes.</summary>
public sealed record BucketPair
{
    /// <summary>Its place in the plan.</summary>
    public int Index { get; init; }

    /// <summary>The source bucket.</summary>
    public required Bucket Source { get; init; }

    /// <summary>The destination bucket's name.</summary>
    public required string DestinationName { get; init; }

    /// <summary>The destination's org by name or id; null for the only one of its token.</summary>
    public string? DestinationOrg { get; init; }
}

/// <summary>How a planned number of field values came about.</summary>
public enum PlannedCount
{
    /// <summary>An even part of a longer window's, or of a plan that does not tell: says nothing about the window itself.</summary>
    Divided = 0,

    /// <summary>One field was counted, and the others taken to be in the same proportion as in a sample.</summary>
    Estimated = 1,

    /// <summary>Every field was counted.</summary>
    Counted = 2,
}

/// <summary>A window of a chunk: what one query reads. Inside of it a field has one type.</summary>
/// <param name="Start">Nanoseconds, included.</param>
/// <param name="Stop">Nanoseconds, excluded.</param>
/// <param name="FieldValues">How many field values it had when it was planned.</param>
/// <param name="Count">What that number is worth.</param>
public readonly record struct PlannedWindow(
    long Start,
    long Stop,
    long FieldValues,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)] PlannedCount Count = PlannedCount.Divided)
{
    /// <summary>Its time range.</summary>
    [JsonIgnore]
    public TimeRange Range => new(Start, Stop);

    /// <summary>Itself, or where it is dense, even parts of about so many field values.</summary>
    internal IEnumerable<PlannedWindow> Cut(int mostFieldValues)
    {
        var parts = (FieldValues + mostFieldValues - 1) / mostFieldValues;
        if (parts <= 1 || Range.Length < parts)
        {
            yield return this;
            yield break;
        }
        for (var part = 0L; part < parts; part++)
        {
            var start = (long)(Start + (Range.Length * part / parts));
            var stop = (long)(Start + (Range.Length * (part + 1) / parts));
            yield return new PlannedWindow(start, stop, FieldValues / parts);
        }
    }
}

/// <summary>The unit of work: one measurement over some windows.</summary>
public sealed record Chunk
{
    /// <summary>Unique in the migration, and a part of keys.</summary>
    public required string Id { get; init; }

    /// <summary>The index of its bucket pair.</summary>
    public int Bucket { get; init; }

    /// <summary>The measurement.</summary>
    public required string Measurement { get; init; }

    /// <summary>The windows in the order of time.</summary>
    public required IReadOnlyList<PlannedWindow> Windows { get; init; }

    /// <summary>The field values that its windows had when they were planned.</summary>
    [JsonIgnore]
    public long FieldValues => Windows.Sum(window => window.FieldValues);

    /// <summary>The id of a plan's chunk.</summary>
    /// <param name="bucket">The index of its bucket pair.</param>
    /// <param name="number">Its place in the plan, counted from 0.</param>
    public static string IdOf(int bucket, int number) => string.Create(CultureInfo.InvariantCulture, $"{IdStart(bucket)}{number:D6}");

    /// <summary>What the ids of all chunks of a bucket pair start with.</summary>
    public static string IdStart(int bucket) => string.Create(CultureInfo.InvariantCulture, $"{bucket:D3}-");

    /// <summary>The place in the plan of a chunk, or of the chunk of a segment, by its id.</summary>
    /// <exception cref="FormatException">It is none.</exception>
    public static int NumberOf(string id)
    {
        var number = id.AsSpan(id.IndexOf('-') + 1);
        var segment = number.IndexOf('.');
        return int.Parse(segment < 0 ? number : number[..segment], NumberStyles.None, CultureInfo.InvariantCulture);
    }
}

/// <summary>What a server has and does not show, so that it can't be moved.</summary>
public enum HiddenPart
{
    /// <summary>Nothing.</summary>
    None = 0,

    /// <summary>A field of a measurement.</summary>
    Field = 1,

    /// <summary>A measurement.</summary>
    Measurement = 2,

    /// <summary>A bucket.</summary>
    Bucket = 3,
}

/// <summary>Something of the source's schema that needs care, that the destination can't hold, or that the source does not show.</summary>
/// <param name="Bucket">The source bucket.</param>
/// <param name="Measurement">The measurement; empty where it is about the whole bucket.</param>
/// <param name="Text">What it is.</param>
/// <param name="Rejects">Whether points will be rejected for it.</param>
/// <param name="Hidden">What it says can't be read at the source: such a remark makes the verdict <see cref="Verdict.Incomplete"/>.</param>
public sealed record PlanRemark(string Bucket, string Measurement, string Text, bool Rejects, HiddenPart Hidden = HiddenPart.None);

/// <summary>The list of chunks, made once; a resumed run follows the same.</summary>
public sealed record MigrationPlan
{
    /// <summary>The format's version.</summary>
    public int Format { get; init; } = StagingLayout.Format;

    /// <summary>The SHA-256 of the plan's object, which a part of it has from the whole; null in that object itself.</summary>
    public string? Sha256 { get; init; }

    /// <summary>When it was made.</summary>
    public DateTimeOffset Created { get; init; }

    /// <summary>What was asked for.</summary>
    public required MigrationRequest Request { get; init; }

    /// <summary>The source.</summary>
    public required PlannedServer Source { get; init; }

    /// <summary>The destination.</summary>
    public required PlannedServer Destination { get; init; }

    /// <summary>The line protocol of the staged objects.</summary>
    public Dialect Dialect { get; init; }

    /// <summary>The buckets.</summary>
    public required IReadOnlyList<BucketPair> Buckets { get; init; }

    /// <summary>The chunks.</summary>
    public required IReadOnlyList<Chunk> Chunks { get; init; }

    /// <summary>What needs care.</summary>
    public IReadOnlyList<PlanRemark> Remarks { get; init; } = [];

    /// <summary>The filters that nothing of the source matched, each as the option that asked for it.</summary>
    public IReadOnlyList<string> Unmatched { get; init; } = [];

    /// <summary>What stops a run of this plan before anything is written, each a sentence; empty in a plan that was stored.</summary>
    public IReadOnlyList<string> Conflicts { get; init; } = [];

    /// <summary>Where the planning of a plan goes on that a deadline cut short; null in one that is whole.</summary>
    public PlanPosition? Position { get; init; }

    /// <summary>What the tokens can do beyond what they are for, each a sentence that the report repeats.</summary>
    public IReadOnlyList<string> Warnings { get; init; } = [];
}

/// <summary>Where a planning goes on.</summary>
public sealed record PlanPosition
{
    /// <summary>The run that planned so far, <see cref="Continuation.Run"/>.</summary>
    public string? Run { get; init; }

    /// <summary>The index of the first bucket that is not wholly planned.</summary>
    public int Bucket { get; init; }

    /// <summary>The measurements of that bucket that are.</summary>
    public IReadOnlyList<string> Planned { get; init; } = [];

    /// <summary>The measurement filters that matched something so far.</summary>
    public IReadOnlyList<string> Matched { get; init; } = [];

    /// <summary>What is known of the next one.</summary>
    public WindowScan? Scan { get; init; }
}

/// <summary>An exported object that the manifest pins: a segment of a chunk.</summary>
/// <param name="Chunk">The planned chunk.</param>
/// <param name="Key">The object's key.</param>
/// <param name="Bytes">Its size.</param>
/// <param name="Sha256">Its SHA-256 in hexadecimal.</param>
/// <param name="Version">Its S3 version; null in a folder.</param>
/// <param name="ReceiptSha256">The SHA-256 of its export receipt.</param>
/// <param name="Segment">Which segment of the chunk, counted from 1.</param>
/// <param name="FirstWindow">The index of its first window among the chunk's planned ones.</param>
/// <param name="Windows">How many of the planned windows it has; null for all, as in manifests of format 1.</param>
public sealed record SealedChunk(
    string Chunk, string Key, long Bytes, string Sha256, string? Version, string ReceiptSha256, int Segment = 1, int FirstWindow = 0, int? Windows = null)
{
    /// <summary>The segment's id, which its receipts and the objects of its import are named by.</summary>
    [JsonIgnore]
    public string Id => Migration.Segment.IdOf(Chunk, Segment);
}

/// <summary>The sealed manifest: the objects that the importer may read, which have every planned window once.</summary>
public sealed record SealedManifest
{
    /// <summary>The format's version.</summary>
    public int Format { get; init; } = StagingLayout.Format;

    /// <summary>The run whose check a deadline cut short, <see cref="Continuation.Run"/>; null in a manifest that is whole.</summary>
    public string? Run { get; init; }

    /// <summary>When it was sealed.</summary>
    public DateTimeOffset Sealed { get; init; }

    /// <summary>The SHA-256 of the plan.</summary>
    public required string PlanSha256 { get; init; }

    /// <summary>The segments in the plan's order.</summary>
    public required IReadOnlyList<SealedChunk> Chunks { get; init; }
}
