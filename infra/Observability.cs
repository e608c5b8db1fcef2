using Amazon.CDK;
using Amazon.CDK.AWS.CloudWatch;
using Amazon.CDK.AWS.CloudWatch.Actions;
using Amazon.CDK.AWS.IAM;
using Amazon.CDK.AWS.SNS;
using Amazon.CDK.AWS.SNS.Subscriptions;
using Amazon.CDK.AWS.SQS;
using Aws;
using Constructs;
using Functions;
using Functions.Logs;

namespace Infra;

/// <summary>What <see cref="Observability"/> watches.</summary>
internal sealed record ObservabilityProps
{
    /// <summary>The environment.</summary>
    public required EnvironmentSettings Settings { get; init; }

    /// <summary>The functions.</summary>
    public required MigrationFunctions Functions { get; init; }

    /// <summary>The state machine.</summary>
    public required MigrationStateMachine Machine { get; init; }

    /// <summary>The schedules.</summary>
    public required Schedules Schedules { get; init; }

    /// <summary>The rotation; null for none.</summary>
    public SecretRotation? Rotation { get; init; }
}

/// <summary>Who is told what: a topic, alarms, and a message at the end of every execution.</summary>
internal sealed class Observability : Construct
{
    private readonly ObservabilityProps props;

    /// <summary>Builds topic, rule and alarms, and lets the latter two tell.</summary>
    public Observability(Construct scope, string id, ObservabilityProps props)
        : base(scope, id)
    {
        this.props = props;
        // Messages name executions and counts, no data: encryption with a key of one's own would only add that key's policy.
        Topic = new Topic(this, "Topic", new TopicProps { EnforceSSL = true, DisplayName = $"influx-migrate {props.Settings.Name}" });
        if (props.Settings.AlarmEmail is { } address)
            Topic.AddSubscription(new EmailSubscription(address));
        var ends = new EndsRule(this, "EndsRule", props.Settings.Name, props.Machine.StateMachine, Topic);
        AllowTelling();
        AddAlarms();
        Alarm("EndsUntold", ends.Failed, "The end of a migration could not be told: look at its executions, and at the rule and its role");
        _ = new LagAlarms(this, "Lag", props.Settings, Topic);
    }

    /// <summary>Where everything is told.</summary>
    public Topic Topic { get; }

    // The topic's policy replaces AWS's own, which lets the account's alarms in. By a pattern of names: CloudFormation names alarms
    // after their stack, and they name the topic themselves. What sends over plain HTTP the topic refuses by itself.
    private void AllowTelling()
    {
        var stack = Amazon.CDK.Stack.Of(this);
        Topic.AddToResourcePolicy(new PolicyStatement(new PolicyStatementProps
        {
            Sid = "Alarms",
            Principals = [new ServicePrincipal("cloudwatch.amazonaws.com")],
            Actions = ["sns:Publish"],
            Resources = [Topic.TopicArn],
            Conditions = new Dictionary<string, object>
            {
                ["StringEquals"] = new Dictionary<string, string> { ["aws:SourceAccount"] = stack.Account },
                ["ArnLike"] = new Dictionary<string, string>
                {
                    ["aws:SourceArn"] = $"arn:{stack.Partition}:cloudwatch:{stack.Region}:{stack.Account}:alarm:{StackNames.Pipeline(props.Settings.Name)}-*",
                },
            },
        }));
    }

    private void AddAlarms()
    {
        var machine = props.Machine.StateMachine;
        var metrics = new StageMetrics(props.Settings.Name);
        Alarm("ExecutionsFailed", machine.MetricFailed(Sums()), "A migration failed: its error and cause are in the Step Functions console");
        Alarm("ExecutionsTimedOut", machine.MetricTimedOut(Sums()), "A migration took longer than its time-out: start it again with its migrationId");
        Alarm(
            "PointsRejected", metrics.Of(MetricNames.PointsRejected, HandlerNames.Export),
            "Points that line protocol can't hold: see rejected/ of the migration");
        Alarm(
            "PointsQuarantined", metrics.Of(MetricNames.PointsQuarantined, HandlerNames.Import),
            "Points that the destination refused: see quarantine/ of the migration");
        Alarm(
            "PointsRefusedAgain", metrics.Of(MetricNames.PointsQuarantined, HandlerNames.Verify),
            "Points that the destination refused when verification wrote a window again: see the differences in the report");
        foreach (var (handler, function) in props.Functions.ByHandler)
        {
            // One error is retried. As many as these are not bad luck, and a single call that fails for good makes them before it ends.
            Alarm(
                $"{FunctionRights.IdOf(handler)}Errors", function.MetricErrors(new MetricOptions { Statistic = "Sum", Period = Duration.Hours(1) }),
                $"The function '{handler}' fails again and again: see its log", threshold: 3);
        }
        if (props.Functions.Rotate is { } rotate)
            Alarm("RotateErrors", rotate.MetricErrors(Sums()), "A token was not rotated, or a replaced one not removed: the function's log says why; the token before stays in use");
        if (props.Schedules.FailedStarts is { } starts)
            Alarm("FailedStarts", Waiting(starts), "A schedule could not start its migration: the message in the queue says why");
        if (props.Rotation?.FailedCleanups is { } cleanups)
            Alarm("FailedCleanups", Waiting(cleanups), "Replaced tokens were not looked for, so that they stay active: the message in the queue says why");
    }

    private static Metric Waiting(Queue queue) => queue.MetricApproximateNumberOfMessagesVisible(new MetricOptions { Statistic = "Maximum", Period = Duration.Minutes(5) });

    private static MetricOptions Sums() => new() { Statistic = "Sum", Period = Duration.Minutes(5) };

    private void Alarm(string id, Metric metric, string description, double threshold = 1)
    {
        var alarm = new Alarm(this, id, new AlarmProps
        {
            AlarmDescription = $"{props.Settings.Name}: {description}",
            Metric = metric,
            Threshold = threshold,
            EvaluationPeriods = 1,
            ComparisonOperator = ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
            TreatMissingData = TreatMissingData.NOT_BREACHING,
        });
        alarm.AddAlarmAction(new SnsAction(Topic));
    }
}
