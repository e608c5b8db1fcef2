using System.Diagnostics;
using System.Text.Json.Nodes;
using Functions;
using Harness;
using TestServers;

namespace Benchmarks;

/// <summary>
/// From the start of a function's process to its first answer: that of validate, which gets an object of the staging bucket and puts
/// two. The native file beside the same code as an assembly; the second answer of the same process tells what the calls take.
/// </summary>
internal static class ColdStart
{
    private const int Starts = 10;

    /// <summary>Measures and prints the rows.</summary>
    public static async Task PrintAsync(DeployedShape shape)
    {
        var settings = shape.Settings(HandlerNames.Validate);
        var native = ShapeOptions.PublishedFunctions;
        var assembly = Path.Combine(AppContext.BaseDirectory, "bootstrap.dll");
        var (nativeBest, assemblyBest) = (Start.Worst, Start.Worst);
        for (var start = 0; start < Starts; start++)
        {
            nativeBest = nativeBest.Better(await MeasureAsync(native, settings, $"cold-native-{start}"));
            assemblyBest = assemblyBest.Better(await MeasureAsync(assembly, settings, $"cold-assembly-{start}"));
        }
        Console.WriteLine(FormattableString.Invariant($"| start of a function, best of {Starts} | first answer, ms | assembly = 1.00 | second answer, ms | peak MB | file MB |"));
        Console.WriteLine("|---|---|---|---|---|---|");
        Print("native `bootstrap`", nativeBest, FormattableString.Invariant($"{new FileInfo(native).Length / 1048576.0:F1}"));
        Print("assembly on the runtime", assemblyBest, "");

        void Print(string name, Start row, string file) => Console.WriteLine(FormattableString.Invariant(
            $"| {name} | {row.First.TotalMilliseconds:F0} | {row.First / assemblyBest.First:F2} | {row.Second.TotalMilliseconds:F0} | {row.PeakBytes / 1e6:F0} | {file} |"));
    }

    private static async Task<Start> MeasureAsync(string file, IReadOnlyDictionary<string, string> settings, string execution)
    {
        await using var function = new LambdaFunction(file, settings);
        await function.PrepareAsync();
        var first = await InvokeAsync(function, execution);
        var peak = function.PeakMemory();
        return new Start(first, await InvokeAsync(function, $"{execution}-again"), peak);
    }

    private static async Task<TimeSpan> InvokeAsync(LambdaFunction function, string execution)
    {
        var payload = new JsonObject
        {
            ["execution"] = new JsonObject { ["id"] = $"arn:aws:states:{CloudTemplates.Region}:{CloudTemplates.Account}:execution:bench:{execution}", ["name"] = execution },
            ["input"] = new JsonObject { ["source"] = new JsonObject { ["bucket"] = "d" }, ["destination"] = new JsonObject { ["bucket"] = "d" } },
        }.ToJsonString();
        var clock = Stopwatch.GetTimestamp();
        var outcome = await function.InvokeAsync(payload);
        var elapsed = Stopwatch.GetElapsedTime(clock);
        return outcome.Answer is not null ? elapsed : throw new InvalidOperationException($"{outcome.ErrorType}: {outcome.ErrorMessage}");
    }

    private sealed record Start(TimeSpan First, TimeSpan Second, long PeakBytes)
    {
        public static Start Worst { get; } = new(TimeSpan.MaxValue, TimeSpan.MaxValue, 0);

        public Start Better(Start one) => new(
            one.First < First ? one.First : First, one.Second < Second ? one.Second : Second, Math.Max(PeakBytes, one.PeakBytes));
    }
}
