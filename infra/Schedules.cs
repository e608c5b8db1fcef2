using Amazon.CDK;
using Amazon.CDK.AWS.IAM;
using Amazon.CDK.AWS.Scheduler;
using Amazon.CDK.AWS.SQS;
using Amazon.CDK.AWS.StepFunctions;
using Constructs;

namespace Infra;

/// <summary>Migrations that start by the clock, and the queue of starts that failed.</summary>
internal sealed class Schedules : Construct
{
    /// <summary>Builds one schedule for each entry.</summary>
    public Schedules(Construct scope, string id, IReadOnlyList<ScheduleSettings> settings, StateMachine stateMachine)
        : base(scope, id)
    {
        if (settings.Count == 0)
            return;
        FailedStarts = MakeQueue(this, "FailedStarts");
        var role = new Role(this, "Role", new RoleProps
        {
            AssumedBy = new ServicePrincipal("scheduler.amazonaws.com", new ServicePrincipalOpts
            {
                Conditions = new Dictionary<string, object>
                {
                    ["StringEquals"] = new Dictionary<string, string> { ["aws:SourceAccount"] = Amazon.CDK.Stack.Of(this).Account },
                },
            }),
        });
        stateMachine.GrantStartExecution(role);
        role.AddToPolicy(new PolicyStatement(new PolicyStatementProps { Actions = ["sqs:SendMessage"], Resources = [FailedStarts.QueueArn] }));
        foreach (var schedule in settings)
            Add(schedule, stateMachine, role);
    }

    /// <summary>The queue of starts that failed; null without schedules.</summary>
    public Queue? FailedStarts { get; }

    /// <summary>A queue for what EventBridge's scheduler could not start.</summary>
    internal static Queue MakeQueue(Construct scope, string id) => new(scope, id, new QueueProps
    {
        Encryption = QueueEncryption.SQS_MANAGED,
        EnforceSSL = true,
        RetentionPeriod = Duration.Days(14),
        RemovalPolicy = RemovalPolicy.DESTROY,
    });

    private void Add(ScheduleSettings schedule, StateMachine stateMachine, Role role)
    {
        var made = new CfnSchedule(this, schedule.Name, new CfnScheduleProps
        {
            Description = $"Incremental migration '{schedule.Name}'",
            ScheduleExpression = schedule.Expression,
            ScheduleExpressionTimezone = schedule.TimeZone,
            FlexibleTimeWindow = schedule.FlexibleMinutes == 0
                ? new CfnSchedule.FlexibleTimeWindowProperty { Mode = "OFF" }
                : new CfnSchedule.FlexibleTimeWindowProperty { Mode = "FLEXIBLE", MaximumWindowInMinutes = schedule.FlexibleMinutes },
            Target = new CfnSchedule.TargetProperty
            {
                Arn = stateMachine.StateMachineArn,
                RoleArn = role.RoleArn,
                Input = schedule.ExecutionInput().ToJsonString(),
                DeadLetterConfig = new CfnSchedule.DeadLetterConfigProperty { Arn = FailedStarts!.QueueArn },
                RetryPolicy = new CfnSchedule.RetryPolicyProperty { MaximumEventAgeInSeconds = 3600, MaximumRetryAttempts = 10 },
            },
        });
        // The first start may come with the schedule, so what it needs is there before.
        made.Node.AddDependency(role);
    }
}
