using Amazon.CDK;
using Amazon.CDK.AWS.IAM;
using Amazon.CDK.AWS.KMS;
using Amazon.CDK.AWS.S3;
using Constructs;
using Migration;

namespace Infra;

/// <summary>Where data lies between the servers: encrypted, versioned, closed to the public and to old TLS.</summary>
internal sealed class StagingBucket : Construct
{
    /// <summary>Builds the bucket, its key and the bucket of its access logs.</summary>
    public StagingBucket(Construct scope, string id, EnvironmentSettings settings)
        : base(scope, id)
    {
        var removal = settings.Retain ? RemovalPolicy.RETAIN : RemovalPolicy.DESTROY;
        Key = new Key(this, "Key", new KeyProps
        {
            Description = $"Staged data and tokens of influx-migrate, {settings.Name}",
            EnableKeyRotation = true,
            RemovalPolicy = removal,
        });
        PinnedIds.Pin(Key, PinnedIds.Key);
        var logs = new Bucket(this, "AccessLogs", new BucketProps
        {
            // S3 delivers access logs to a bucket with its own key only.
            Encryption = BucketEncryption.S3_MANAGED,
            BlockPublicAccess = BlockPublicAccess.BLOCK_ALL,
            ObjectOwnership = ObjectOwnership.BUCKET_OWNER_ENFORCED,
            EnforceSSL = true,
            MinimumTLSVersion = 1.2,
            Versioned = true,
            RemovalPolicy = removal,
            LifecycleRules =
            [
                new LifecycleRule
                {
                    Id = "Expire",
                    Expiration = Duration.Days(365),
                    NoncurrentVersionExpiration = Duration.Days(settings.OldVersionDays),
                    AbortIncompleteMultipartUploadAfter = Duration.Days(1),
                },
            ],
        });
        PinnedIds.Pin(logs, PinnedIds.AccessLogs);
        Bucket = new Bucket(this, "Bucket", new BucketProps
        {
            Encryption = BucketEncryption.KMS,
            EncryptionKey = Key,
            BucketKeyEnabled = true,
            BlockPublicAccess = BlockPublicAccess.BLOCK_ALL,
            ObjectOwnership = ObjectOwnership.BUCKET_OWNER_ENFORCED,
            EnforceSSL = true,
            MinimumTLSVersion = 1.2,
            Versioned = true,
            ServerAccessLogsBucket = logs,
            ServerAccessLogsPrefix = "staging/",
            RemovalPolicy = removal,
            LifecycleRules =
            [
                new LifecycleRule
                {
                    Id = "OldVersions",
                    NoncurrentVersionExpiration = Duration.Days(settings.OldVersionDays),
                    ExpiredObjectDeleteMarker = true,
                },
                // What Step Functions keeps of its Maps; redriving ends after 14 days.
                new LifecycleRule { Id = "MapRuns", Prefix = StagingKeys.MapRuns, Expiration = Duration.Days(30) },
                .. StagedData(settings),
                // Longer than the longest execution: a chunk's upload may wait for its continuation.
                new LifecycleRule { Id = "UnfinishedUploads", AbortIncompleteMultipartUploadAfter = Duration.Days(15) },
            ],
        });
        PinnedIds.Pin(Bucket, PinnedIds.StagingBucket);
        DenyOtherKeys();
    }

    // Whoever may write could otherwise make staged data unreadable with a key of theirs. Requests that name no encryption, as all of
    // the product's do, get the bucket's own.
    private void DenyOtherKeys()
    {
        const string algorithm = "s3:x-amz-server-side-encryption";
        const string kmsKey = "s3:x-amz-server-side-encryption-aws-kms-key-id";
        static Dictionary<string, object> Is(string key, string value) => new() { [key] = value };
        Deny("DenyCustomerKeys", new() { ["Null"] = Is("s3:x-amz-server-side-encryption-customer-algorithm", "false") });
        Deny("DenyOtherEncryption", new() { ["Null"] = Is(algorithm, "false"), ["StringNotEquals"] = Is(algorithm, "aws:kms") });
        Deny("DenyOtherKeys", new() { ["Null"] = Is(kmsKey, "false"), ["StringNotEquals"] = Is(kmsKey, Key.KeyArn) });
        // Without a key's name S3 takes the account's default one, which is not the bucket's.
        Deny("DenyDefaultKey", new() { ["Null"] = Is(kmsKey, "true"), ["StringEquals"] = Is(algorithm, "aws:kms") });
    }

    private void Deny(string sid, Dictionary<string, object> conditions) => Bucket.AddToResourcePolicy(new PolicyStatement(new PolicyStatementProps
    {
        Sid = sid,
        Effect = Effect.DENY,
        Principals = [new AnyPrincipal()],
        Actions = ["s3:PutObject"],
        Resources = [Bucket.ArnForObjects("*")],
        Conditions = conditions,
    }));

    // By its tag: a chunk's prefix begins with its migration's, and what lies beside it must stay.
    private static IEnumerable<LifecycleRule> StagedData(EnvironmentSettings settings)
    {
        if (settings.StagedDataDays is not { } days)
            return [];
        return
        [
            new LifecycleRule
            {
                Id = "StagedData",
                Prefix = DeployedLayout.Prefix(""),
                TagFilters = new Dictionary<string, object> { [DeployedLayout.ChunkTag.Key] = DeployedLayout.ChunkTag.Value },
                Expiration = Duration.Days(days),
            },
        ];
    }

    /// <summary>The bucket.</summary>
    public Bucket Bucket { get; }

    /// <summary>Encrypts the bucket's objects and the secrets.</summary>
    public Key Key { get; }
}
