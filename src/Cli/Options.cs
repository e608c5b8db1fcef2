using System.CommandLine;
using Migration;

namespace Cli;

/// <summary>The options that say what is moved, declared once.</summary>
internal sealed class Options
{
    private readonly Option<string> sourceHost = new("--src-host") { Description = "The source's URL.", DefaultValueFactory = _ => "http://localhost:8086" };
    private readonly Option<string?> destinationHost = new("--dest-host") { Description = "The destination's URL." };
    private readonly Option<string?> sourceBucket = new("--src-bucket") { Description = "The source bucket." };
    private readonly Option<string?> destinationBucket = new("--dest-bucket") { Description = "The destination bucket; the source's name by default." };
    private readonly Option<string?> sourceOrg = new("--src-org") { Description = "The source's org." };
    private readonly Option<string?> destinationOrg = new("--dest-org") { Description = "The destination's org." };
    private readonly Option<bool> full = new("--full") { Description = "Moves the data of all buckets." };
    private readonly Option<bool> skipVerify = new("--skip-verify") { Description = "Leaves the servers' certificates unchecked." };
    private readonly Option<string?> start = new("--start") { Description = "The first time, RFC 3339 or nanoseconds." };
    private readonly Option<string?> stop = new("--stop") { Description = "The time after the last." };

    /// <summary>Adds all of them to a command.</summary>
    public void AddTo(Command command)
    {
        foreach (var option in (Option[])[sourceHost, destinationHost, sourceBucket, destinationBucket, sourceOrg, destinationOrg, full, skipVerify, start, stop])
            command.Add(option);
    }

    /// <summary>The request that the options make.</summary>
    /// <exception cref="InputException">It has problems; all of them are named.</exception>
    public MigrationRequest Read(ParseResult parsed)
    {
        var request = new MigrationRequest
        {
            Source = new ServerRequest { Url = parsed.GetValue(sourceHost)!, Org = parsed.GetValue(sourceOrg), Bucket = parsed.GetValue(sourceBucket) },
            Destination = new ServerRequest { Url = parsed.GetValue(destinationHost) ?? "", Org = parsed.GetValue(destinationOrg), Bucket = parsed.GetValue(destinationBucket) },
            Full = parsed.GetValue(full),
            SkipVerify = parsed.GetValue(skipVerify),
            Start = parsed.GetValue(start),
            Stop = parsed.GetValue(stop),
        };
        var problems = request.Problems();
        return problems.Count == 0 ? request : throw new InputException(string.Join(Environment.NewLine, problems));
    }
}
