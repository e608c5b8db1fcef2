using Amazon.CDK.AWS.IAM;
using Amazon.CDK.AWS.Lambda;
using Amazon.CDK.AWS.Scheduler;
using Amazon.CDK.AWS.SecretsManager;
using Amazon.CDK.AWS.SQS;
using Constructs;
using Functions.Rotation;

namespace Infra;

/// <summary>
/// The rotation of the secrets whose admin's secret the environment names: by Secrets Manager's clock, and once a day the removal of
/// tokens whose time is over.
/// </summary>
internal sealed class SecretRotation : Construct
{
    private readonly RotationSettings settings;
    private readonly Function rotate;
    private readonly Role scheduler;

    /// <summary>Builds it.</summary>
    public SecretRotation(Construct scope, string id, RotationSettings settings, Function rotate, DataStack data)
        : base(scope, id)
    {
        this.settings = settings;
        this.rotate = rotate;
        scheduler = new Role(this, "Role", new RoleProps
        {
            AssumedBy = new ServicePrincipal("scheduler.amazonaws.com", new ServicePrincipalOpts
            {
                Conditions = new Dictionary<string, object>
                {
                    ["StringEquals"] = new Dictionary<string, string> { ["aws:SourceAccount"] = Amazon.CDK.Stack.Of(this).Account },
                },
            }),
        });
        FailedCleanups = Schedules.MakeQueue(this, "FailedCleanups");
        scheduler.AddToPolicy(Allow(["lambda:InvokeFunction"], rotate.FunctionArn));
        scheduler.AddToPolicy(Allow(["sqs:SendMessage"], FailedCleanups.QueueArn));
        // The instance's id stands in the secret, which has no value yet.
        rotate.AddToRolePolicy(Allow(["timestream-influxdb:GetDbInstance"], Arn("timestream-influxdb", "db-instance/*")));
        Rotate("Source", (data.SourceSecret, data.SourceSecretKey), (settings.SourceAdminSecretArn, settings.SourceAdminSecretKeyArn));
        Rotate("Destination", (data.DestinationSecret, data.DestinationSecretKey), (settings.DestinationAdminSecretArn, settings.DestinationAdminSecretKeyArn));
    }

    /// <summary>The queue of removals that could not be started.</summary>
    public Queue FailedCleanups { get; }

    private void Rotate(string name, (string Arn, string? Key) secret, (string? Arn, string? Key) admin)
    {
        if (admin.Arn is null)
            return;
        var secretArn = secret.Arn;
        StagingKeys.AllowKeyOfSecret(rotate.Role!, secret.Key, "kms:Decrypt", "kms:GenerateDataKey");
        StagingKeys.AllowKeyOfSecret(rotate.Role!, admin.Key, "kms:Decrypt");
        rotate.AddToRolePolicy(Allow(
            ["secretsmanager:DescribeSecret", "secretsmanager:GetSecretValue", "secretsmanager:PutSecretValue", "secretsmanager:UpdateSecretVersionStage"],
            secretArn));
        rotate.AddToRolePolicy(Allow(["secretsmanager:GetSecretValue"], admin.Arn));
        var invoked = new CfnPermission(this, $"{name}Invoke", new CfnPermissionProps
        {
            Action = "lambda:InvokeFunction",
            FunctionName = rotate.FunctionArn,
            Principal = "secretsmanager.amazonaws.com",
            SourceAccount = Amazon.CDK.Stack.Of(this).Account,
            SourceArn = secretArn,
        });
        var schedule = new CfnRotationSchedule(this, $"{name}Schedule", new CfnRotationScheduleProps
        {
            SecretId = secretArn,
            RotationLambdaArn = rotate.FunctionArn,
            RotationRules = new CfnRotationSchedule.RotationRulesProperty { AutomaticallyAfterDays = settings.Days },
            // The deployment tells nothing of a rotation that fails; the first one comes by the clock and has an alarm.
            RotateImmediatelyOnUpdate = false,
        });
        schedule.AddDependency(invoked);
        schedule.Node.AddDependency(rotate.Role!);
        var cleanup = new CfnSchedule(this, $"{name}Cleanup", new CfnScheduleProps
        {
            Description = $"Removes replaced tokens of the {name.ToLowerInvariant()} once their time is over",
            ScheduleExpression = "rate(1 day)",
            FlexibleTimeWindow = new CfnSchedule.FlexibleTimeWindowProperty { Mode = "FLEXIBLE", MaximumWindowInMinutes = 60 },
            Target = new CfnSchedule.TargetProperty
            {
                Arn = rotate.FunctionArn,
                RoleArn = scheduler.RoleArn,
                Input = Amazon.CDK.Stack.Of(this).ToJsonString(new Dictionary<string, string>
                {
                    [nameof(RotationPayload.Step)] = RotationSteps.Cleanup,
                    [nameof(RotationPayload.SecretId)] = secretArn,
                }),
                DeadLetterConfig = new CfnSchedule.DeadLetterConfigProperty { Arn = FailedCleanups.QueueArn },
                RetryPolicy = new CfnSchedule.RetryPolicyProperty { MaximumEventAgeInSeconds = 3600, MaximumRetryAttempts = 10 },
            },
        });
        cleanup.Node.AddDependency(scheduler);
    }

    private string Arn(string service, string resource)
    {
        var stack = Amazon.CDK.Stack.Of(this);
        return $"arn:{stack.Partition}:{service}:{stack.Region}:{stack.Account}:{resource}";
    }

    private static PolicyStatement Allow(string[] actions, string resource) => new(new PolicyStatementProps { Actions = actions, Resources = [resource] });
}
