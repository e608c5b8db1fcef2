using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Influx;
using Migration;

namespace Benchmarks;

/// <summary>
/// The baselines: curl asks the source for the very windows of a plan, and posts the very gzip members of its staging folder,
/// one process for each connection.
/// </summary>
internal static class CurlLoad
{
    /// <summary>An object of a staging folder, by its key.</summary>
    public static async Task<T> ReadAsync<T>(string staging, string key, JsonTypeInfo<T> type) =>
        JsonSerializer.Deserialize(JsonSeal.Open(key, await File.ReadAllBytesAsync(Path.Combine(staging, key))).Span, type)!;

    /// <summary>A curl configuration for each connection that reads every planned window and throws it away.</summary>
    public static async Task<IReadOnlyList<string>> PrepareReadAsync(string staging, string folder, Uri source, string database, int connections)
    {
        var plan = await ReadAsync(staging, StagingLayout.Plan, MigrationJson.Default.MigrationPlan);
        var transfers = plan.Chunks.SelectMany(chunk => chunk.Windows.Select(window => InfluxQl.SelectAll(chunk.Measurement, "*::field", window.Range, condition: null)))
            .Select(query => $"url = \"{new Uri(source, "/query")}\"\nheader = \"Accept: application/x-msgpack\"\ndata = \"db={database}&epoch=ns&chunked=true&q={Uri.EscapeDataString(query)}\"\noutput = \"/dev/null\"");
        return await ConfigureAsync(transfers, folder, "read", connections);
    }

    /// <summary>Lays out the members as files and a curl configuration for each connection.</summary>
    /// <param name="staging">The staging folder of a finished run.</param>
    /// <param name="folder">An empty folder to use.</param>
    /// <param name="write">The destination's write URL.</param>
    /// <param name="connections">How many.</param>
    /// <returns>The configurations' paths.</returns>
    public static async Task<IReadOnlyList<string>> PrepareWriteAsync(string staging, string folder, Uri write, int connections)
    {
        var transfers = new List<string>();
        foreach (var path in Directory.EnumerateFiles(Path.Combine(staging, "receipts", "export")).Order(StringComparer.Ordinal))
        {
            var receipt = await ReadAsync(staging, Path.GetRelativePath(staging, path), MigrationJson.Default.ExportReceipt);
            var chunk = await File.ReadAllBytesAsync(Path.Combine(staging, receipt.Key));
            foreach (var member in receipt.Members)
            {
                var file = Path.Combine(folder, $"{transfers.Count}.gz");
                await File.WriteAllBytesAsync(file, chunk.AsMemory((int)member.Offset, member.Length));
                transfers.Add($"url = \"{write}\"\nheader = \"Content-Encoding: gzip\"\nheader = \"Expect:\"\ndata-binary = \"@{file}\"");
            }
        }
        return await ConfigureAsync(transfers, folder, "write", connections);
    }

    /// <summary>Runs the configurations, all at the same time.</summary>
    public static async Task<Cost> RunAsync(IReadOnlyList<string> configurations)
    {
        var costs = await Task.WhenAll(configurations.Select(path => MeasuredProcess.RunAsync("curl", "--fail-early", "--config", path)));
        return new Cost(costs.Max(cost => cost.Wall), TimeSpan.FromSeconds(costs.Sum(cost => cost.Cpu.TotalSeconds)), costs.Sum(cost => cost.PeakBytes));
    }

    private static async Task<IReadOnlyList<string>> ConfigureAsync(IEnumerable<string> transfers, string folder, string name, int connections)
    {
        var paths = new List<string>();
        foreach (var share in transfers.Select((text, index) => (text, index)).GroupBy(transfer => transfer.index % connections))
        {
            paths.Add(Path.Combine(folder, $"{name}{share.Key}.conf"));
            await File.WriteAllTextAsync(paths[^1], string.Join("\nnext\n", share.Select(transfer => $"{transfer.text}\nfail\nsilent\nshow-error")));
        }
        return paths;
    }
}
