using Amazon.Runtime;
using Amazon.S3;
using Amazon.S3.Model;
using TestServers;

namespace Migration.Tests;

/// <summary>The tests that share one S3 server, as its start takes a while.</summary>
[CollectionDefinition(Name)]
public sealed class S3Tests : ICollectionFixture<S3Fixture>
{
    public const string Name = "S3";
}

/// <summary>A running S3 server with plain clients of both its users, to look from outside at what a store did.</summary>
public sealed class S3Fixture : IAsyncLifetime
{
    private int buckets;

    public S3Server Server { get; private set; } = null!;

    public AmazonS3Client Owner { get; private set; } = null!;

    public AmazonS3Client Stranger { get; private set; } = null!;

    public static AWSCredentials Credentials(S3User user) => new BasicAWSCredentials(user.AccessKey, user.Secret);

    public async ValueTask InitializeAsync()
    {
        Server = await S3Server.StartAsync();
        Owner = Client(S3Server.Owner);
        Stranger = Client(S3Server.Stranger);
    }

    public async ValueTask DisposeAsync()
    {
        Owner?.Dispose();
        Stranger?.Dispose();
        if (Server is not null)
            await Server.DisposeAsync();
    }

    /// <summary>Options of the owner for a new staging bucket of its own.</summary>
    public async Task<S3StoreOptions> NewBucketAsync(bool versioned = false)
    {
        var options = Options($"staging-{Interlocked.Increment(ref buckets)}");
        await Owner.PutBucketAsync(options.Bucket);
        if (versioned)
        {
            await Owner.PutBucketVersioningAsync(new PutBucketVersioningRequest
            {
                BucketName = options.Bucket,
                VersioningConfig = new S3BucketVersioningConfig { Status = VersionStatus.Enabled },
            });
        }
        return options;
    }

    /// <summary>Makes a bucket of the stranger's where everybody may do everything.</summary>
    public async Task<S3StoreOptions> NewOpenBucketOfAStrangerAsync(string? name = null)
    {
        var options = Options(name ?? $"strange-{Interlocked.Increment(ref buckets)}") with { ExpectedBucketOwner = null };
        await Stranger.PutBucketAsync(options.Bucket);
        await Stranger.PutBucketPolicyAsync(new PutBucketPolicyRequest
        {
            BucketName = options.Bucket,
            Policy = $$"""
                {"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":"*","Action":"s3:*",
                "Resource":["arn:aws:s3:::{{options.Bucket}}","arn:aws:s3:::{{options.Bucket}}/*"]}]}
                """,
        });
        return options;
    }

    /// <summary>The keys of all unfinished uploads of a bucket.</summary>
    public async Task<IReadOnlyList<string>> UploadsAsync(string bucket)
    {
        var page = await Owner.ListMultipartUploadsAsync(new ListMultipartUploadsRequest { BucketName = bucket });
        return [.. (page.MultipartUploads ?? []).Select(upload => upload.Key)];
    }

    private S3StoreOptions Options(string bucket) => new()
    {
        Bucket = bucket,
        Prefix = "migrations/1",
        ExpectedBucketOwner = S3Server.Owner.Account,
        Endpoint = Server.Url,
        ForcePathStyle = true,
        Credentials = Credentials(S3Server.Owner),
    };

    private AmazonS3Client Client(S3User user) => new(
        Credentials(user),
        new AmazonS3Config { ServiceURL = Server.Url.AbsoluteUri, ForcePathStyle = true, AuthenticationRegion = "us-east-1" });
}
