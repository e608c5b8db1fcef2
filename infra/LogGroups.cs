using Amazon.CDK;
using Amazon.CDK.AWS.KMS;
using Amazon.CDK.AWS.Logs;
using Constructs;

namespace Infra;

/// <summary>Makes log groups that end, and that the customer's key encrypts where the environment names one.</summary>
internal static class LogGroups
{
    /// <summary>Makes one.</summary>
    public static LogGroup Make(Construct scope, string id, EnvironmentSettings settings) => new(scope, id, new LogGroupProps
    {
        Retention = LogRetention.Of(settings),
        RemovalPolicy = settings.Retain ? RemovalPolicy.RETAIN : RemovalPolicy.DESTROY,
        EncryptionKey = settings.LogKeyArn is { } key ? Key.FromKeyArn(scope, $"{id}Key", key) : null,
    });
}
