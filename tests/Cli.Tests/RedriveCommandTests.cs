using System.Text.Json.Nodes;
using Aws;
using TestServers;

namespace Cli.Tests;

public sealed class RedriveCommandTests : IAsyncLifetime
{
    private DeployedAws aws = null!;
    private JsonObject? redriven;
    private JsonObject? started;
    private JsonObject? stopped;

    public async ValueTask InitializeAsync()
    {
        aws = await DeployedAws.StartAsync();
        aws.On("RedriveExecution", input =>
        {
            redriven = input;
            return AwsAnswer.Ok(new JsonObject { ["redriveDate"] = 1795511600.0 });
        });
        aws.On("StartExecution", input =>
        {
            started = input;
            return AwsAnswer.Ok(new JsonObject { ["executionArn"] = DeployedAws.Arn((string)input["name"]!), ["startDate"] = 1795511600.0 });
        });
        aws.On("StopExecution", input =>
        {
            stopped = input;
            return AwsAnswer.Ok(new JsonObject { ["stopDate"] = 1795511600.0 });
        });
    }

    public async ValueTask DisposeAsync() => await aws.DisposeAsync();

    [Theory]
    [InlineData(ExecutionStatus.Aborted)]
    [InlineData(ExecutionStatus.TimedOut)]
    public async Task A_stopped_or_timed_out_execution_is_redriven(string status)
    {
        aws.Has(status, "Import", stateType: "Map");

        var (exitCode, output) = await RunAsync("redrive");

        Assert.Equal((0, "redriven: 'telemetry-20261124-090000' goes on where it ended\nwatch: influx-migrate watch --env dev telemetry-20261124-090000\n"), (exitCode, output));
        Assert.Equal((DeployedAws.Arn(DeployedAws.Execution), null), ((string?)redriven!["executionArn"], started));
    }

    [Theory]
    [InlineData("Different", "Fail", "REDRIVABLE", null, "ended in the Fail state 'Different', which a redrive would only enter again")]
    [InlineData("Import", "Map", "NOT_REDRIVABLE", "Execution history event limit exceeded", "can't redrive the execution (Execution history event limit exceeded)")]
    public async Task Where_a_redrive_would_not_help_the_migration_is_started_anew_with_its_input(string state, string type, string redriveStatus, string? reason, string said)
    {
        aws.Has(ExecutionStatus.Failed, state, new JsonObject { ["error"] = "Different", ["redriveStatus"] = redriveStatus, ["redriveStatusReason"] = reason }, type);

        var (exitCode, output) = await RunAsync("redrive");

        Assert.True(exitCode == 0, output);
        Assert.Contains(said, output, StringComparison.Ordinal);
        Assert.Contains("so a new execution of the same migration was started", output, StringComparison.Ordinal);
        Assert.Contains($"\nmigration  {DeployedAws.Execution}\n", output, StringComparison.Ordinal);
        Assert.Equal($$"""{"source":{"url":"http://a:8086","bucket":"telemetry"},"maxConcurrency":8,"migrationId":"{{DeployedAws.Execution}}"}""", (string?)started!["input"]);
        Assert.Null(redriven);
    }

    [Fact]
    public async Task An_execution_that_resumed_an_earlier_migration_is_followed_by_one_of_that_migration()
    {
        aws.Has(ExecutionStatus.Failed, "Failed", new JsonObject { ["error"] = "Refused", ["input"] = """{"migrationId":"first"}""" }, "Fail");

        var (exitCode, output) = await RunAsync("redrive");

        Assert.True(exitCode == 0, output);
        Assert.Equal("""{"migrationId":"first"}""", (string?)started!["input"]);
    }

    [Theory]
    [InlineData("redrive", ExecutionStatus.Running, null, "still runs: influx-migrate watch --env dev telemetry-20261124-090000")]
    [InlineData("redrive", ExecutionStatus.Succeeded, null, "there is nothing to run on")]
    [InlineData("redrive", ExecutionStatus.Failed, "InvalidInput", "only another input helps (InvalidInput: 'x' is no property)")]
    [InlineData("stop", ExecutionStatus.Failed, "Refused", "has ended already: FAILED")]
    public async Task What_would_change_nothing_is_refused_with_2(string command, string status, string? error, string said)
    {
        aws.Has(status, "Failed", new JsonObject { ["error"] = error, ["cause"] = "'x' is no property" }, "Fail");

        var (exitCode, output) = await RunAsync(command);

        Assert.Equal(2, exitCode);
        Assert.Contains(said, output, StringComparison.Ordinal);
        Assert.Equal((null, null, null), (redriven, started, stopped));
    }

    [Fact]
    public async Task Stop_stops_a_running_execution_and_names_the_command_that_goes_on()
    {
        aws.Has(ExecutionStatus.Running, "Import", stateType: "Map");

        var (exitCode, output) = await RunAsync("stop");

        Assert.True(exitCode == 0, output);
        Assert.Equal((DeployedAws.Arn(DeployedAws.Execution), "Stopped"), ((string?)stopped!["executionArn"], (string?)stopped["error"]));
        Assert.EndsWith("redrive: influx-migrate redrive --env dev telemetry-20261124-090000\n", output, StringComparison.Ordinal);
    }

    private Task<(int ExitCode, string Output)> RunAsync(string command) => aws.RunAsync(command, "--env", "dev", DeployedAws.Execution);
}
