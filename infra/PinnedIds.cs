using Amazon.CDK;
using Constructs;

namespace Infra;

/// <summary>Logical ids of what holds data, and of addresses that others know. CloudFormation deletes a resource whose id changes, so a moved construct must not change it.</summary>
internal static class PinnedIds
{
    public const string Key = "StagingKey";
    public const string StagingBucket = "StagingBucket";
    public const string AccessLogs = "AccessLogBucket";
    public const string SourceSecret = "SourceSecret";
    public const string DestinationSecret = "DestinationSecret";

    /// <summary>The address of a NAT gateway, by its place in the list from 0.</summary>
    public static string NatAddress(int index) => $"NatAddress{index + 1}";

    /// <summary>Gives a construct's resource its id for good.</summary>
    public static void Pin(Construct construct, string id) => ((CfnResource)construct.Node.DefaultChild!).OverrideLogicalId(id);
}
