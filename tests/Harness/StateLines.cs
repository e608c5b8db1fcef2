using System.Globalization;
using System.Text.Json.Nodes;
using Aws;

namespace Harness;

/// <summary>An execution's states as the console shows them turn, a line each: when, which, and how it stands.</summary>
internal sealed class StateLines(TextWriter output)
{
    private readonly Dictionary<string, double> entered = new(StringComparer.Ordinal);
    private readonly Dictionary<string, long> mapped = new(StringComparer.Ordinal);
    private int shown;

    /// <summary>Writes what is new.</summary>
    /// <param name="events">The execution's history so far.</param>
    /// <param name="executions">Where its map runs are asked for.</param>
    /// <param name="execution">Its ARN.</param>
    public async Task ShowAsync(JsonArray events, StepFunctionsClient executions, string execution)
    {
        var begun = Time(events[0]!);
        foreach (var one in events.Skip(shown))
        {
            var type = one!["type"]!.GetValue<string>();
            var name = (one["stateEnteredEventDetails"] ?? one["stateExitedEventDetails"])?["name"]!.GetValue<string>();
            // A choice is made at once; only that it was is worth a line.
            if (type.EndsWith("StateEntered", StringComparison.Ordinal))
            {
                entered[name!] = Time(one);
                if (type is "TaskStateEntered" or "MapStateEntered" or ExecutionEvent.FailStateEntered)
                    await LineAsync(Time(one) - begun, name!, type == ExecutionEvent.FailStateEntered ? "FAILED" : "RUNNING");
            }
            else if (type.EndsWith("StateExited", StringComparison.Ordinal))
            {
                if (type == "MapStateExited")
                    await MapsAsync(Time(one) - begun, executions, execution, name);
                await LineAsync(Time(one) - begun, name!, string.Create(CultureInfo.InvariantCulture, $"done in {Time(one) - entered[name!]:0.0} s"));
            }
        }
        shown = events.Count;
        // What a Map that has ended came to stands before its end.
        if (events.Count(one => one!["type"]!.GetValue<string>() == "MapStateEntered") > events.Count(one => one!["type"]!.GetValue<string>() == "MapStateExited"))
            await MapsAsync((DateTimeOffset.UtcNow.ToUnixTimeMilliseconds() / 1000.0) - begun, executions, execution);
    }

    private async Task MapsAsync(double seconds, StepFunctionsClient executions, string execution, string? only = null)
    {
        var page = await executions.ListMapRunsAsync(execution, nextToken: null, CancellationToken.None);
        foreach (var entry in page.MapRuns.Reverse())
        {
            // arn:aws:states:REGION:ACCOUNT:mapRun:MACHINE/LABEL:ID
            var label = entry.MapRunArn.Split('/')[^1].Split(':')[0];
            if (only is not null && only != label)
                continue;
            var counts = (await executions.DescribeMapRunAsync(entry.MapRunArn, CancellationToken.None)).ItemCounts;
            if (counts.Total == 0 || mapped.GetValueOrDefault(entry.MapRunArn, -1) == counts.Succeeded)
                continue;
            mapped[entry.MapRunArn] = counts.Succeeded;
            await LineAsync(seconds, label, string.Create(CultureInfo.InvariantCulture, $"{counts.Succeeded:N0} of {counts.Total:N0} chunks"));
        }
    }

    private Task LineAsync(double seconds, string state, string how) =>
        output.WriteLineAsync(string.Create(CultureInfo.InvariantCulture, $"{seconds,6:0.0} s  {state,-14}  {how}"));

    private static double Time(JsonNode one) => one["timestamp"]!.GetValue<double>();
}
