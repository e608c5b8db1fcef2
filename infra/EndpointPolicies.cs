using Amazon.CDK;
using Amazon.CDK.AWS.IAM;
using Aws;
using Constructs;

namespace Infra;

/// <summary>
/// What the endpoints that the stack makes let through: this account's principals, to what is this deployment's own. Whoever gets hold
/// of the network, or of other credentials inside of it, carries nothing to a bucket or a secret of theirs.
/// </summary>
internal static class EndpointPolicies
{
    /// <summary>The staging bucket, with what the functions' store calls.</summary>
    public static PolicyStatement S3(Construct scope, DataStack data) => Own(
        scope,
        [
            "s3:GetObject", "s3:GetObjectVersion", "s3:PutObject", "s3:PutObjectTagging", "s3:AbortMultipartUpload", "s3:ListBucket",
            "s3:ListBucketMultipartUploads",
        ],
        data.StagingBucket.BucketArn, data.StagingBucket.ArnForObjects("*"));

    /// <summary>What passes the interface endpoint of a service, one of <see cref="VpcSettings.InterfaceEndpoints"/>.</summary>
    public static PolicyStatement Of(string service, Construct scope, EnvironmentSettings settings, DataStack data) => service switch
    {
        "secretsmanager" => Own(
            scope,
            settings.Rotation is null
                ? ["secretsmanager:GetSecretValue"]
                : ["secretsmanager:GetSecretValue", "secretsmanager:DescribeSecret", "secretsmanager:PutSecretValue", "secretsmanager:UpdateSecretVersionStage"],
            [
                .. new[] { data.SourceSecret, data.DestinationSecret, settings.Rotation?.SourceAdminSecretArn, settings.Rotation?.DestinationAdminSecretArn }
                    .OfType<string>(),
            ]),
        "states" => Own(scope, ["states:DescribeExecution"], Arn(scope, "states", $"execution:{StackNames.StateMachine(settings.Name)}:*")),
        "timestream-influxdb" => Own(scope, ["timestream-influxdb:GetDbInstance"], Arn(scope, "timestream-influxdb", "db-instance/*")),
        _ => throw new ArgumentOutOfRangeException(nameof(service), service, "there is no policy for this endpoint"),
    };

    private static PolicyStatement Own(Construct scope, string[] actions, params string[] resources)
    {
        var account = Stack.Of(scope).Account;
        return new PolicyStatement(new PolicyStatementProps
        {
            Principals = [new StarPrincipal()],
            Actions = actions,
            Resources = resources,
            Conditions = new Dictionary<string, object>
            {
                ["StringEquals"] = new Dictionary<string, string> { ["aws:PrincipalAccount"] = account, ["aws:ResourceAccount"] = account },
            },
        });
    }

    private static string Arn(Construct scope, string service, string resource)
    {
        var stack = Stack.Of(scope);
        return $"arn:{stack.Partition}:{service}:{stack.Region}:{stack.Account}:{resource}";
    }
}
