using System.Text.Json.Nodes;
using Aws;
using TestServers;

namespace Cli.Tests;

public sealed class StatusCommandTests : IAsyncLifetime
{
    private DeployedAws aws = null!;

    public async ValueTask InitializeAsync() => aws = await DeployedAws.StartAsync();

    public async ValueTask DisposeAsync() => await aws.DisposeAsync();

    [Fact]
    public async Task An_execution_that_failed_is_told_with_its_Maps_its_cause_and_the_next_commands()
    {
        aws.Has(ExecutionStatus.Failed, "Failed", new JsonObject { ["stopDate"] = 1795511523.9, ["error"] = "Refused", ["cause"] = "the token lacks the permission to write" }, "Fail");
        aws.HasMaps(
            ("Export", ExecutionStatus.Succeeded, Counts(total: 1200, succeeded: 1200)),
            ("Import", ExecutionStatus.Failed, Counts(total: 1200, succeeded: 7, failed: 1, aborted: 3)));

        var (exitCode, output) = await aws.RunAsync("status", "--env", "dev", DeployedAws.Execution);

        Assert.Equal($"""
            execution  telemetry-20261124-090000
            status     FAILED after 00:12:03, started 2026-11-24T09:00:00Z
            Refused: the token lacks the permission to write
            Export     1,200 of 1,200 chunks
            Import     7 of 1,200 chunks, 1 failed, 3 stopped
            console    {DeployedAws.Console}#/v2/executions/details/{DeployedAws.Arn(DeployedAws.Execution)}
            report     influx-migrate report --env dev telemetry-20261124-090000
            redrive    influx-migrate redrive --env dev telemetry-20261124-090000

            """, output);
        Assert.Equal(0, exitCode);
    }

    [Fact]
    public async Task An_execution_that_runs_is_told_with_its_state_by_its_ARN_too()
    {
        aws.Has(ExecutionStatus.Running, "Import", stateType: "Map", more: new JsonObject { ["input"] = """{"migrationId":"first"}""" });
        aws.HasMaps(("Import", ExecutionStatus.Running, Counts(total: 40, succeeded: 12, running: 4)));

        var (exitCode, output) = await aws.RunAsync("status", "--env", "dev", DeployedAws.Arn(DeployedAws.Execution));

        Assert.Matches("""
            ^execution  telemetry-20261124-090000
            migration  first
            status     RUNNING in Import, started 2026-11-24T09:00:00Z, \d+:\d\d:\d\d ago
            Import     12 of 40 chunks, 4 running
            console    [^\n]+
            watch      influx-migrate watch --env dev telemetry-20261124-090000
            stop       influx-migrate stop --env dev telemetry-20261124-090000
            $
            """, output + "\n");
        Assert.Equal(0, exitCode);
    }

    [Fact]
    public async Task Without_an_execution_the_latest_are_listed()
    {
        aws.On("ListExecutions", input =>
        {
            Assert.Equal($$"""{"stateMachineArn":"{{DeployedAws.StateMachine}}"}""", input.ToJsonString());
            return AwsAnswer.Ok(new JsonObject
            {
                ["executions"] = new JsonArray([.. Enumerable.Range(0, 12).Select(index => new JsonObject
                {
                    ["executionArn"] = DeployedAws.Arn($"e{index}"), ["name"] = $"e{index}", ["status"] = index == 0 ? "RUNNING" : "FAILED", ["startDate"] = 1795510800.5 - index,
                })]),
            });
        });

        var (exitCode, output) = await aws.RunAsync("status", "--env", "dev");

        Assert.StartsWith("RUNNING         2026-11-24T09:00:00Z  e0\nFAILED          2026-11-24T08:59:59Z  e1\n", output, StringComparison.Ordinal);
        Assert.Equal((0, 10), (exitCode, output.TrimEnd('\n').Split('\n').Length));
    }

    [Fact]
    public async Task Where_there_was_none_the_command_that_starts_one_is_told()
    {
        aws.On("ListExecutions", _ => AwsAnswer.Ok(new JsonObject { ["executions"] = new JsonArray() }));

        var (exitCode, output) = await aws.RunAsync("status", "--env", "dev");

        Assert.Equal((0, "there was no execution yet; influx-migrate start --env dev starts one\n"), (exitCode, output));
    }

    internal static JsonObject Counts(int total = 0, int succeeded = 0, int running = 0, int failed = 0, int aborted = 0) => new()
    {
        ["pending"] = total - succeeded - running - failed - aborted,
        ["running"] = running,
        ["succeeded"] = succeeded,
        ["failed"] = failed,
        ["timedOut"] = 0,
        ["aborted"] = aborted,
        ["total"] = total,
        ["resultsWritten"] = succeeded,
        ["failuresNotRedrivable"] = 0,
        ["pendingRedrive"] = 0,
    };
}
