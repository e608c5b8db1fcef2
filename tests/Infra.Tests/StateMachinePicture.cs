using System.Text;

namespace Infra.Tests;

/// <summary>The state machine as a Mermaid flow chart: what docs/how-it-works.md shows.</summary>
internal static class StateMachinePicture
{
    public static string Draw(StateMachineJson machine)
    {
        var chart = new StringBuilder("flowchart TD\n");
        foreach (var group in machine.AllStates.GroupBy(state => state.Machine, StringComparer.Ordinal))
        {
            if (group.Key.Length > 0)
                chart.Append($"  subgraph {group.Key}Items [\"{group.Key}: each chunk\"]\n");
            foreach (var state in group)
                chart.Append($"  {Node(state)}\n");
            foreach (var state in group)
                AppendArrows(chart, state);
            if (group.Key.Length > 0)
                chart.Append("  end\n");
        }
        foreach (var map in machine.AllStates.Where(state => state.Kind == "Map"))
            chart.Append($"  {map.Name} -.- {map.Name}Chunk\n");
        return chart.ToString();
    }

    private static void AppendArrows(StringBuilder chart, AslState state)
    {
        var caught = state.Catches.Select(rule => (string)rule["Next"]!).ToHashSet(StringComparer.Ordinal);
        foreach (var next in state.Nexts)
        {
            // A failure's way is dotted, unless it is everyone's.
            var arrow = caught.Contains(next) && (string?)state.Json["Next"] != next ? "-.->" : "-->";
            chart.Append($"  {Id(state.Name)} {arrow} {Id(next)}\n");
        }
    }

    private static string Node(AslState state) => state.Kind switch
    {
        "Choice" => $"{Id(state.Name)}{{\"{state.Name}\"}}",
        "Map" => $"{Id(state.Name)}[[\"{state.Name}\"]]",
        "Succeed" or "Fail" => $"{Id(state.Name)}([\"{state.Name}\"])",
        _ => $"{Id(state.Name)}[\"{state.Name}\"]",
    };

    private static string Id(string name) => name.TrimEnd('?');
}
