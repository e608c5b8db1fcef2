using Amazon.CDK;
using Constructs;

namespace Infra;

/// <summary>Logical ids of what holds data. CloudFormation deletes a resource whose id changes, so a moved construct must not change it.</summary>
internal static class PinnedIds
{
    public const string Key = "StagingKey";
    public const string StagingBucket = "StagingBucket";
    public const string AccessLogs = "AccessLogBucket";
    public const string SourceSecret = "SourceSecret";
    public const string DestinationSecret = "DestinationSecret";

    /// <summary>Gives a construct's resource its id for good.</summary>
    public static void Pin(Construct construct, string id) => ((CfnResource)construct.Node.DefaultChild!).OverrideLogicalId(id);
}
