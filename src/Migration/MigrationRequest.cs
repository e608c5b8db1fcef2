using System.Globalization;
using System.IO.Enumeration;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Influx;

namespace Migration;

/// <summary>One server of a request.</summary>
public sealed record ServerRequest
{
    /// <summary>Scheme, host and port.</summary>
    public string Url { get; set; } = "";

    /// <summary>The org's name or id; null for any that the token sees.</summary>
    public string? Org { get; set; }

    /// <summary>The bucket's name; null with <see cref="MigrationRequest.Full"/>, and at the destination for the source's name.</summary>
    public string? Bucket { get; set; }
}

/// <summary>How much is proven.</summary>
public enum VerifyMode
{
    /// <summary>Every point is read back and compared.</summary>
    Content = 0,

    /// <summary>Field values are counted per measurement, field and window.</summary>
    Counts = 1,

    /// <summary>Nothing; the report says so.</summary>
    None = 2,
}

/// <summary>What to do with a destination bucket that is already there.</summary>
public enum ExistingBucket
{
    /// <summary>Stop before anything is written.</summary>
    Fail = 0,

    /// <summary>Write into it; what it holds besides is counted and left alone.</summary>
    Reuse = 1,
}

/// <summary>What to do with the destination's retention during the load.</summary>
public enum RetentionMode
{
    /// <summary>Nothing: older points are counted as expired.</summary>
    Keep = 0,

    /// <summary>Lift it to for ever, and put it back afterwards.</summary>
    Widen = 1,
}

/// <summary>What a person asks for: the input of an execution, the content of the files in <c>events/</c>, and what the command builds.</summary>
public sealed record MigrationRequest
{
    // Settable and not init: the JSON source generator gives an init property that the text leaves out default(T) instead of
    // the default that stands here.

    /// <summary>Where the points come from.</summary>
    public ServerRequest Source { get; set; } = new();

    /// <summary>Where they go.</summary>
    public ServerRequest Destination { get; set; } = new();

    /// <summary>Whether all buckets of all orgs that the tokens see are moved.</summary>
    public bool Full { get; set; }

    /// <summary>Destination names by source name, where they differ.</summary>
    public IReadOnlyDictionary<string, string> BucketMap { get; set; } = new Dictionary<string, string>();

    /// <summary>The first time, RFC 3339 or nanoseconds; null for all.</summary>
    public string? Start { get; set; }

    /// <summary>The time after the last, RFC 3339 or nanoseconds; null for all.</summary>
    public string? Stop { get; set; }

    /// <summary>Measurements by glob (<c>*</c>, <c>?</c>); empty for all.</summary>
    public IReadOnlyList<string> Measurements { get; set; } = [];

    /// <summary>Measurements to leave out, by glob like <see cref="Measurements"/>.</summary>
    public IReadOnlyList<string> ExcludeMeasurements { get; set; } = [];

    /// <summary>Tags that a point must have.</summary>
    public IReadOnlyDictionary<string, string> Tags { get; set; } = new Dictionary<string, string>();

    /// <summary>Chunks and connections at a time; 1 to 64.</summary>
    public int Concurrency { get; set; } = 4;

    /// <summary>How much is proven.</summary>
    public VerifyMode Verify { get; set; }

    /// <summary>What to do with an existing destination bucket.</summary>
    public ExistingBucket Existing { get; set; }

    /// <summary>What to do with the destination's retention.</summary>
    public RetentionMode Retention { get; set; }

    /// <summary>A PEM file of the authorities to trust for both servers.</summary>
    public string? CaFile { get; set; }

    /// <summary>Whether the servers' certificates go unchecked.</summary>
    public bool SkipVerify { get; set; }

    /// <summary>Whether a token that can do much more than the migration needs is a warning and no refusal.</summary>
    public bool AllowBroadToken { get; set; }

    /// <summary>The field values that a chunk should have; 1,000 to 100,000,000.</summary>
    public int ChunkFieldValues { get; set; } = 1_000_000;

    /// <summary>Whether a measurement is asked for.</summary>
    internal bool Takes(string measurement) =>
        (Measurements.Count == 0 || Measurements.Any(glob => Matches(glob, measurement))) && !ExcludeMeasurements.Any(glob => Matches(glob, measurement));

    /// <summary>Whether a measurement is one that a glob means.</summary>
    internal static bool Matches(string glob, string measurement) => FileSystemName.MatchesSimpleExpression(glob, measurement, ignoreCase: false);

    /// <summary>Whether a text asks for one measurement by its name, and not for all that look like it.</summary>
    internal static bool IsName(string glob) => glob.AsSpan().IndexOfAny('*', '?') < 0;

    /// <summary>The time range of the request.</summary>
    [System.Text.Json.Serialization.JsonIgnore]
    public TimeRange Range => new(
        Start is null || !Timestamp.TryParse(Start, out var start) ? Timestamp.Min : start,
        Stop is null || !Timestamp.TryParse(Stop, out var stop) ? long.MaxValue : stop);

    /// <summary>Every problem of the request, each a sentence; empty when there is none.</summary>
    /// <param name="urlsMayFollow">Whether a URL may be left out, as a secret names it later.</param>
    public IReadOnlyList<string> Problems(bool urlsMayFollow = false)
    {
        var problems = new List<string>();
        AddUrl(problems, Source.Url, "source", urlsMayFollow);
        AddUrl(problems, Destination.Url, "destination", urlsMayFollow);
        if (Full == (Source.Bucket is not null))
            problems.Add(Full ? "with --full all buckets are moved: leave the source bucket out" : "name the source bucket, or ask for all with --full");
        if (Full && Destination.Bucket is not null)
            problems.Add("with --full a single destination bucket can't be named: use --bucket-map");
        foreach (var (name, text) in new[] { ("start", Start), ("stop", Stop) })
        {
            if (text is not null && !Timestamp.TryParse(text, out _))
                problems.Add($"'{text}' is no {name} time: give RFC 3339 such as 2026-01-31T00:00:00Z, or nanoseconds");
        }
        if (Range.IsEmpty)
            problems.Add($"the start {Start} is not before the stop {Stop}");
        foreach (var (key, value) in Tags)
        {
            if (!InfluxQl.CanSay(key) || !InfluxQl.CanSay(value))
                problems.Add($"the tag '{key}={value}' holds a carriage return or a NUL, which InfluxQL can't ask for: choose the points by measurement or time");
        }
        foreach (var name in Measurements.Where(glob => IsName(glob) && ExcludeMeasurements.Any(excluded => Matches(excluded, glob))))
            problems.Add($"the measurement '{name}' is asked for with --measurement and left out with --exclude-measurement");
        if (Concurrency is < 1 or > 64)
            problems.Add(string.Create(CultureInfo.InvariantCulture, $"a concurrency of {Concurrency} is not within 1 to 64"));
        if (ChunkFieldValues is < 1_000 or > 100_000_000)
            problems.Add("chunkFieldValues must lie within 1,000 and 100,000,000");
        if (SkipVerify && CaFile is not null)
            problems.Add("--skip-verify and --ca-file contradict each other: leave --skip-verify out");
        if (CaFile is not null && CaFileProblem(CaFile) is { } problem)
            problems.Add(problem);
        return problems;
    }

    /// <summary>The servers whose token and points travel in the clear, each a sentence.</summary>
    public IEnumerable<string> Exposures() =>
        from server in new[] { (Role: "source", Source.Url), (Role: "destination", Destination.Url) }
        where ServerOrigin.IsExposed(server.Url)
        select $"the {server.Role} is reached over plain http: whoever is on the way reads its token and the points, and can change them";

    /// <summary>
    /// What makes two requests the same migration: both ends and what is moved, but not how.
    /// </summary>
    public string Identity() => Hash(BucketMap.OrderBy(pair => pair.Key, StringComparer.Ordinal));

    /// <summary>
    /// The same without the names that <see cref="BucketMap"/> gives: a staging folder belongs to one of these, as names may be changed
    /// until something was written under them (<see cref="DestinationBuckets"/>).
    /// </summary>
    public string StagingIdentity() => Hash([]);

    private string Hash(IEnumerable<KeyValuePair<string, string>> map)
    {
        var identity = new StringBuilder();
        foreach (var part in (string?[])[Source.Url, Source.Org, Source.Bucket, Destination.Url, Destination.Org, Destination.Bucket, Start, Stop])
            identity.Append(part).Append('\n');
        foreach (var glob in Measurements.Order(StringComparer.Ordinal))
            identity.Append("measurement ").Append(glob).Append('\n');
        foreach (var glob in ExcludeMeasurements.Order(StringComparer.Ordinal))
            identity.Append("exclude ").Append(glob).Append('\n');
        foreach (var (key, value) in Tags.OrderBy(tag => tag.Key, StringComparer.Ordinal))
            identity.Append("tag ").Append(key).Append('=').Append(value).Append('\n');
        foreach (var (key, value) in map)
            identity.Append("map ").Append(key).Append('=').Append(value).Append('\n');
        identity.Append(Full);
        return Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(identity.ToString())));
    }

    private static string? CaFileProblem(string path)
    {
        if (!File.Exists(path))
            return $"the CA file '{path}' does not exist";
        var authorities = new X509Certificate2Collection();
        try
        {
            authorities.ImportFromPemFile(path);
        }
        catch (Exception unreadable) when (unreadable is CryptographicException or IOException or UnauthorizedAccessException)
        {
            return $"the CA file '{path}' can't be read: {unreadable.Message}";
        }
        return authorities.Count > 0 ? null : $"the CA file '{path}' holds no certificate in PEM form";
    }

    private static void AddUrl(List<string> problems, string url, string role, bool mayFollow)
    {
        if (url.Length == 0)
        {
            if (!mayFollow)
                problems.Add($"name the {role}'s URL");
        }
        else if (ServerOptions.TryParseUrl(url, out _) is { } problem)
            problems.Add($"the {role}: {problem}");
    }
}
