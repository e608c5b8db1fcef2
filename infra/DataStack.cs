using Amazon.CDK;
using Amazon.CDK.AWS.EC2;
using Amazon.CDK.AWS.KMS;
using Amazon.CDK.AWS.S3;
using Aws;
using Constructs;

namespace Infra;

/// <summary>What outlives the pipeline: staged data, tokens, and the addresses that the servers' firewalls let in.</summary>
public sealed class DataStack : Stack
{
    /// <summary>Builds it.</summary>
    public DataStack(Construct scope, string id, EnvironmentSettings settings, IStackProps props)
        : base(scope, id, props)
    {
        var staging = new StagingBucket(this, "Staging", settings);
        var secrets = new MigrationSecrets(this, "Secrets", settings, staging.Key);
        StagingBucket = staging.Bucket;
        Key = staging.Key;
        SourceSecret = secrets.Source;
        DestinationSecret = secrets.Destination;
        SourceSecretKey = secrets.SourceKey;
        DestinationSecretKey = secrets.DestinationKey;
        NatAddresses = [.. Enumerable.Range(0, settings.Vpc?.Nat.Count ?? 0).Select(index => NatAddress(settings, index))];

        Output(OutputNames.StagingBucketName, StagingBucket.BucketName, "Staged chunks, receipts and reports");
        Output("SourceSecretArn", SourceSecret, "The source's token");
        Output("DestinationSecretArn", DestinationSecret, "The destination's token");
        Output("PutSourceSecret", PutSecret(SourceSecret, "source"), "Puts the source's token in from a file");
        Output("PutDestinationSecret", PutSecret(DestinationSecret, "destination"), "Puts the destination's token in from a file");
        if (NatAddresses.Count > 0)
            Output("NatAddresses", string.Join(", ", NatAddresses.Select(address => address.Ref)), "Let these addresses in at servers in the internet");
    }

    internal IBucket StagingBucket { get; }

    internal IKey Key { get; }

    internal string SourceSecret { get; }

    internal string DestinationSecret { get; }

    internal string? SourceSecretKey { get; }

    internal string? DestinationSecretKey { get; }

    internal IReadOnlyList<CfnEIP> NatAddresses { get; }

    private CfnEIP NatAddress(EnvironmentSettings settings, int index)
    {
        var address = new CfnEIP(this, PinnedIds.NatAddress(index), new CfnEIPProps { Domain = "vpc" });
        address.ApplyRemovalPolicy(settings.Retain ? RemovalPolicy.RETAIN : RemovalPolicy.DESTROY);
        return address;
    }

    private string PutSecret(string arn, string role) =>
        $"aws secretsmanager put-secret-value --region {Region} --secret-id {arn} --secret-string file://{role}-secret.json";

    private void Output(string name, string value, string description) =>
        _ = new CfnOutput(this, name, new CfnOutputProps { Value = value, Description = description });
}
