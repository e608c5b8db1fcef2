using System.Runtime.CompilerServices;
using System.Text.Json.Nodes;
using Aws;
using TestServers;

namespace Cli.Tests;

public sealed class StartCommandTests : IAsyncLifetime
{
    private const string Verified = """{"verdict":"Verified","sentence":"Complete.","reportKey":"k","points":210000,"fieldValues":1080000,"expiredPoints":3,"differences":0}""";

    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("start-");
    private DeployedAws aws = null!;
    private JsonObject? started;

    public async ValueTask InitializeAsync()
    {
        aws = await DeployedAws.StartAsync();
        aws.On("StartExecution", input =>
        {
            started = input;
            return AwsAnswer.Ok(new JsonObject { ["executionArn"] = DeployedAws.Arn((string)input["name"]!), ["startDate"] = 1795510800.5 });
        });
    }

    public async ValueTask DisposeAsync()
    {
        folder.Delete(recursive: true);
        await aws.DisposeAsync();
    }

    [Fact]
    public async Task Options_become_the_input_and_the_answer_names_the_next_commands()
    {
        var (exitCode, output) = await aws.RunAsync("start", "--env", "dev", "--src-bucket", "a/b", "--verify", "counts", "--max-concurrency", "9", "--measurement", "cpu*");

        Assert.Equal((0, DeployedAws.StateMachine), (exitCode, (string?)started!["stateMachineArn"]));
        var name = (string)started["name"]!;
        Assert.Matches("^a_b-[0-9]{8}-[0-9]{6}$", name);
        var input = JsonNode.Parse((string)started["input"]!)!.AsObject();
        Assert.Equal(("a/b", "", "Counts", 9, "cpu*"), ((string?)input["source"]!["bucket"], (string?)input["source"]!["url"], (string?)input["verify"], (int)input["maxConcurrency"]!, (string?)input["measurements"]![0]));
        Assert.False(input.ContainsKey("migrationId") || input.ContainsKey("caFile"));
        Assert.Equal($"""
            execution  {DeployedAws.Arn(name)}
            name       {name}
            migration  {name}
            console    {DeployedAws.Console}#/v2/executions/details/{DeployedAws.Arn(name)}
            watch      influx-migrate watch --env dev {name}
            stop       influx-migrate stop --env dev {name}
            report     influx-migrate report --env dev {name}

            """, output);
    }

    [Fact]
    public async Task The_example_in_events_is_started_as_it_stands()
    {
        var (exitCode, _) = await aws.RunAsync("start", "--env", "dev", "--input", Example());

        Assert.Equal(0, exitCode);
        var input = JsonNode.Parse((string)started!["input"]!)!;
        Assert.Equal(("https://influx.example.com:8086", "telemetry", "2026-01-01T00:00:00Z"), ((string?)input["source"]!["url"], (string?)input["destination"]!["bucket"], (string?)input["start"]));
    }

    [Fact]
    public async Task What_only_an_execution_may_have_in_its_input_is_passed_on_and_options_override_it()
    {
        var file = Written("""{ "source": { "bucket": "d" }, "maxConcurrency": 3, "migrationId": "first", "later": { "a": [1] } }""");

        var (exitCode, output) = await aws.RunAsync("start", "--env", "dev", "--input", file, "--max-concurrency", "5");

        Assert.True(exitCode == 0, output);
        var input = JsonNode.Parse((string)started!["input"]!)!;
        Assert.Equal((5, "first", """{"a":[1]}"""), ((int)input["maxConcurrency"]!, (string?)input["migrationId"], input["later"]!.ToJsonString()));
        Assert.StartsWith("first-", (string)started["name"]!, StringComparison.Ordinal);
        Assert.Contains("\nmigration  first\n", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_earlier_migration_is_resumed_by_its_id_alone()
    {
        var (exitCode, output) = await aws.RunAsync("start", "--env", "dev", "--migration-id", DeployedAws.Execution);

        Assert.True(exitCode == 0, output);
        Assert.Equal($$"""{"migrationId":"{{DeployedAws.Execution}}"}""", (string?)started!["input"]);
    }

    [Theory]
    [InlineData("name the source bucket", "start", "--env", "dev")]
    [InlineData("no URL", "start", "--env", "dev", "--src-bucket", "d", "--src-host", "nonsense")]
    [InlineData("--env", "start", "--src-bucket", "d")]
    [InlineData("--ca-file", "start", "--env", "dev", "--src-bucket", "d", "--ca-file", "x")]
    [InlineData("caCertificate", "start", "--env", "dev", "--input", """{ "source": { "bucket": "d" }, "caFile": "x.pem" }""")]
    [InlineData("did you mean|nearest is 'source.bucket'", "start", "--env", "dev", "--input", """{ "source": { "buckett": "d" } }""")]
    [InlineData("is no request", "start", "--env", "dev", "--input", """{ "later": 1, "later": 2 }""")]
    public async Task Wrong_input_starts_nothing_and_ends_with_2(string part, params string[] arguments)
    {
        var (exitCode, output) = await aws.RunAsync([.. arguments.Select(argument => argument.StartsWith('{') ? Written(argument) : argument)]);

        Assert.Equal((2, null), (exitCode, started));
        Assert.Contains(part.Split('|'), one => output.Contains(one, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Waiting_ends_with_the_verdict_and_its_exit_code()
    {
        aws.Has(ExecutionStatus.Succeeded, "Succeeded", new JsonObject { ["output"] = Verified, ["stopDate"] = 1795511523.9 }, "Succeed");
        aws.HasMaps(("Export", ExecutionStatus.Succeeded, StatusCommandTests.Counts(total: 2, succeeded: 2)));
        aws.On("StartExecution", _ => AwsAnswer.Ok(new JsonObject { ["executionArn"] = DeployedAws.Arn(DeployedAws.Execution), ["startDate"] = 1795510800.5 }));

        var (exitCode, output) = await aws.RunAsync("start", "--env", "dev", "--migration-id", "first", "--wait");

        Assert.EndsWith("""
            SUCCEEDED
            Verified: Complete.
            210,000 points, 1,080,000 field values exported; 3 points were older than the destination's retention
            report: influx-migrate report --env dev telemetry-20261124-090000
            Export: 2 of 2 chunks, SUCCEEDED

            """, output, StringComparison.Ordinal);
        Assert.Equal(0, exitCode);
    }

    [Theory]
    [InlineData("SUCCEEDED", null, """{"verdict":"Unverified","sentence":"s"}""", 0)]
    [InlineData("SUCCEEDED", null, """{"verdict":"Quarantined","sentence":"s"}""", 5)]
    [InlineData("SUCCEEDED", null, """{"sentence":"nothing came since","mark":"2026-01-01T00:00:00Z"}""", 0)]
    [InlineData("SUCCEEDED", null, """{"something":"else"}""", 1)]
    [InlineData("FAILED", "Different", null, 4)]
    [InlineData("SUCCEEDED", null, """{"verdict":"Incomplete","sentence":"s"}""", 5)]
    [InlineData("FAILED", "Quarantined", null, 5)]
    [InlineData("FAILED", "Incomplete", null, 5)]
    [InlineData("FAILED", "Refused", null, 3)]
    [InlineData("FAILED", "SecretUnusable", null, 3)]
    [InlineData("FAILED", "InvalidInput", null, 2)]
    [InlineData("FAILED", "OtherMigration", null, 2)]
    [InlineData("FAILED", "AlreadyRunning", null, 2)]
    [InlineData("FAILED", "Bug", null, 1)]
    [InlineData("FAILED", "Transient", null, 6)]
    [InlineData("FAILED", "StagingChanged", null, 6)]
    [InlineData("FAILED", "Unfinished", null, 6)]
    [InlineData("FAILED", "Unreported", null, 6)]
    [InlineData("FAILED", "States.Runtime", null, 6)]
    [InlineData("FAILED", null, null, 6)]
    [InlineData("TIMED_OUT", null, null, 6)]
    [InlineData("ABORTED", "Stopped", null, 6)]
    public void An_execution_ends_with_the_exit_code_of_migrate(string status, string? error, string? output, int exitCode) =>
        Assert.Equal(exitCode, Deployed.ExecutionEnd.ExitCode(new Execution { Status = status, Error = error, Output = output }));

    [Fact]
    public async Task Watch_exits_as_the_execution_ended()
    {
        aws.Has(ExecutionStatus.Failed, "Different", new JsonObject { ["error"] = "Different", ["cause"] = "1 window differs", ["stopDate"] = 1795511523.9 }, "Fail");

        var (exitCode, output) = await aws.RunAsync("watch", "--env", "dev", DeployedAws.Execution);

        Assert.Equal((4, """
            FAILED
            Different: 1 window differs
            report: influx-migrate report --env dev telemetry-20261124-090000
            redrive: influx-migrate redrive --env dev telemetry-20261124-090000

            """), (exitCode, output));
    }

    [Fact]
    public void An_incremental_run_that_had_nothing_to_do_says_why()
    {
        var execution = new Execution { Status = ExecutionStatus.Succeeded, Output = """{"sentence":"nothing came since","mark":"2026-01-01T00:00:00Z"}""" };

        Assert.Equal("Nothing to do: nothing came since", Deployed.ExecutionEnd.Sentence(execution));
    }

    private static string Example([CallerFilePath] string path = "") => Path.Combine(Path.GetDirectoryName(path)!, "..", "..", "events", "start-migration.json");

    private string Written(string text)
    {
        var path = Path.Combine(folder.FullName, "input.json");
        File.WriteAllText(path, text);
        return path;
    }
}
