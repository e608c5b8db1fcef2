using System.Globalization;
using System.Text.Json.Nodes;
using Harness;
using TestServers;

namespace Benchmarks;

/// <summary>What the deployed shape costs beside the command: the start of a function, its memory, and the whole migration.</summary>
internal sealed class DeployedBenchmark(string command, InfluxdProcess source, InfluxdProcess destination)
{
    // Machines are noisy: every row is the best of its rounds, and the rounds of all rows take turns.
    private const int Rounds = 3;

    // The ceiling of one 1.x server is reached with two.
    private const int Connections = 2;

    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(15);

    public async Task RunAsync(long fieldValues)
    {
        await using (var shape = await StartAsync(memoryMegabytes: null))
        {
            await ColdStart.PrintAsync(shape);
            await PrintOverheadAsync(shape, fieldValues);
        }
        await using var small = await StartAsync(StagedGigabyte.MemoryMegabytes);
        await StagedGigabyte.PrintAsync(small, source);
    }

    private Task<DeployedShape> StartAsync(int? memoryMegabytes) => DeployedShape.StartAsync(new ShapeOptions
    {
        SourceSecret = Secret(source.Url, "reader"),
        DestinationSecret = Secret(destination.Url, "writer"),
        MemoryMegabytes = memoryMegabytes,
    });

    private static string Secret(Uri url, string user) =>
        new JsonObject { ["url"] = url.GetLeftPart(UriPartial.Authority), ["token"] = $"{user}:not-a-real-password" }.ToJsonString();

    private async Task PrintOverheadAsync(DeployedShape shape, long fieldValues)
    {
        Console.Error.WriteLine($"Loading {fieldValues:N0} field values ...");
        var moved = await Sample.LoadAsync(source, "large", fieldValues);
        var folder = Directory.CreateTempSubdirectory("influx-bench-").FullName;
        var (inFolder, inS3, deployed) = (double.MaxValue, double.MaxValue, double.MaxValue);
        try
        {
            for (var round = 1; round <= Rounds; round++)
            {
                Console.Error.WriteLine($"Round {round} of {Rounds} ...");
                inFolder = Math.Min(inFolder, await CommandAsync(shape, "--dir-name", Path.Combine(folder, $"{round}")));
                inS3 = Math.Min(inS3, await CommandAsync(shape, "--s3-bucket", shape.Bucket, "--allow-unhardened-s3-bucket", "--dir-name", $"command-{round}"));
                deployed = Math.Min(deployed, await DeployedAsync(shape, $"bench-{round}"));
            }
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
        Console.WriteLine(FormattableString.Invariant($"\n| {moved:N0} field values, content verified, best of {Rounds}, {Connections} chunks at a time | s | command = 1.00 |"));
        Console.WriteLine("|---|---|---|");
        foreach (var (name, seconds) in new[] { ("the command, staging in S3", inS3), ("the command, staging in a folder", inFolder), ("deployed: state machine and functions", deployed) })
            Console.WriteLine(FormattableString.Invariant($"| {name} | {seconds:F1} | {seconds / inS3:F2} |"));
    }

    private async Task<double> CommandAsync(DeployedShape shape, params string[] options)
    {
        await EmptyAsync();
        var cost = await MeasuredProcess.RunAsync(
            command,
            [
                "migrate", "--src-host", source.Url.OriginalString, "--src-bucket", "large", "--dest-host", destination.Url.OriginalString, "--dest-bucket", "bench",
                "--concurrency", Connections.ToString(CultureInfo.InvariantCulture), .. options,
            ],
            shape.ClientVariables);
        return cost.Wall.TotalSeconds;
    }

    private async Task<double> DeployedAsync(DeployedShape shape, string name)
    {
        await EmptyAsync();
        // Each round begins cold, as an execution on AWS does.
        shape.Kill();
        var input = new JsonObject
        {
            ["source"] = new JsonObject { ["bucket"] = "large" },
            ["destination"] = new JsonObject { ["bucket"] = "bench" },
            // As many chunks at a time as the command has, and one write request of each.
            ["maxConcurrency"] = Connections,
            ["concurrency"] = 1,
        };
        var end = await shape.RunAsync(name, input, Limit);
        if (end.Status != Aws.ExecutionStatus.Succeeded)
            throw new InvalidOperationException($"{end.Error}: {end.Cause}");
        var states = await shape.StateSecondsAsync(end.ExecutionArn);
        Console.Error.WriteLine(string.Join(", ", states.Select(state => string.Create(CultureInfo.InvariantCulture, $"{state.Key} {state.Value:F1} s"))));
        return end.StopDate!.Value - end.StartDate;
    }

    private async Task EmptyAsync()
    {
        using var client = new HttpClient { BaseAddress = destination.Url };
        await Databases.DropAsync(client, "bench");
    }
}
