using System.Text;
using System.Text.Json;
using Migration;

namespace Benchmarks;

/// <summary>The baseline: curl posts the very gzip members of a staging folder, one process for each connection.</summary>
internal static class CurlLoad
{
    /// <summary>Lays out the members as files and a curl configuration for each connection.</summary>
    /// <param name="staging">The staging folder of a finished run.</param>
    /// <param name="folder">An empty folder to use.</param>
    /// <param name="write">The destination's write URL.</param>
    /// <param name="connections">How many.</param>
    /// <returns>The configurations' paths.</returns>
    public static async Task<IReadOnlyList<string>> PrepareAsync(string staging, string folder, Uri write, int connections)
    {
        var configurations = Enumerable.Range(0, connections).Select(_ => new StringBuilder()).ToList();
        var count = 0;
        foreach (var path in Directory.EnumerateFiles(Path.Combine(staging, "receipts", "export")).Order(StringComparer.Ordinal))
        {
            var receipt = JsonSerializer.Deserialize(await File.ReadAllBytesAsync(path), MigrationJson.Default.ExportReceipt)!;
            var chunk = await File.ReadAllBytesAsync(Path.Combine(staging, receipt.Key));
            foreach (var member in receipt.Members)
            {
                var file = Path.Combine(folder, $"{count}.gz");
                await File.WriteAllBytesAsync(file, chunk.AsMemory((int)member.Offset, member.Length));
                var text = configurations[count++ % connections];
                if (text.Length > 0)
                    text.AppendLine("next");
                text.AppendLine($"url = \"{write}\"\nheader = \"Content-Encoding: gzip\"\nheader = \"Expect:\"\ndata-binary = \"@{file}\"\nfail\nsilent\nshow-error");
            }
        }
        var paths = new List<string>();
        foreach (var text in configurations.Where(text => text.Length > 0))
        {
            paths.Add(Path.Combine(folder, $"{paths.Count}.conf"));
            await File.WriteAllTextAsync(paths[^1], text.ToString());
        }
        return paths;
    }

    /// <summary>Posts all of it.</summary>
    public static async Task<Cost> RunAsync(IReadOnlyList<string> configurations)
    {
        var costs = await Task.WhenAll(configurations.Select(path => MeasuredProcess.RunAsync("curl", "--fail-early", "--config", path)));
        return new Cost(costs.Max(cost => cost.Wall), TimeSpan.FromSeconds(costs.Sum(cost => cost.Cpu.TotalSeconds)), costs.Sum(cost => cost.PeakBytes));
    }
}
