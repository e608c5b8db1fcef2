using Amazon.CDK.AWS.IAM;
using Aws;
using Constructs;
using Migration;

namespace Infra;

/// <summary>What people get: one policy to start and watch executions, one to read reports.</summary>
internal sealed class OperatorPolicies : Construct
{
    /// <summary>Builds both.</summary>
    public OperatorPolicies(Construct scope, string id, EnvironmentSettings settings, MigrationStateMachine machine, DataStack data)
        : base(scope, id)
    {
        var stack = Amazon.CDK.Stack.Of(this);
        string States(string resource) => $"arn:{stack.Partition}:states:{stack.Region}:{stack.Account}:{resource}";
        string Described(string deployed) => $"arn:{stack.Partition}:cloudformation:{stack.Region}:{stack.Account}:stack/{deployed}/*";
        var name = machine.StateMachine.StateMachineName;
        // The command finds state machine and staging bucket by the stacks' outputs.
        var outputs = Allow(["cloudformation:DescribeStacks"], Described(StackNames.Pipeline(settings.Name)), Described(StackNames.Data(settings.Name)));
        Operate = new ManagedPolicy(this, "Operate", new ManagedPolicyProps
        {
            Description = $"Start, watch, stop and redrive migrations of influx-migrate, {settings.Name}",
            Statements =
            [
                Allow(["states:StartExecution", "states:ListExecutions", "states:DescribeStateMachine"], machine.StateMachine.StateMachineArn),
                Allow(
                    [
                        "states:DescribeExecution", "states:GetExecutionHistory", "states:StopExecution", "states:RedriveExecution",
                        "states:DescribeStateMachineForExecution", "states:ListMapRuns",
                    ],
                    machine.Executions()),
                Allow(["states:DescribeMapRun", "states:ListExecutions"], States($"mapRun:{name}/*")),
                Allow(["states:DescribeExecution", "states:GetExecutionHistory"], States($"execution:{name}/*")),
                outputs,
            ],
        });
        ReadReports = new ManagedPolicy(this, "ReadReports", new ManagedPolicyProps
        {
            Description = $"Read the reports of influx-migrate, {settings.Name}",
            Statements =
            [
                Allow(
                    ["s3:GetObject"],
                    StagingKeys.Arn(data.StagingBucket, StagingLayout.ReportJson), StagingKeys.Arn(data.StagingBucket, StagingLayout.ReportHtml)),
                new PolicyStatement(new PolicyStatementProps
                {
                    Actions = ["s3:ListBucket"],
                    Resources = [data.StagingBucket.BucketArn],
                    Conditions = new Dictionary<string, object>
                    {
                        ["StringLike"] = new Dictionary<string, string> { ["s3:prefix"] = StagingKeys.All },
                    },
                }),
                StagingKeys.KeyStatement(data.Key, "s3", "kms:Decrypt"),
                outputs,
            ],
        });
    }

    /// <summary>Start, watch, stop, redrive.</summary>
    public ManagedPolicy Operate { get; }

    /// <summary>Read reports.</summary>
    public ManagedPolicy ReadReports { get; }

    private static PolicyStatement Allow(string[] actions, params string[] resources) =>
        new(new PolicyStatementProps { Actions = actions, Resources = resources });
}
