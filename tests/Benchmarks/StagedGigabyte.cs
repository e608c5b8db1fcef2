using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using Functions;
using Harness;
using TestServers;

namespace Benchmarks;

/// <summary>
/// One chunk whose staged object has a gigabyte, by functions that have 256 MB: their heap is limited to what the product leaves of
/// that, so that more ends the process, and their resident memory is read as the kernel counts it.
/// </summary>
internal static class StagedGigabyte
{
    /// <summary>The functions' memory.</summary>
    public const int MemoryMegabytes = 256;

    // Random texts, which the fast level of gzip leaves as long as they are: of 4,096 characters each.
    private const int TextBytes = 3_072;
    private const int Points = 260_000;
    private const int PointsPerRequest = 1_000;

    /// <summary>Loads, moves and prints.</summary>
    public static async Task PrintAsync(DeployedShape shape, InfluxdProcess source)
    {
        Console.Error.WriteLine($"Loading {Points:N0} texts ...");
        await LoadAsync(source);
        var input = new JsonObject
        {
            ["source"] = new JsonObject { ["bucket"] = "texts" },
            ["destination"] = new JsonObject { ["bucket"] = "texts" },
            ["maxConcurrency"] = 1,
        };
        var end = await shape.RunAsync("gigabyte", input, TimeSpan.FromMinutes(15));
        if (end.Status != Aws.ExecutionStatus.Succeeded)
            throw new InvalidOperationException($"{end.Error}: {end.Cause}");
        var objects = await shape.Staging.ListObjectsV2Async(new() { BucketName = shape.Bucket, Prefix = "migrations/gigabyte/" });
        var seconds = await shape.StateSecondsAsync(end.ExecutionArn);
        Console.WriteLine(FormattableString.Invariant($"\n| one staged object of {objects.S3Objects.Max(one => one.Size) / 1e6:N0} MB, functions of {MemoryMegabytes} MB | peak MB | s |"));
        Console.WriteLine("|---|---|---|");
        foreach (var (handler, state) in new[] { (HandlerNames.Export, "Export"), (HandlerNames.Stage, "Stage"), (HandlerNames.Import, "Import"), (HandlerNames.Verify, "Verify") })
            Console.WriteLine(FormattableString.Invariant($"| {handler} | {shape[handler].PeakMemory() / 1e6:F0} | {seconds[state]:F0} |"));
    }

    private static async Task LoadAsync(InfluxdProcess source)
    {
        using var client = new HttpClient { BaseAddress = source.Url, Timeout = TimeSpan.FromMinutes(2) };
        await Databases.CreateAsync(client, "texts");
        var random = new Random(1);
        var bytes = new byte[TextBytes];
        // Within one shard group, so that it is one window and one chunk.
        var start = new DateTimeOffset(2025, 6, 2, 0, 0, 0, TimeSpan.Zero).ToUnixTimeSeconds();
        for (var i = 0; i < Points; i += PointsPerRequest)
        {
            var lines = new StringBuilder();
            for (var point = i; point < i + PointsPerRequest; point++)
            {
                random.NextBytes(bytes);
                lines.Append(CultureInfo.InvariantCulture, $"log text=\"{Convert.ToBase64String(bytes)}\" {start + point}000000000\n");
            }
            using var answer = await client.PostAsync(new Uri("/write?db=texts", UriKind.Relative), new StringContent(lines.ToString()));
            answer.EnsureSuccessStatusCode();
        }
    }
}
