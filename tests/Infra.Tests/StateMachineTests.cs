using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Functions;
using Migration;

namespace Infra.Tests;

public sealed class StateMachineTests(SynthesisedStacks stacks)
{
    private readonly StateMachineJson machine = new(stacks.All[0].PipelineJson);

    [Fact]
    public void Is_the_same_in_every_environment() =>
        Assert.All(stacks.All, environment => Assert.Equal(machine.Text, new StateMachineJson(environment.PipelineJson).Text));

    [Fact]
    public void Fills_in_every_placeholder_and_has_a_place_for_every_function()
    {
        var placeholders = Regex.Matches(machine.Text, @"\$\{(?<name>\w+)\}", RegexOptions.None, TimeSpan.FromSeconds(1)).Select(match => match.Groups["name"].Value);

        Assert.Equal(machine.Substitutions.Order(StringComparer.Ordinal), placeholders.Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal));
        Assert.Equal(HandlerNames.All.Select(handler => $"{FunctionRights.IdOf(handler)}FunctionArn").Append("StagingBucketName").Order(StringComparer.Ordinal), machine.Substitutions.Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Has_a_timeout_on_every_task_and_on_the_whole()
    {
        Assert.Equal(14 * 24 * 3600, (int)machine.Json["TimeoutSeconds"]!);
        Assert.All(machine.AllStates.Where(state => state.Kind == "Task"), state => Assert.InRange((int)state.Json["TimeoutSeconds"]!, 1, 960));
    }

    [Fact]
    public void Waits_for_a_function_longer_than_the_function_may_take()
    {
        foreach (var state in machine.AllStates.Where(state => state.Invokes))
        {
            var function = ((string)state.Json["Parameters"]!["FunctionName"]!).Split(':')[^1];
            var rights = FunctionRights.All.Single(rights => function == $"{rights.Id}FunctionArn");

            Assert.True((int)state.Json["TimeoutSeconds"]! > rights.Minutes * 60, state.Name);
        }
    }

    [Fact]
    public void Tolerates_no_failed_chunk_and_takes_the_concurrency_from_the_input()
    {
        var maps = machine.AllStates.Where(state => state.Kind == "Map").ToList();

        Assert.Equal(["Export", "Import", "Verify"], maps.Select(map => map.Name));
        Assert.Equal(MigrationStateMachine.MapLabels, maps.Select(map => (string)map.Json["Label"]!));
        Assert.All(maps, map =>
        {
            Assert.Equal(0, (int)map.Json["ToleratedFailurePercentage"]!);
            Assert.Equal("$.migration.maxConcurrency", (string)map.Json["MaxConcurrencyPath"]!);
            Assert.Equal("DISTRIBUTED", (string)map.Json["ItemProcessor"]!["ProcessorConfig"]!["Mode"]!);
            Assert.Equal("arn:aws:states:::s3:getObject", (string)map.Json["ItemReader"]!["Resource"]!);
            Assert.Equal("arn:aws:states:::s3:putObject", (string)map.Json["ResultWriter"]!["Resource"]!);
            Assert.True(map.Json.ContainsKey("ResultPath") && map.Json["ResultPath"] is null, "the results would be state data");
            Assert.False(map.Json["ItemProcessor"]!.AsObject().ContainsKey("ItemBatcher"));
        });
    }

    [Theory]
    [InlineData("PlanDone?", "Plan")]
    [InlineData("StageDone?", "Stage")]
    [InlineData("ExportChunkDone?", "ExportChunk")]
    [InlineData("ImportChunkDone?", "ImportChunk")]
    [InlineData("VerifyChunkDone?", "VerifyChunk")]
    public void Calls_a_stage_again_until_it_is_done(string choice, string stage)
    {
        var state = machine.AllStates.Single(state => state.Name == choice);

        Assert.Equal(stage, (string)state.Json["Default"]!);
        Assert.Equal([choice], machine.AllStates.Single(other => other.Name == stage).Nexts.Where(next => next.EndsWith('?')));
    }

    [Fact]
    public void Leads_every_failure_of_a_stage_through_the_report_to_a_state_that_names_it()
    {
        var whole = machine.AllStates.Where(state => state.Machine.Length == 0).ToList();
        var stages = whole.Where(state => state.Kind is "Task" or "Map" && state.Name is not "Validate" and not "ReportFailure").ToList();

        Assert.Equal(6, stages.Count);
        Assert.All(stages, state => Assert.Equal(("States.ALL", "ReportFailure"), (state.Catches.Single()["ErrorEquals"].Texts().Single(), (string)state.Catches.Single()["Next"]!)));
        Assert.Equal(["FailureNamed?", "FailedUnreported"], whole.Single(state => state.Name == "ReportFailure").Nexts.Order(StringComparer.Ordinal).Reverse());
        Assert.All(machine.AllStates.Where(state => state.Kind == "Fail"), state =>
        {
            Assert.True(state.Json.ContainsKey("Error") || (string)state.Json["ErrorPath"]! == "$.failure.Error", state.Name);
            Assert.True(state.Json.ContainsKey("CausePath"), state.Name);
        });
    }

    [Fact]
    public void Shows_the_sentence_of_an_input_that_is_refused()
    {
        var validate = machine.AllStates.Single(state => state.Name == "Validate");

        var refused = validate.Catches.First();
        Assert.Equal("ReadRefusal", (string)refused["Next"]!);
        Assert.Superset(new HashSet<string> { ErrorNames.InvalidInput, ErrorNames.AlreadyRunning, ErrorNames.OtherMigration }, refused["ErrorEquals"].Texts().ToHashSet());
        Assert.Equal("$.failure.Cause.errorMessage", (string)machine.AllStates.Single(state => state.Name == "NotStarted").Json["CausePath"]!);
    }

    [Fact]
    public void Succeeds_with_every_verdict_that_is_complete_and_with_no_other()
    {
        var verdict = machine.AllStates.Single(state => state.Name == "Verdict?").Json;

        var byVerdict = verdict["Choices"]!.AsArray().SelectMany(choice => choice.Objects().Select(rule => (string?)rule["StringEquals"]).OfType<string>()
            .Select(name => (name, next: (string)choice!["Next"]!))).ToDictionary(pair => pair.name, pair => pair.next, StringComparer.Ordinal);
        Assert.Equal(Enum.GetNames<global::Migration.Verdict>().Except(["Stopped"]).Order(StringComparer.Ordinal), byVerdict.Keys.Order(StringComparer.Ordinal));
        Assert.Equal(["Unverified", "Verified"], byVerdict.Where(pair => pair.Value == "Succeeded").Select(pair => pair.Key).Order(StringComparer.Ordinal));
        Assert.Equal("Stopped", (string)verdict["Default"]!);
    }

    [Fact]
    public void Ends_well_and_before_the_plan_when_an_incremental_run_has_nothing_to_do()
    {
        var answer = new MigrationState { MigrationId = "m", Execution = "m", Bucket = "b", Skipped = new global::Migration.Skipped { Sentence = "another run goes on" } };
        var needed = machine.AllStates.Single(state => state.Name == "Needed?").Json;
        var choice = Assert.Single(needed["Choices"]!.AsArray())!;
        var end = machine.AllStates.Single(state => state.Name == (string)choice["Next"]!);

        Assert.Contains("Needed?", machine.AllStates.Single(state => state.Name == "Validate").Nexts);
        Assert.Equal(("$.migration.skipped", true, "Plan"), ((string)choice["Variable"]!, (bool)choice["IsPresent"]!, (string)needed["Default"]!));
        Assert.Equal(("Succeed", "$.migration.skipped"), (end.Kind, (string)end.Json["OutputPath"]!));
        // What the path names is what validate answers, and is not there when there is something to do.
        Assert.Equal("another run goes on", (string)Json(answer)["skipped"]!["sentence"]!);
        Assert.False(Json(answer with { Skipped = null }).ContainsKey("skipped"));

        static JsonObject Json(MigrationState state) => JsonSerializer.SerializeToNode(state, FunctionsJson.Default.MigrationState)!.AsObject();
    }

    [Fact]
    public void Writes_and_reads_where_the_functions_do()
    {
        var formats = machine.AllStates.SelectMany(state => state.Json.Objects()).SelectMany(part => part).Where(part => part.Key is "Key.$" or "Prefix.$")
            .Select(part => (string)part.Value!).Where(path => path.StartsWith("States.Format", StringComparison.Ordinal)).Distinct(StringComparer.Ordinal).ToList();

        Assert.Equal(6, formats.Count);
        Assert.All(
            [HandlerNames.Export, HandlerNames.Import, HandlerNames.Verify],
            stage => Assert.Single(formats, format => format.StartsWith($"States.Format('{DeployedLayout.Prefix("{}")}/{DeployedLayout.Failures("{}")}{stage}-{{}}.json'", StringComparison.Ordinal)));
        Assert.Equal(3, formats.Count(format => format.StartsWith($"States.Format('{StagingKeys.MapRuns}", StringComparison.Ordinal)));
    }
}
