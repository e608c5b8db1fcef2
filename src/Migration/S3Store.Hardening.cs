using System.Net;
using Amazon.Runtime;
using Amazon.S3;
using Amazon.S3.Model;
using Influx;

namespace Migration;

/// <summary>A setting that a staging bucket must have; the deployed one has all from the start.</summary>
public enum StagingSetting
{
    /// <summary>Old versions are kept.</summary>
    Versioning,

    /// <summary>All four public access blocks are on.</summary>
    PublicAccessBlock,

    /// <summary>All objects belong to the bucket's owner, and ACLs do nothing.</summary>
    Ownership,

    /// <summary>The policy denies plain HTTP, TLS below 1.2, and objects that the writer's own key encrypts.</summary>
    Policy,

    /// <summary>Objects are encrypted unless the writer says otherwise.</summary>
    Encryption,
}

/// <summary>Something that a staging bucket lacks.</summary>
/// <param name="Gap">What is to be set.</param>
/// <param name="What">What is missing, in words.</param>
public sealed record StagingGap(StagingSetting Gap, string What);

public sealed partial class S3Store
{
    private string BucketArn => $"arn:{client.Config.RegionEndpoint?.PartitionName ?? "aws"}:s3:::{options.Bucket}";

    /// <summary>What the staging bucket lacks; empty when it is as it should be.</summary>
    /// <exception cref="RejectedException">The credentials may not read the bucket's settings.</exception>
    public async Task<IReadOnlyList<StagingGap>> FindGapsAsync(CancellationToken cancellationToken)
    {
        var gaps = new List<StagingGap>();
        var owner = options.ExpectedBucketOwner;
        var versioning = await SettingAsync("versioning", () => client.GetBucketVersioningAsync(
            new GetBucketVersioningRequest { BucketName = options.Bucket, ExpectedBucketOwner = owner }, cancellationToken), cancellationToken);
        Add(versioning.Value?.VersioningConfig?.Status == VersionStatus.Enabled, StagingSetting.Versioning, "versioning is not on: an object that is overwritten is lost", versioning.Unknown);
        var block = await SettingAsync("public access block", () => client.GetPublicAccessBlockAsync(
            new GetPublicAccessBlockRequest { BucketName = options.Bucket, ExpectedBucketOwner = owner }, cancellationToken), cancellationToken);
        var open = OpenBlocks(block.Value?.PublicAccessBlockConfiguration);
        Add(open.Count == 0, StagingSetting.PublicAccessBlock, $"public access is not blocked: {string.Join(", ", open)}", block.Unknown);
        var ownership = await SettingAsync("ownership", () => client.GetBucketOwnershipControlsAsync(
            new GetBucketOwnershipControlsRequest { BucketName = options.Bucket, ExpectedBucketOwner = owner }, cancellationToken), cancellationToken);
        Add(
            ownership.Value?.OwnershipControls?.Rules?.Exists(rule => rule.ObjectOwnership == ObjectOwnership.BucketOwnerEnforced) == true,
            StagingSetting.Ownership, "ownership is not BucketOwnerEnforced: ACLs may let others read", ownership.Unknown);
        var policy = await PolicyAsync(cancellationToken);
        Add(StagingPolicy.DeniesPlainHttp(policy, BucketArn), StagingSetting.Policy, "its policy does not deny plain HTTP (aws:SecureTransport) for s3:* to everybody", unknown: null);
        Add(StagingPolicy.DeniesOldTls(policy, BucketArn), StagingSetting.Policy, "its policy does not deny TLS below 1.2 (s3:TlsVersion) for s3:* to everybody", unknown: null);
        Add(StagingPolicy.DeniesCustomerKeys(policy, BucketArn), StagingSetting.Policy, "its policy does not deny objects that the writer's own key encrypts (s3:x-amz-server-side-encryption-customer-algorithm) to everybody", unknown: null);
        var encryption = await SettingAsync("encryption", () => client.GetBucketEncryptionAsync(
            new GetBucketEncryptionRequest { BucketName = options.Bucket, ExpectedBucketOwner = owner }, cancellationToken), cancellationToken);
        Add(
            encryption.Value?.ServerSideEncryptionConfiguration?.ServerSideEncryptionRules?.Exists(rule => rule.ServerSideEncryptionByDefault is not null) == true,
            StagingSetting.Encryption, "objects are not encrypted by default", encryption.Unknown);
        return gaps;

        void Add(bool good, StagingSetting gap, string what, string? unknown)
        {
            if (!good)
                gaps.Add(new StagingGap(gap, unknown is null ? what : $"{what} (the server does not tell: {unknown})"));
        }
    }

    /// <summary>Sets what the staging bucket lacks, and goes on where one setting is refused.</summary>
    /// <returns>What was set, and what was refused with the server's words.</returns>
    public async Task<(IReadOnlyList<StagingGap> Set, IReadOnlyList<(StagingGap Gap, string Why)> Refused)> HardenAsync(CancellationToken cancellationToken)
    {
        var set = new List<StagingGap>();
        var refused = new List<(StagingGap, string)>();
        foreach (var gap in (await FindGapsAsync(cancellationToken)).DistinctBy(gap => gap.Gap))
        {
            try
            {
                await AskAsync($"setting {gap.Gap}", () => SetAsync(gap.Gap, cancellationToken), cancellationToken);
                set.Add(gap);
            }
            catch (RejectedException refusal)
            {
                refused.Add((gap, refusal.Message));
            }
        }
        return (set, refused);
    }

    private static List<string> OpenBlocks(PublicAccessBlockConfiguration? block) =>
    [
        .. new (string Name, bool? On)[]
        {
            ("BlockPublicAcls", block?.BlockPublicAcls),
            ("IgnorePublicAcls", block?.IgnorePublicAcls),
            ("BlockPublicPolicy", block?.BlockPublicPolicy),
            ("RestrictPublicBuckets", block?.RestrictPublicBuckets),
        }.Where(one => one.On != true).Select(one => one.Name),
    ];

    private async Task<AmazonWebServiceResponse> SetAsync(StagingSetting gap, CancellationToken cancellationToken)
    {
        var (bucket, owner) = (options.Bucket, options.ExpectedBucketOwner);
        return gap switch
        {
            StagingSetting.Versioning => await client.PutBucketVersioningAsync(
                new PutBucketVersioningRequest { BucketName = bucket, ExpectedBucketOwner = owner, VersioningConfig = new S3BucketVersioningConfig { Status = VersionStatus.Enabled } },
                cancellationToken),
            StagingSetting.PublicAccessBlock => await client.PutPublicAccessBlockAsync(
                new PutPublicAccessBlockRequest
                {
                    BucketName = bucket,
                    ExpectedBucketOwner = owner,
                    PublicAccessBlockConfiguration = new PublicAccessBlockConfiguration
                    {
                        BlockPublicAcls = true,
                        IgnorePublicAcls = true,
                        BlockPublicPolicy = true,
                        RestrictPublicBuckets = true,
                    },
                },
                cancellationToken),
            StagingSetting.Ownership => await client.PutBucketOwnershipControlsAsync(
                new PutBucketOwnershipControlsRequest
                {
                    BucketName = bucket,
                    ExpectedBucketOwner = owner,
                    OwnershipControls = new OwnershipControls { Rules = [new OwnershipControlsRule { ObjectOwnership = ObjectOwnership.BucketOwnerEnforced }] },
                },
                cancellationToken),
            StagingSetting.Policy => await client.PutBucketPolicyAsync(
                new PutBucketPolicyRequest { BucketName = bucket, ExpectedBucketOwner = owner, Policy = StagingPolicy.Merge(await PolicyAsync(cancellationToken), BucketArn) },
                cancellationToken),
            _ => await client.PutBucketEncryptionAsync(
                new PutBucketEncryptionRequest
                {
                    BucketName = bucket,
                    ExpectedBucketOwner = owner,
                    ServerSideEncryptionConfiguration = new ServerSideEncryptionConfiguration
                    {
                        ServerSideEncryptionRules =
                        [
                            new ServerSideEncryptionRule
                            {
                                ServerSideEncryptionByDefault = new ServerSideEncryptionByDefault { ServerSideEncryptionAlgorithm = ServerSideEncryptionMethod.AES256 },
                            },
                        ],
                    },
                },
                cancellationToken),
        };
    }

    private async Task<string?> PolicyAsync(CancellationToken cancellationToken)
    {
        var answer = await SettingAsync("policy", () => client.GetBucketPolicyAsync(
            new GetBucketPolicyRequest { BucketName = options.Bucket, ExpectedBucketOwner = options.ExpectedBucketOwner }, cancellationToken), cancellationToken);
        var text = answer.Value?.Policy;
        // The SDK gives an error's body for the policy.
        if (string.IsNullOrEmpty(text) || text.Contains("<Code>NoSuchBucketPolicy</Code>", StringComparison.Ordinal))
            return null;
        return text.TrimStart().StartsWith('{')
            ? text
            : throw new RejectedException(RejectionKind.Token, $"reading its policy in {Location} was refused: {text}: {OwnerAdvice}");
    }

    /// <summary>One of the bucket's settings; null where there is none, with the server's words where it does not know such a setting.</summary>
    private async Task<(T? Value, string? Unknown)> SettingAsync<T>(string name, Func<Task<T>> ask, CancellationToken cancellationToken)
        where T : class
    {
        try
        {
            return (await AskAsync($"reading its {name}", ask, cancellationToken), null);
        }
        catch (RejectedException refused) when (refused.InnerException is AmazonServiceException answer)
        {
            if (answer.ErrorCode is "NoSuchPublicAccessBlockConfiguration" or "OwnershipControlsNotFoundError" or "NoSuchBucketPolicy"
                or "ServerSideEncryptionConfigurationNotFoundError")
                return (null, null);
            if (answer.StatusCode is HttpStatusCode.NotImplemented or HttpStatusCode.MethodNotAllowed)
                return (null, answer.ErrorCode);
            throw;
        }
    }
}
