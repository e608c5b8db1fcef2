using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Functions;
using Migration;

namespace Infra.Tests;

/// <summary>Step Functions' limits, by computation: 25,000 events an execution, and 64 KB of state data (of 256 KB) for a plan of 100,000 chunks.</summary>
public sealed class StateMachineLimitTests(SynthesisedStacks stacks)
{
    private const int Chunks = 100_000;
    private const int MostEvents = 25_000;
    private const int MostStateBytes = 64 * 1024;

    // Entered, scheduled, started, succeeded, exited; a failed try has three of its own. A Map: entered, started, its run
    // started and succeeded, succeeded, exited: its items' events are in the histories of their own executions.
    private const int TaskEvents = 5;
    private const int RetryEvents = 3;
    private const int MapEvents = 6;
    private const int OtherEvents = 2;

    private readonly StateMachineJson machine = new(stacks.All[0].PipelineJson);

    [Theory]
    [InlineData("")]
    [InlineData("Export")]
    [InlineData("Import")]
    [InlineData("Verify")]
    public void Has_a_history_within_the_limit_however_long_it_takes(string map)
    {
        var states = machine.AllStates.Where(state => state.Machine == map).ToList();
        var whole = TimeSpan.FromSeconds((int)machine.Json["TimeoutSeconds"]!);
        // What is called again has used its time up, but for the margin before its deadline: at least half of it.
        var calls = (int)(whole / TimeSpan.FromMinutes(FunctionRights.MaximumMinutes) * 2);
        var loops = states.Where(state => state.Name.EndsWith("Done?", StringComparison.Ordinal)).ToList();

        // Each state at most once, with every retry that it has, and the time of the whole spent in the loops, or in waiting for a free
        // invocation, which a retry does for half of its longest delay on average.
        var once = states.Sum(Events) + 2;
        var throttled = states.SelectMany(state => state.Retries).Where(IsOfThrottles)
            .Max(retry => Math.Min((int)retry["MaxAttempts"]!, whole.TotalSeconds / ((int)retry["MaxDelaySeconds"]! / 2.0)) * RetryEvents * 1.05);
        var again = (int)Math.Max(calls * (TaskEvents + OtherEvents), throttled);

        Assert.Equal(map.Length == 0 ? 2 : 1, loops.Count);
        Assert.InRange(once + again, 1, MostEvents);
        Assert.DoesNotContain(states, state => state.Kind == "Map" && (string?)state.Json["ItemProcessor"]!["ProcessorConfig"]!["Mode"] != "DISTRIBUTED");
    }

    [Fact]
    public void Goes_back_only_to_call_a_stage_again()
    {
        foreach (var group in machine.AllStates.GroupBy(state => state.Machine, StringComparer.Ordinal))
        {
            var byName = group.ToDictionary(state => state.Name, StringComparer.Ordinal);

            Assert.All(Cycles(byName), cycle => Assert.Equal(2, cycle.Count));
        }
    }

    [Fact]
    public void Keeps_its_state_data_small_for_a_hundred_thousand_chunks()
    {
        var name = new string('n', 80);
        var items = new ItemList(DeployedLayout.Items(name, HandlerNames.Export), Chunks);
        var state = new JsonObject
        {
            ["migration"] = Serialise(new { migrationId = name, execution = name, bucket = new string('b', 63), maxConcurrency = 1_000, verify = "content" }),
            ["plan"] = Serialise(new { done = true, chunks = Chunks, items }),
            ["stage"] = Serialise(new { done = true, import = items, verify = items }),
            // Step Functions cuts a cause at 32,768 characters.
            ["failure"] = Serialise(new { Error = new string('e', 256), Cause = new string('c', 32_768) }),
            ["report"] = Serialise(new { verdict = "Stopped", answer = new { verdict = "Stopped", sentence = new string('s', 16_384), reportKey = new string('k', 1_024), reportHtmlKey = new string('k', 1_024) } }),
        };

        // What a state keeps of an answer is listed here, so that a new part of it is thought of.
        var kept = machine.AllStates.Where(one => one.Machine.Length == 0).Select(one => (string?)one.Json["ResultPath"]).OfType<string>().Distinct(StringComparer.Ordinal);
        Assert.Equal(["$.failure", "$.plan", "$.report", "$.stage"], kept.Order(StringComparer.Ordinal));
        Assert.InRange(Encoding.UTF8.GetByteCount(state.ToJsonString()), 1, MostStateBytes);
    }

    private static JsonNode Serialise<T>(T value) => JsonSerializer.SerializeToNode(value)!;

    private static bool IsOfThrottles(JsonObject retry) => retry["ErrorEquals"].Texts().Contains("Lambda.TooManyRequestsException");

    private static int Events(AslState state)
    {
        var tries = state.Retries.Where(retry => !IsOfThrottles(retry)).Sum(retry => (int)retry["MaxAttempts"]!);
        return state.Kind switch
        {
            "Task" => TaskEvents + (tries * RetryEvents),
            "Map" => MapEvents,
            _ => OtherEvents,
        };
    }

    private static List<List<string>> Cycles(IReadOnlyDictionary<string, AslState> states)
    {
        var cycles = new List<List<string>>();
        foreach (var start in states.Keys)
            Follow(start, [start]);
        return cycles;

        void Follow(string start, List<string> path)
        {
            foreach (var next in states[path[^1]].Nexts)
            {
                if (next == start)
                    cycles.Add(path);
                // Each cycle is found from its first state by name.
                else if (!path.Contains(next) && string.CompareOrdinal(next, start) > 0)
                    Follow(start, [.. path, next]);
            }
        }
    }
}
