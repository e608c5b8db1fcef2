using System.Text.Json.Nodes;
using Aws;
using TestServers;

namespace Cli.Tests;

/// <summary>An AWS account in which the environment <c>dev</c> is deployed, as two strict servers; no execution is there yet.</summary>
internal sealed class DeployedAws : IAsyncDisposable
{
    public const string StateMachine = "arn:aws:states:us-east-1:123456789012:stateMachine:Migration-1";
    public const string Console = "https://us-east-1.console.aws.amazon.com/states/home?region=us-east-1";
    public const string OperatePolicy = "arn:aws:iam::123456789012:policy/operate-1";
    public const string ReadReportsPolicy = "arn:aws:iam::123456789012:policy/read-reports-1";
    public const string StagingBucket = "staging";
    public const string Execution = "telemetry-20261124-090000";

    private readonly Dictionary<string, string?> variables;

    private DeployedAws(CloudFormationServer stacks, AwsJsonServer states)
    {
        (Stacks, States) = (stacks, states);
        stacks.Stacks[StackNames.Pipeline("dev")] = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            [OutputNames.StateMachineArn] = StateMachine,
            [OutputNames.ConsoleUrl] = $"{Console}#/statemachines/view/{StateMachine}",
            [OutputNames.OperatePolicyArn] = OperatePolicy,
            [OutputNames.ReadReportsPolicyArn] = ReadReportsPolicy,
            ["StartCommand"] = "aws stepfunctions start-execution --input <file> & more",
        };
        stacks.Stacks[StackNames.Data("dev")] = new Dictionary<string, string>(StringComparer.Ordinal) { [OutputNames.StagingBucketName] = StagingBucket };
        variables = new(StringComparer.Ordinal)
        {
            ["AWS_ACCESS_KEY_ID"] = AwsJsonServer.AccessKey,
            ["AWS_SECRET_ACCESS_KEY"] = AwsJsonServer.SecretKey,
            ["AWS_SESSION_TOKEN"] = null,
            ["AWS_REGION"] = AwsJsonServer.Region,
            ["AWS_DEFAULT_REGION"] = null,
            ["AWS_PROFILE"] = null,
            ["AWS_ENDPOINT_URL"] = null,
            ["AWS_ENDPOINT_URL_CLOUDFORMATION"] = stacks.Url.AbsoluteUri,
            ["AWS_ENDPOINT_URL_SFN"] = states.Url.AbsoluteUri,
            ["AWS_EC2_METADATA_DISABLED"] = "true",
            // No profile of whoever runs the tests.
            ["AWS_CONFIG_FILE"] = "/nonexistent/config",
            ["AWS_SHARED_CREDENTIALS_FILE"] = "/nonexistent/credentials",
            ["HOME"] = "/nonexistent",
        };
    }

    public CloudFormationServer Stacks { get; }

    public AwsJsonServer States { get; }

    /// <summary>Another value of a variable, or null for none.</summary>
    public string? this[string variable]
    {
        set => variables[variable] = value;
    }

    public static string Arn(string execution) => $"{StateMachine.Replace(":stateMachine:", ":execution:", StringComparison.Ordinal)}:{execution}";

    public static async Task<DeployedAws> StartAsync() => new(await CloudFormationServer.StartAsync(), await AwsJsonServer.StartAsync());

    /// <summary>Runs the command.</summary>
    public async Task<(int ExitCode, string Output)> RunAsync(params string[] arguments)
    {
        using var run = new CommandRun();
        foreach (var (name, value) in variables)
            run.Variables[name] = value;
        var answer = await run.RunAsync(arguments);
        Assert.Empty(Stacks.Violations);
        Assert.Empty(States.Violations);
        return answer;
    }

    /// <summary>Lets an execution be there.</summary>
    /// <param name="status">Its status.</param>
    /// <param name="state">The state that it is in or ended in.</param>
    /// <param name="more">What DescribeExecution answers besides.</param>
    /// <param name="stateType">The state's type.</param>
    public void Has(string status, string state, JsonObject? more = null, string stateType = "Task")
    {
        var execution = new JsonObject
        {
            ["executionArn"] = Arn(Execution),
            ["stateMachineArn"] = StateMachine,
            ["name"] = Execution,
            ["status"] = status,
            ["startDate"] = 1795510800.5,
            ["input"] = """{"source":{"url":"http://a:8086","bucket":"telemetry"},"maxConcurrency":8}""",
            ["inputDetails"] = new JsonObject { ["included"] = true },
            ["redriveCount"] = 0,
            ["redriveStatus"] = status == ExecutionStatus.Running ? "NOT_REDRIVABLE" : "REDRIVABLE",
        };
        foreach (var (name, value) in more ?? [])
            execution[name] = value?.DeepClone();
        On("DescribeExecution", input => (string)input["executionArn"]! == Arn(Execution)
            ? AwsAnswer.Ok(execution.DeepClone().AsObject())
            : AwsAnswer.Error("ExecutionDoesNotExist", $"Execution Does Not Exist: '{input["executionArn"]}'"));
        On("GetExecutionHistory", input =>
        {
            Assert.Equal($$"""{"executionArn":"{{Arn(Execution)}}","maxResults":200,"reverseOrder":true,"includeExecutionData":false}""", input.ToJsonString());
            return AwsAnswer.Ok(new JsonObject
            {
                ["events"] = new JsonArray(
                    new JsonObject { ["timestamp"] = 1795510830.0, ["type"] = "TaskScheduled", ["id"] = 7, ["previousEventId"] = 6 },
                    new JsonObject
                    {
                        ["timestamp"] = 1795510820.25,
                        ["type"] = $"{stateType}StateEntered",
                        ["id"] = 6,
                        ["previousEventId"] = 5,
                        ["stateEnteredEventDetails"] = new JsonObject { ["name"] = state, ["inputDetails"] = new JsonObject { ["truncated"] = false } },
                    },
                    new JsonObject
                    {
                        ["timestamp"] = 1795510801.0,
                        ["type"] = "TaskStateEntered",
                        ["id"] = 2,
                        ["previousEventId"] = 0,
                        ["stateEnteredEventDetails"] = new JsonObject { ["name"] = "Validate" },
                    }),
                ["nextToken"] = "older",
            });
        });
        HasMaps();
    }

    /// <summary>Lets the execution have map runs.</summary>
    public void HasMaps(params (string Label, string Status, JsonObject Counts)[] maps)
    {
        static string MapArn(string label) => $"{StateMachine.Replace(":stateMachine:", ":mapRun:", StringComparison.Ordinal)}/{label}:0e5d2a6c-0000-1111-2222-0123456789ab";
        // A page each, the newest first, as AWS lists them.
        On("ListMapRuns", input =>
        {
            var page = maps.Length - 1 - int.Parse((string?)input["nextToken"] ?? "0", System.Globalization.CultureInfo.InvariantCulture);
            var entries = new JsonArray();
            if (page >= 0)
                entries.Add(new JsonObject { ["executionArn"] = Arn(Execution), ["mapRunArn"] = MapArn(maps[page].Label), ["stateMachineArn"] = $"{StateMachine}/{maps[page].Label}", ["startDate"] = 1795510900.0 + page });
            return AwsAnswer.Ok(new JsonObject { ["mapRuns"] = entries, ["nextToken"] = page > 0 ? $"{maps.Length - page}" : null });
        });
        On("DescribeMapRun", input =>
        {
            var index = Array.FindIndex(maps, map => MapArn(map.Label) == (string?)input["mapRunArn"]);
            return AwsAnswer.Ok(new JsonObject
            {
                ["mapRunArn"] = MapArn(maps[index].Label),
                ["executionArn"] = Arn(Execution),
                ["status"] = maps[index].Status,
                ["startDate"] = 1795510900.0 + index,
                ["maxConcurrency"] = 8,
                ["toleratedFailurePercentage"] = 0,
                ["toleratedFailureCount"] = 0,
                ["itemCounts"] = maps[index].Counts.DeepClone(),
                ["executionCounts"] = maps[index].Counts.DeepClone(),
            });
        });
    }

    /// <summary>Answers an operation of Step Functions.</summary>
    public void On(string operation, Func<JsonObject, AwsAnswer> answer) => States.On($"AWSStepFunctions.{operation}", answer);

    public async ValueTask DisposeAsync()
    {
        await Stacks.DisposeAsync();
        await States.DisposeAsync();
    }
}
