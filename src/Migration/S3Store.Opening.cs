using Amazon;
using Amazon.Runtime;
using Amazon.S3;
using Amazon.S3.Model;
using Influx;

namespace Migration;

public sealed partial class S3Store
{
    /// <summary>
    /// Opens a prefix to read it or to work on a part of a run, and looks whether its staging bucket may be listed and belongs to
    /// whom it should.
    /// </summary>
    /// <exception cref="RejectedException">The options are wrong, the staging bucket is not there or not the caller's, or S3 refuses.</exception>
    /// <exception cref="TransientException">S3 could not answer.</exception>
    public static async Task<S3Store> OpenAsync(S3StoreOptions options, CancellationToken cancellationToken)
    {
        var store = new S3Store(Connect(options), options);
        try
        {
            await store.CheckAsync(cancellationToken);
            return store;
        }
        catch
        {
            store.Dispose();
            throw;
        }
    }

    /// <summary>
    /// Opens a prefix for a run, and aborts the uploads that a killed run left there. To be called once a run, before its first
    /// writer: it would take the uploads of writers that are at work.
    /// </summary>
    /// <inheritdoc cref="OpenAsync"/>
    public static async Task<S3Store> OpenForRunAsync(S3StoreOptions options, CancellationToken cancellationToken)
    {
        var store = await OpenAsync(options, cancellationToken);
        try
        {
            await store.AbortLeftUploadsAsync(cancellationToken);
            return store;
        }
        catch
        {
            store.Dispose();
            throw;
        }
    }

    /// <summary>
    /// Whether the staging bucket belongs to the account of the credentials in use: it is looked for in the list of the caller's
    /// own buckets, which S3 fills by ownership alone, whatever policies and ACLs allow. As no two buckets of a partition have the
    /// same name, a yes proves ownership at that moment. It is no bond for the calls that follow, as a bucket can be deleted and
    /// its name taken by another account; only an expected bucket owner is checked with every call.
    /// </summary>
    /// <exception cref="RejectedException">The credentials lack <c>s3:ListAllMyBuckets</c>.</exception>
    /// <exception cref="TransientException">S3 could not answer.</exception>
    public async Task<bool> IsOwnedByCallerAsync(CancellationToken cancellationToken)
    {
        var request = new ListBucketsRequest { Prefix = options.Bucket, MaxBuckets = 1000 };
        do
        {
            var page = await AskAsync("listing the caller's own buckets", () => client.ListBucketsAsync(request, cancellationToken), cancellationToken);
            // A server that does not know the prefix answers with all buckets.
            if (page.Buckets?.Exists(owned => string.Equals(owned.BucketName, options.Bucket, StringComparison.Ordinal)) == true)
                return true;
            request.ContinuationToken = page.ContinuationToken;
        }
        while (!string.IsNullOrEmpty(request.ContinuationToken));
        return false;
    }

    private static AmazonS3Client Connect(S3StoreOptions options)
    {
        if (options.Problems() is { Count: > 0 } problems)
            throw new RejectedException(RejectionKind.Invalid, $"{options.Location} can't be opened: {string.Join("; ", problems)}");
        var config = new AmazonS3Config { ForcePathStyle = options.ForcePathStyle };
        if (options.Endpoint is { } endpoint)
        {
            config.ServiceURL = endpoint.AbsoluteUri;
            config.AuthenticationRegion = options.Region ?? "us-east-1";
        }
        else if (options.Region is { } region)
        {
            config.RegionEndpoint = RegionEndpoint.GetBySystemName(region);
        }
        try
        {
            return options.Credentials is { } credentials ? new AmazonS3Client(credentials, config) : new AmazonS3Client(config);
        }
        catch (AmazonClientException unusable)
        {
            throw new RejectedException(
                RejectionKind.Invalid,
                $"{options.Location} can't be opened: {unusable.Message}: name the staging bucket's region, or set AWS_REGION",
                unusable);
        }
    }

    private async Task CheckAsync(CancellationToken cancellationToken)
    {
        // A list, not a HEAD: only its refusal says in a body which of several reasons it has.
        var request = new ListObjectsV2Request
        {
            BucketName = options.Bucket,
            Prefix = keyPrefix,
            MaxKeys = 1,
            ExpectedBucketOwner = options.ExpectedBucketOwner,
        };
        await AskAsync("opening it", () => client.ListObjectsV2Async(request, cancellationToken), cancellationToken);
        if (options.ExpectedBucketOwner is null && !options.AllowUnownedBucket && !await IsOwnedByCallerAsync(cancellationToken))
        {
            throw new RejectedException(
                RejectionKind.Token,
                $"opening {Location} was stopped: the staging bucket '{options.Bucket}' does not belong to the account of these "
                + "credentials: correct its name, name the account that owns it, or allow an unowned staging bucket");
        }
    }

    private async Task AbortLeftUploadsAsync(CancellationToken cancellationToken)
    {
        var request = new ListMultipartUploadsRequest
        {
            BucketName = options.Bucket,
            Prefix = keyPrefix,
            ExpectedBucketOwner = options.ExpectedBucketOwner,
        };
        ListMultipartUploadsResponse page;
        do
        {
            page = await AskAsync("listing unfinished uploads", () => client.ListMultipartUploadsAsync(request, cancellationToken), cancellationToken);
            foreach (var left in page.MultipartUploads ?? [])
                await AbortAsync(left.Key, left.UploadId, cancellationToken);
            request.KeyMarker = page.NextKeyMarker;
            request.UploadIdMarker = page.NextUploadIdMarker;
        }
        while (page.IsTruncated == true);
    }

    private async Task AbortAsync(string fullKey, string uploadId, CancellationToken cancellationToken)
    {
        var request = new AbortMultipartUploadRequest
        {
            BucketName = options.Bucket,
            Key = fullKey,
            UploadId = uploadId,
            ExpectedBucketOwner = options.ExpectedBucketOwner,
        };
        try
        {
            await client.AbortMultipartUploadAsync(request, cancellationToken);
        }
        catch (AmazonS3Exception gone) when (gone.ErrorCode == "NoSuchUpload")
        {
            // It ended meanwhile, by its own run or by another sweep; that is what was wanted.
        }
        catch (Exception error) when (IsOfS3(error, cancellationToken))
        {
            throw Translate(error, $"aborting the upload of '{fullKey[keyPrefix.Length..]}'");
        }
    }
}
