using System.CommandLine;
using System.Text;
using System.Text.Json.Nodes;
using Microsoft.Extensions.Logging;
using Migration;

namespace Cli;

/// <summary>The options of <c>migrate</c> and <c>verify</c>, declared once; those of AWS's influx_migration.py keep their names and meanings.</summary>
internal sealed class Options
{
    private const string DefaultSource = "http://localhost:8086";

    private readonly Option<string?> input = new("--input") { Description = "A JSON file with the request; options that are given override what it says." };
    private readonly Option<string> sourceHost = new("--src-host") { Description = "The source's URL with scheme and port." };
    private readonly Option<string> destinationHost = new("--dest-host") { Description = "The destination's URL with scheme and port." };
    private readonly Option<string?> sourceBucket = new("--src-bucket") { Description = "The source bucket; of a 1.x server database or database/retention-policy." };
    private readonly Option<string?> destinationBucket = new("--dest-bucket") { Description = "The destination bucket; the source's name by default." };
    private readonly Option<string?> sourceOrg = new("--src-org") { Description = "The source's org." };
    private readonly Option<string?> destinationOrg = new("--dest-org") { Description = "The destination's org." };
    private readonly Option<bool> full = new("--full") { Description = "Moves the data of all buckets of all orgs that the tokens see." };
    private readonly Option<bool> csv = new("--csv") { Description = "Accepted for scripts: data is always moved with least-privilege tokens." };
    private readonly Option<bool> confirmFull = new("--confirm-full") { Description = "Not in this version: users, tokens and dashboards are not replaced." };
    private readonly Option<bool> skipVerify = new("--skip-verify") { Description = "Leaves the servers' certificates unchecked; --ca-file is the right answer to a private authority." };
    private readonly Option<bool> broadToken = new("--allow-broad-token") { Description = "Warns of a token that can do much more than the migration needs, instead of refusing it." };
    private readonly Option<string?> caFile = new("--ca-file") { Description = "A PEM file of the authorities to trust." };
    private readonly Option<string?> dirName = new("--dir-name") { Description = "The staging folder; by default a name that is the same for the same migration." };
    private readonly Option<string?> restoreDir = new("--retry-restore-dir") { Description = "Continues from a staging folder, or with --s3-bucket a prefix, without touching the source; it knows the request, and options that are given override that." };
    private readonly Option<string> logLevel = new("--log-level") { Description = "debug, info or error.", DefaultValueFactory = _ => "info" };
    private readonly Option<string?> s3Bucket = new("--s3-bucket") { Description = "The S3 bucket to stage in, with the AWS credentials of the environment; --dir-name is then the prefix." };
    private readonly Option<bool> unownedBucket = new("--allow-unowned-s3-bucket") { Description = "Takes a staging bucket that another account owns." };
    private readonly Option<bool> unhardenedBucket = new("--allow-unhardened-s3-bucket") { Description = "Warns of a staging bucket that lacks what bucket check asks for, instead of refusing it." };
    private readonly Option<string?> start = new("--start") { Description = "The first time, RFC 3339 or nanoseconds." };
    private readonly Option<string?> stop = new("--stop") { Description = "The time after the last." };
    private readonly Option<string[]> measurements = new("--measurement") { Description = "Measurements to move, with * and ?; may be repeated." };
    private readonly Option<string[]> excluded = new("--exclude-measurement") { Description = "Measurements to leave out, with * and ?; may be repeated." };
    private readonly Option<string[]> tags = new("--tag") { Description = @"key=value that a point must have, with \= for a = in the key; may be repeated." };
    private readonly Option<string[]> bucketMap = new("--bucket-map") { Description = @"SRC=DEST, where the names differ, with \= for a = in SRC; may be repeated." };
    private readonly Option<int> concurrency = new("--concurrency") { Description = "Write requests at a time, at most.", DefaultValueFactory = _ => 4 };
    private readonly Option<string> verify = new("--verify") { Description = "content, counts or none.", DefaultValueFactory = _ => "content" };
    private readonly Option<string> existing = new("--existing") { Description = "fail or reuse a destination bucket that is there.", DefaultValueFactory = _ => "fail" };
    private readonly Option<string> retention = new("--retention") { Description = "keep, or widen the destination's retention during the load.", DefaultValueFactory = _ => "keep" };
    private readonly Option<bool> dryRun = new("--dry-run") { Description = "Prints the plan and writes nothing." };

    private Option[] Compared =>
    [
        input, sourceHost, destinationHost, sourceBucket, destinationBucket, sourceOrg, destinationOrg, full, bucketMap, start, stop, measurements, excluded, tags,
        verify, existing, skipVerify, concurrency,
    ];

    public Options()
    {
        verify.AcceptOnlyFromAmong("content", "counts", "none");
        existing.AcceptOnlyFromAmong("fail", "reuse");
        retention.AcceptOnlyFromAmong("keep", "widen");
        logLevel.AcceptOnlyFromAmong("debug", "info", "error");
    }

    /// <summary>Adds all of them to <c>migrate</c>.</summary>
    public void AddTo(Command command)
    {
        AddComparedTo(command);
        foreach (var option in (Option[])[csv, confirmFull, dirName, restoreDir, s3Bucket, unownedBucket, unhardenedBucket, broadToken, retention, dryRun])
            command.Add(option);
    }

    /// <summary>Adds those that say what is compared to <c>verify</c>, which moves nothing.</summary>
    public void AddComparedTo(Command command)
    {
        sourceHost.DefaultValueFactory = _ => DefaultSource;
        foreach (var option in (Option[])[.. Compared, caFile, logLevel])
            command.Add(option);
    }

    /// <summary>Adds those that say what is moved to <c>start</c>; URLs have no default there, as secrets may name them.</summary>
    public void AddRequestTo(Command command)
    {
        foreach (var option in (Option[])[.. Compared, retention, broadToken])
            command.Add(option);
    }

    /// <summary>Whether anything is given that says what is moved.</summary>
    public bool IsAnyGiven(ParseResult parsed) => Array.Exists([.. Compared, retention, broadToken], option => IsGiven(parsed, option));

    public LogLevel LogLevel(ParseResult parsed) => parsed.GetValue(logLevel) switch
    {
        "debug" => Microsoft.Extensions.Logging.LogLevel.Information,
        "error" => Microsoft.Extensions.Logging.LogLevel.Error,
        _ => Microsoft.Extensions.Logging.LogLevel.Warning,
    };

    public bool DryRun(ParseResult parsed) => parsed.GetValue(dryRun);

    public string? S3Bucket(ParseResult parsed) => parsed.GetValue(s3Bucket);

    public bool AllowUnownedBucket(ParseResult parsed) => parsed.GetValue(unownedBucket);

    public bool AllowUnhardenedBucket(ParseResult parsed) => parsed.GetValue(unhardenedBucket);

    public string? RestoreDir(ParseResult parsed) => parsed.GetValue(restoreDir);

    /// <summary>The staging folder: the same for the same migration, so that the same command resumes it.</summary>
    public string Folder(ParseResult parsed, MigrationRequest request)
    {
        if ((RestoreDir(parsed) ?? parsed.GetValue(dirName)) is { } named)
            return named;
        var name = new StringBuilder("influx-migration-");
        foreach (var c in request.Source.Bucket ?? "full")
            name.Append(char.IsAsciiLetterOrDigit(c) ? c : '_');
        return name.Append('-').Append(request.StagingIdentity().AsSpan(0, 8)).ToString();
    }

    /// <summary>The request that the options make.</summary>
    /// <param name="parsed">What was given.</param>
    /// <param name="known">The request of a migration that is gone on with; null for a new one.</param>
    /// <exception cref="InputException">It has problems; all of them are named.</exception>
    public MigrationRequest Read(ParseResult parsed, MigrationRequest? known = null) =>
        Read(parsed, known, DefaultSource, path => InputFile.Read(path), functions: false);

    /// <summary>The request that the options make for the functions, which read files of no machine, and URLs from their secrets.</summary>
    /// <param name="parsed">What was given.</param>
    /// <param name="others">Takes the properties of the file that no request has.</param>
    /// <exception cref="InputException">It has problems; all of them are named.</exception>
    public MigrationRequest ReadForFunctions(ParseResult parsed, JsonObject others) => Read(parsed, known: null, "", path => InputFile.Read(path, others), functions: true);

    private MigrationRequest Read(ParseResult parsed, MigrationRequest? known, string source, Func<string, MigrationRequest> readFile, bool functions)
    {
        var problems = new List<string>();
        if (parsed.GetValue(confirmFull))
            problems.Add("--confirm-full: replacing users, tokens and dashboards is not part of this version; --full moves the data of all buckets");
        if (parsed.GetValue(unownedBucket) && parsed.GetValue(s3Bucket) is null)
            problems.Add("--allow-unowned-s3-bucket goes with --s3-bucket only");
        if (parsed.GetValue(unhardenedBucket) && parsed.GetValue(s3Bucket) is null)
            problems.Add("--allow-unhardened-s3-bucket goes with --s3-bucket only");
        var read = parsed.GetValue(input) is { } path ? readFile(path) : known ?? new MigrationRequest();
        var request = read with
        {
            Source = Server(parsed, read.Source, sourceHost, sourceOrg, sourceBucket, source),
            Destination = Server(parsed, read.Destination, destinationHost, destinationOrg, destinationBucket, ""),
            Full = Given(parsed, full, read.Full),
            BucketMap = IsGiven(parsed, bucketMap) ? Pairs(parsed.GetValue(bucketMap), "--bucket-map", "SRC=DEST", problems) : read.BucketMap,
            Start = Given(parsed, start, read.Start),
            Stop = Given(parsed, stop, read.Stop),
            Measurements = IsGiven(parsed, measurements) ? parsed.GetValue(measurements)! : read.Measurements,
            ExcludeMeasurements = IsGiven(parsed, excluded) ? parsed.GetValue(excluded)! : read.ExcludeMeasurements,
            Tags = IsGiven(parsed, tags) ? Pairs(parsed.GetValue(tags), "--tag", "key=value", problems) : read.Tags,
            Concurrency = Given(parsed, concurrency, read.Concurrency),
            Verify = Given(parsed, verify, read.Verify),
            Existing = Given(parsed, existing, read.Existing),
            Retention = Given(parsed, retention, read.Retention),
            SkipVerify = Given(parsed, skipVerify, read.SkipVerify),
            CaFile = Given(parsed, caFile, read.CaFile),
            AllowBroadToken = Given(parsed, broadToken, read.AllowBroadToken),
        };
        if (functions && request.CaFile is not null)
            problems.Add("caFile names a file of this machine: put the certificate into the server's secret as caCertificate");
        problems.AddRange((functions ? request with { CaFile = null } : request).Problems(urlsMayFollow: functions));
        return problems.Count == 0 ? request : throw new InputException(string.Join('\n', problems));
    }

    private static ServerRequest Server(
        ParseResult parsed, ServerRequest read, Option<string> host, Option<string?> org, Option<string?> bucket, string otherwise) =>
        new()
        {
            Url = Given(parsed, host, read.Url.Length > 0 ? read.Url : otherwise),
            Org = Given(parsed, org, read.Org),
            Bucket = Given(parsed, bucket, read.Bucket),
        };

    private static bool IsGiven(ParseResult parsed, Option option) => parsed.GetResult(option) is { Implicit: false };

    private static T Given<T>(ParseResult parsed, Option<T> option, T otherwise) => IsGiven(parsed, option) ? parsed.GetValue(option)! : otherwise;

    private static T Given<T>(ParseResult parsed, Option<string> option, T otherwise)
        where T : struct, Enum => IsGiven(parsed, option) ? Enum.Parse<T>(parsed.GetValue(option)!, ignoreCase: true) : otherwise;

    private static Dictionary<string, string> Pairs(string[]? texts, string option, string form, List<string> problems)
    {
        var pairs = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var text in texts ?? [])
        {
            if (!PairText.TryRead(text, out var key, out var value) || !pairs.TryAdd(key, value))
                problems.Add($"'{text}' is no {form} of its own for {option}");
        }
        return pairs;
    }
}
