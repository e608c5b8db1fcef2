using Amazon.CDK;
using Amazon.CDK.AWS.CloudWatch;
using Amazon.CDK.AWS.IAM;
using Amazon.CDK.AWS.SNS;
using Amazon.CDK.AWS.StepFunctions;
using Aws;
using Constructs;
using CfnRule = Amazon.CDK.AWS.Events.CfnRule;
using CfnRuleProps = Amazon.CDK.AWS.Events.CfnRuleProps;

namespace Infra;

/// <summary>Tells the end of every execution: Step Functions tells EventBridge of each change, so nothing of ours can forget to.</summary>
internal sealed class EndsRule : Construct
{
    private readonly string name;
    private readonly string arn;

    /// <summary>Builds the rule, and lets it and no other tell.</summary>
    public EndsRule(Construct scope, string id, string environment, StateMachine machine, Topic topic)
        : base(scope, id)
    {
        var stack = Stack.Of(this);
        name = StackNames.EndsRule(environment);
        arn = $"arn:{stack.Partition}:events:{stack.Region}:{stack.Account}:rule/{name}";
        // Two ways in, as AWS's pages disagree: EventBridge publishes with the rule's role, or as the service, of which one page says
        // that conditions of a topic's policy do not hold for it. Each is for this rule of this account alone, and if neither is taken,
        // the alarm on what failed tells it.
        var role = new Role(this, "Role", new RoleProps
        {
            Description = $"What the rule that tells of ended migrations may do, {environment}",
            AssumedBy = new ServicePrincipal("events.amazonaws.com", new ServicePrincipalOpts { Conditions = OnlyThisRule(stack) }),
        });
        role.AddToPolicy(new PolicyStatement(new PolicyStatementProps { Actions = ["sns:Publish"], Resources = [topic.TopicArn] }));
        topic.AddToResourcePolicy(new PolicyStatement(new PolicyStatementProps
        {
            Sid = "Ends",
            Principals = [new ServicePrincipal("events.amazonaws.com")],
            Actions = ["sns:Publish"],
            Resources = [topic.TopicArn],
            Conditions = OnlyThisRule(stack),
        }));
        // Not CDK's Rule, whose target for topics lets the rules of all accounts publish.
        var rule = new CfnRule(this, "Ends", new CfnRuleProps
        {
            Name = name,
            Description = "The end of every migration",
            EventPattern = new Dictionary<string, object>
            {
                ["source"] = new[] { "aws.states" },
                ["detail-type"] = new[] { "Step Functions Execution Status Change" },
                ["detail"] = new Dictionary<string, object>
                {
                    ["stateMachineArn"] = new[] { machine.StateMachineArn },
                    ["status"] = new[] { "SUCCEEDED", "FAILED", "TIMED_OUT", "ABORTED" },
                },
            },
            Targets = new[]
            {
                new CfnRule.TargetProperty
                {
                    Id = "Topic",
                    Arn = topic.TopicArn,
                    RoleArn = role.RoleArn,
                    InputTransformer = new CfnRule.InputTransformerProperty
                    {
                        InputPathsMap = new Dictionary<string, string>
                        {
                            ["name"] = "$.detail.name", ["status"] = "$.detail.status", ["arn"] = "$.detail.executionArn",
                        },
                        InputTemplate = $"\"influx-migrate {environment}: the execution <name> ended: <status> (<arn>)\"",
                    },
                },
            },
        });
        rule.Node.AddDependency(role);
    }

    /// <summary>Ends that it could not tell.</summary>
    public Metric Failed => new(new MetricProps
    {
        Namespace = "AWS/Events",
        MetricName = "FailedInvocations",
        DimensionsMap = new Dictionary<string, string> { ["RuleName"] = name },
        Statistic = "Sum",
        Period = Duration.Minutes(5),
    });

    private Dictionary<string, object> OnlyThisRule(Stack stack) => new()
    {
        ["StringEquals"] = new Dictionary<string, string> { ["aws:SourceAccount"] = stack.Account },
        ["ArnEquals"] = new Dictionary<string, string> { ["aws:SourceArn"] = arn },
    };
}
