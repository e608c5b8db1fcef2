using Amazon.CDK;
using Amazon.CDK.AWS.CloudWatch;
using Amazon.CDK.AWS.CloudWatch.Actions;
using Amazon.CDK.AWS.Events;
using Amazon.CDK.AWS.Events.Targets;
using Amazon.CDK.AWS.SNS;
using Amazon.CDK.AWS.SNS.Subscriptions;
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
}

/// <summary>Who is told what: a topic, alarms, and a message at the end of every execution.</summary>
internal sealed class Observability : Construct
{
    private readonly ObservabilityProps props;

    /// <summary>Builds topic, rule and alarms.</summary>
    public Observability(Construct scope, string id, ObservabilityProps props)
        : base(scope, id)
    {
        this.props = props;
        // Messages name executions and counts, no data: encryption with a key of one's own would only add that key's policy.
        Topic = new Topic(this, "Topic", new TopicProps { EnforceSSL = true, DisplayName = $"influx-migrate {props.Settings.Name}" });
        if (props.Settings.AlarmEmail is { } address)
            Topic.AddSubscription(new EmailSubscription(address));
        TellEnds();
        AddAlarms();
        _ = new LagAlarms(this, "Lag", props.Settings, Topic);
    }

    /// <summary>Where everything is told.</summary>
    public Topic Topic { get; }

    // Step Functions tells EventBridge of every change of an execution; nothing of ours can forget to.
    private void TellEnds() => _ = new Rule(this, "Ends", new RuleProps
    {
        Description = "The end of every migration",
        EventPattern = new EventPattern
        {
            Source = ["aws.states"],
            DetailType = ["Step Functions Execution Status Change"],
            Detail = new Dictionary<string, object>
            {
                ["stateMachineArn"] = new[] { props.Machine.StateMachine.StateMachineArn },
                ["status"] = new[] { "SUCCEEDED", "FAILED", "TIMED_OUT", "ABORTED" },
            },
        },
        Targets =
        [
            new SnsTopic(Topic, new SnsTopicProps
            {
                Message = RuleTargetInput.FromText(
                    $"influx-migrate {props.Settings.Name}: the execution {EventField.FromPath("$.detail.name")} ended: {EventField.FromPath("$.detail.status")} ({EventField.FromPath("$.detail.executionArn")})"),
            }),
        ],
    });

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
        foreach (var (handler, function) in props.Functions.ByHandler)
        {
            // One error is retried; as many as these are not bad luck.
            Alarm($"{FunctionRights.IdOf(handler)}Errors", function.MetricErrors(Sums()), $"The function '{handler}' fails again and again: see its log", threshold: 10);
        }
        if (props.Functions.Rotate is { } rotate)
            Alarm("RotateErrors", rotate.MetricErrors(Sums()), "A token was not rotated, or a replaced one not removed: the function's log says why; the token before stays in use");
        if (props.Schedules.FailedStarts is { } failed)
        {
            Alarm(
                "FailedStarts", failed.MetricApproximateNumberOfMessagesVisible(new MetricOptions { Statistic = "Maximum", Period = Duration.Minutes(5) }),
                "A schedule could not start its migration: the message in the queue says why");
        }
    }

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
