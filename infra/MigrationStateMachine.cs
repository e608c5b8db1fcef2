using System.Text.Json;
using Amazon.CDK;
using Amazon.CDK.AWS.IAM;
using Amazon.CDK.AWS.StepFunctions;
using Aws;
using Constructs;
using Functions;

namespace Infra;

/// <summary>The state machine of <c>migration.asl.json</c>: its flow is in that file, here is what it may do and where it logs.</summary>
internal sealed class MigrationStateMachine : Construct
{
    /// <summary>The Maps of the file, by their labels.</summary>
    public static IReadOnlyList<string> MapLabels { get; } = ["Export", "Import", "Verify"];

    /// <summary>Builds it.</summary>
    public MigrationStateMachine(Construct scope, string id, EnvironmentSettings settings, MigrationFunctions functions, DataStack data)
        : base(scope, id)
    {
        var stack = Amazon.CDK.Stack.Of(this);
        var role = new Role(this, "Role", new RoleProps
        {
            Description = $"What the migrations of influx-migrate may do, {settings.Name}",
            // The state machine's own ARN would need the role that is being made.
            AssumedBy = new ServicePrincipal("states.amazonaws.com", new ServicePrincipalOpts
            {
                Conditions = new Dictionary<string, object>
                {
                    ["StringEquals"] = new Dictionary<string, string> { ["aws:SourceAccount"] = stack.Account },
                    ["ArnLike"] = new Dictionary<string, string> { ["aws:SourceArn"] = Arn("stateMachine:*") },
                },
            }),
        });
        foreach (var function in functions.ByHandler.Values)
            function.GrantInvoke(role);
        GrantStaging(role, data);
        StateMachine = new StateMachine(this, "StateMachine", new StateMachineProps
        {
            StateMachineName = StackNames.StateMachine(settings.Name),
            Comment = $"influx-migrate, {settings.Name}",
            StateMachineType = StateMachineType.STANDARD,
            DefinitionBody = DefinitionBody.FromString(Definition()),
            DefinitionSubstitutions = functions.ByHandler
                .ToDictionary(pair => $"{FunctionRights.IdOf(pair.Key)}FunctionArn", pair => pair.Value.FunctionArn, StringComparer.Ordinal)
                .Append(KeyValuePair.Create("StagingBucketName", data.StagingBucket.BucketName)).ToDictionary(StringComparer.Ordinal),
            Role = role,
            TracingEnabled = true,
            Logs = new LogOptions
            {
                Destination = LogGroups.Make(this, "Logs", settings),
                Level = LogLevel.ALL,
                IncludeExecutionData = false,
            },
            RemovalPolicy = RemovalPolicy.DESTROY,
        });
        GrantMapRuns(role);
        GrantDescribe(functions.ByHandler[HandlerNames.Validate].Role!);
    }

    /// <summary>The state machine.</summary>
    public StateMachine StateMachine { get; }

    /// <summary>The text of <c>migration.asl.json</c>, which stands beside the assembly.</summary>
    public static string Definition() => File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "migration.asl.json"));

    /// <summary>The longest that an execution may take, by <c>migration.asl.json</c>.</summary>
    public static TimeSpan LongestExecution()
    {
        using var definition = JsonDocument.Parse(Definition());
        return TimeSpan.FromSeconds(definition.RootElement.GetProperty("TimeoutSeconds").GetInt64());
    }

    private static void GrantStaging(Role role, DataStack data)
    {
        var bucket = data.StagingBucket;
        // What a Map reads and writes takes no expected owner, as the functions' own calls do: the role asks for it.
        void Allow(string[] actions, string arn) => role.AddToPolicy(new PolicyStatement(new PolicyStatementProps
        {
            Actions = actions,
            Resources = [arn],
            Conditions = new Dictionary<string, object>
            {
                ["StringEquals"] = new Dictionary<string, string> { ["aws:ResourceAccount"] = Amazon.CDK.Stack.Of(role).Account },
            },
        }));
        Allow(["s3:GetObject"], StagingKeys.Arn(bucket, StagingKeys.Items));
        Allow(["s3:PutObject"], StagingKeys.Arn(bucket, StagingKeys.Failures));
        // The results of a Map are written in parts, and read again when the Map is redriven.
        Allow(
            ["s3:GetObject", "s3:PutObject", "s3:ListMultipartUploadParts", "s3:AbortMultipartUpload"],
            bucket.ArnForObjects($"{StagingKeys.MapRuns}*"));
        StagingKeys.AllowKey(role, data.Key, "s3", "kms:Decrypt", "kms:GenerateDataKey");
    }

    // A policy of its own: one inside the role would have to be there before the state machine that it names. CDK's own Map
    // construct grants its rights on the state machine's ARN, which executions do not have.
    private void GrantMapRuns(Role role) => _ = new Policy(this, "MapRuns", new PolicyProps
    {
        Roles = [role],
        Statements =
        [
            new PolicyStatement(new PolicyStatementProps { Actions = ["states:StartExecution"], Resources = [StateMachine.StateMachineArn] }),
            new PolicyStatement(new PolicyStatementProps
            {
                // The executions of a Map's items are named by Step Functions.
                Actions = ["states:DescribeExecution", "states:StopExecution"],
                Resources = [Executions(), .. MapExecutions()],
            }),
            new PolicyStatement(new PolicyStatementProps
            {
                Actions = ["states:RedriveExecution"],
                Resources = [.. MapExecutions()],
            }),
        ],
    });

    // Whether the execution that holds a migration's lock still runs.
    private void GrantDescribe(IRole validate) => _ = new Policy(this, "DescribeExecutions", new PolicyProps
    {
        Roles = [validate],
        Statements = [new PolicyStatement(new PolicyStatementProps { Actions = ["states:DescribeExecution"], Resources = [Executions()] })],
    });

    /// <summary>All executions.</summary>
    public string Executions() => Arn($"execution:{StateMachine.StateMachineName}:*");

    private IEnumerable<string> MapExecutions() => MapLabels.Select(label => Arn($"execution:{StateMachine.StateMachineName}/{label}:*"));

    private string Arn(string resource)
    {
        var stack = Amazon.CDK.Stack.Of(this);
        return $"arn:{stack.Partition}:states:{stack.Region}:{stack.Account}:{resource}";
    }
}
