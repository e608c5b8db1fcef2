using System.CommandLine;
using System.Text;
using Migration;

namespace Cli;

/// <summary>The options of <c>migrate</c>, declared once; those of AWS's influx_migration.py keep their names and meanings.</summary>
internal sealed class Options
{
    private readonly Option<string> sourceHost = new("--src-host") { Description = "The source's URL with scheme and port.", DefaultValueFactory = _ => "http://localhost:8086" };
    private readonly Option<string?> destinationHost = new("--dest-host") { Description = "The destination's URL with scheme and port." };
    private readonly Option<string?> sourceBucket = new("--src-bucket") { Description = "The source bucket; of a 1.x server database or database/retention-policy." };
    private readonly Option<string?> destinationBucket = new("--dest-bucket") { Description = "The destination bucket; the source's name by default." };
    private readonly Option<string?> sourceOrg = new("--src-org") { Description = "The source's org." };
    private readonly Option<string?> destinationOrg = new("--dest-org") { Description = "The destination's org." };
    private readonly Option<bool> full = new("--full") { Description = "Moves the data of all buckets of all orgs that the tokens see." };
    private readonly Option<bool> csv = new("--csv") { Description = "Accepted for scripts: data is always moved with least-privilege tokens." };
    private readonly Option<bool> confirmFull = new("--confirm-full") { Description = "Not in this version: users, tokens and dashboards are not replaced." };
    private readonly Option<bool> skipVerify = new("--skip-verify") { Description = "Leaves the servers' certificates unchecked; --ca-file is the right answer to a private authority." };
    private readonly Option<string?> caFile = new("--ca-file") { Description = "A PEM file of the authorities to trust." };
    private readonly Option<string?> dirName = new("--dir-name") { Description = "The staging folder; by default a name that is the same for the same migration." };
    private readonly Option<string?> restoreDir = new("--retry-restore-dir") { Description = "Continues from a staging folder, or with --s3-bucket a prefix, without touching the source." };
    private readonly Option<string> logLevel = new("--log-level") { Description = "debug, info or error.", DefaultValueFactory = _ => "info" };
    private readonly Option<string?> s3Bucket = new("--s3-bucket") { Description = "The S3 bucket to stage in, with the AWS credentials of the environment; --dir-name is then the prefix." };
    private readonly Option<bool> unownedBucket = new("--allow-unowned-s3-bucket") { Description = "Takes a staging bucket that another account owns." };
    private readonly Option<string?> start = new("--start") { Description = "The first time, RFC 3339 or nanoseconds." };
    private readonly Option<string?> stop = new("--stop") { Description = "The time after the last." };
    private readonly Option<string[]> measurements = new("--measurement") { Description = "Measurements to move, with * and ?; may be repeated." };
    private readonly Option<string[]> tags = new("--tag") { Description = "key=value that a point must have; may be repeated." };
    private readonly Option<string[]> bucketMap = new("--bucket-map") { Description = "SRC=DEST, where the names differ; may be repeated." };
    private readonly Option<int> concurrency = new("--concurrency") { Description = "Write requests at a time, at most.", DefaultValueFactory = _ => 4 };
    private readonly Option<string> verify = new("--verify") { Description = "content, counts or none.", DefaultValueFactory = _ => "content" };
    private readonly Option<string> existing = new("--existing") { Description = "fail or reuse a destination bucket that is there.", DefaultValueFactory = _ => "fail" };
    private readonly Option<string> retention = new("--retention") { Description = "keep, or widen the destination's retention during the load.", DefaultValueFactory = _ => "keep" };
    private readonly Option<bool> dryRun = new("--dry-run") { Description = "Prints the plan and writes nothing." };

    public Options()
    {
        verify.AcceptOnlyFromAmong("content", "counts", "none");
        existing.AcceptOnlyFromAmong("fail", "reuse");
        retention.AcceptOnlyFromAmong("keep", "widen");
        logLevel.AcceptOnlyFromAmong("debug", "info", "error");
    }

    /// <summary>Adds all of them to a command.</summary>
    public void AddTo(Command command)
    {
        foreach (var option in (Option[])[
            sourceHost, destinationHost, sourceBucket, destinationBucket, sourceOrg, destinationOrg, full, csv, confirmFull, dirName, restoreDir,
            logLevel, skipVerify, caFile, s3Bucket, unownedBucket, start, stop, measurements, tags, bucketMap, concurrency, verify, existing, retention, dryRun])
            command.Add(option);
    }

    public bool DryRun(ParseResult parsed) => parsed.GetValue(dryRun);

    public string LogLevel(ParseResult parsed) => parsed.GetValue(logLevel)!;

    public string? S3Bucket(ParseResult parsed) => parsed.GetValue(s3Bucket);

    public bool AllowUnownedBucket(ParseResult parsed) => parsed.GetValue(unownedBucket);

    public string? RestoreDir(ParseResult parsed) => parsed.GetValue(restoreDir);

    /// <summary>The staging folder: the same for the same migration, so that the same command resumes it.</summary>
    public string Folder(ParseResult parsed, MigrationRequest request)
    {
        if ((RestoreDir(parsed) ?? parsed.GetValue(dirName)) is { } named)
            return named;
        var name = new StringBuilder("influx-migration-");
        foreach (var c in request.Source.Bucket ?? "full")
            name.Append(char.IsAsciiLetterOrDigit(c) ? c : '_');
        return name.Append('-').Append(request.Identity().AsSpan(0, 8)).ToString();
    }

    /// <summary>The request that the options make.</summary>
    /// <exception cref="InputException">It has problems; all of them are named.</exception>
    public MigrationRequest Read(ParseResult parsed)
    {
        var problems = new List<string>();
        if (parsed.GetValue(confirmFull))
            problems.Add("--confirm-full: replacing users, tokens and dashboards is not part of this version; --full moves the data of all buckets");
        if (parsed.GetValue(unownedBucket) && parsed.GetValue(s3Bucket) is null)
            problems.Add("--allow-unowned-s3-bucket goes with --s3-bucket only");
        var request = new MigrationRequest
        {
            Source = new ServerRequest { Url = parsed.GetValue(sourceHost)!, Org = parsed.GetValue(sourceOrg), Bucket = parsed.GetValue(sourceBucket) },
            Destination = new ServerRequest { Url = parsed.GetValue(destinationHost) ?? "", Org = parsed.GetValue(destinationOrg), Bucket = parsed.GetValue(destinationBucket) },
            Full = parsed.GetValue(full),
            BucketMap = Pairs(parsed.GetValue(bucketMap), "--bucket-map", "SRC=DEST", problems),
            Start = parsed.GetValue(start),
            Stop = parsed.GetValue(stop),
            Measurements = parsed.GetValue(measurements) ?? [],
            Tags = Pairs(parsed.GetValue(tags), "--tag", "key=value", problems),
            Concurrency = parsed.GetValue(concurrency),
            Verify = Enum.Parse<VerifyMode>(parsed.GetValue(verify)!, ignoreCase: true),
            Existing = Enum.Parse<ExistingBucket>(parsed.GetValue(existing)!, ignoreCase: true),
            Retention = Enum.Parse<RetentionMode>(parsed.GetValue(retention)!, ignoreCase: true),
            SkipVerify = parsed.GetValue(skipVerify),
            CaFile = parsed.GetValue(caFile),
        };
        problems.AddRange(request.Problems());
        return problems.Count == 0 ? request : throw new InputException(string.Join(Environment.NewLine, problems));
    }

    private static Dictionary<string, string> Pairs(string[]? texts, string option, string form, List<string> problems)
    {
        var pairs = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var text in texts ?? [])
        {
            var equals = text.IndexOf('=', StringComparison.Ordinal);
            if (equals <= 0 || equals == text.Length - 1 || !pairs.TryAdd(text[..equals], text[(equals + 1)..]))
                problems.Add($"'{text}' is no {form} of its own for {option}");
        }
        return pairs;
    }
}
