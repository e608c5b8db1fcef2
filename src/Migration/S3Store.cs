using System.Net;
using System.Runtime.CompilerServices;
using Amazon.S3;
using Amazon.S3.Model;

namespace Migration;

/// <summary>
/// A staging store under a prefix of a staging bucket. Creation is conditional, so of two runs one wins and the other is told;
/// every write carries a checksum that S3 compares, and every call the expected bucket owner.
/// </summary>
/// <remarks>
/// Every method throws <see cref="Influx.TransientException"/> for throttling, a server's failure or a cut connection after the
/// SDK's own retries, and <see cref="Influx.RejectedException"/> when S3 refuses.
/// </remarks>
public sealed partial class S3Store : IStagingStore
{
    // Who wrote an object: tells a write of our own whose answer was lost from one of another run.
    private const string WriterMetadata = "x-amz-meta-writer";

    private readonly AmazonS3Client client;
    private readonly S3StoreOptions options;
    private readonly string keyPrefix;

    private S3Store(AmazonS3Client client, S3StoreOptions options)
    {
        this.client = client;
        this.options = options;
        keyPrefix = options.Prefix.Length == 0 ? "" : options.Prefix + "/";
    }

    /// <inheritdoc/>
    public string Location => options.Location;

    /// <inheritdoc/>
    public async Task<StagedObject?> FindAsync(string key, string? version, CancellationToken cancellationToken) =>
        await HeadAsync(key, version, cancellationToken) is { } head ? Staged(key, head) : null;

    /// <inheritdoc/>
    public async Task<StagingWriter> CreateAsync(string key, CancellationToken cancellationToken) =>
        new ObjectWriter(this, key, (await HeadAsync(key, version: null, cancellationToken))?.ETag);

    /// <inheritdoc/>
    public async Task<bool> WriteAsync(string key, ReadOnlyMemory<byte> content, bool replace, CancellationToken cancellationToken)
    {
        var condition = replace ? WriteCondition.None : WriteCondition.Absent;
        return await PutAsync(key, new MemoryStream(content.ToArray(), writable: false), condition, cancellationToken) is not null;
    }

    /// <inheritdoc/>
    public async Task<Stream> ReadAsync(string key, string? version, long from, CancellationToken cancellationToken)
    {
        var what = $"reading '{key}'";
        // A range spares the SDK's MD5 of the whole body; checksums of our own stand in the receipts.
        var request = new GetObjectRequest
        {
            BucketName = options.Bucket,
            Key = keyPrefix + key,
            VersionId = version,
            ByteRange = new ByteRange($"bytes={from}-"),
            ExpectedBucketOwner = options.ExpectedBucketOwner,
        };
        try
        {
            return new ObjectStream(this, what, await client.GetObjectAsync(request, cancellationToken));
        }
        catch (AmazonS3Exception end) when (end.StatusCode == HttpStatusCode.RequestedRangeNotSatisfiable && from > 0)
        {
            return Stream.Null;
        }
        catch (AmazonS3Exception empty) when (empty.StatusCode == HttpStatusCode.RequestedRangeNotSatisfiable)
        {
            // Zero bytes have no range. The object may have grown since: what is there now is read, whatever its size.
            request.ByteRange = null;
            return new ObjectStream(this, what, await AskAsync(what, () => client.GetObjectAsync(request, cancellationToken), cancellationToken));
        }
        catch (AmazonS3Exception absent) when (absent.ErrorCode is "NoSuchKey" or "NoSuchVersion")
        {
            throw new FileNotFoundException($"'{key}' is not in {Location}", key, absent);
        }
        catch (Exception error) when (IsOfS3(error, cancellationToken))
        {
            throw Translate(error, what);
        }
    }

    /// <summary>The objects whose key starts with a prefix, in the order of their keys' UTF-8 bytes; their version is not told.</summary>
    public async IAsyncEnumerable<StagedObject> ListAsync(string prefix, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var request = new ListObjectsV2Request
        {
            BucketName = options.Bucket,
            Prefix = keyPrefix + prefix,
            ExpectedBucketOwner = options.ExpectedBucketOwner,
        };
        do
        {
            var page = await AskAsync($"listing '{prefix}'", () => client.ListObjectsV2Async(request, cancellationToken), cancellationToken);
            foreach (var found in page.S3Objects ?? [])
                yield return new StagedObject(found.Key[keyPrefix.Length..], found.Size ?? 0, Version: null);
            request.ContinuationToken = page.IsTruncated == true ? page.NextContinuationToken : null;
        }
        while (request.ContinuationToken is not null);
    }

    /// <inheritdoc/>
    public void Dispose() => client.Dispose();

    private async Task<GetObjectMetadataResponse?> HeadAsync(string key, string? version, CancellationToken cancellationToken)
    {
        var request = new GetObjectMetadataRequest
        {
            BucketName = options.Bucket,
            Key = keyPrefix + key,
            VersionId = version,
            ChecksumMode = ChecksumMode.ENABLED,
            ExpectedBucketOwner = options.ExpectedBucketOwner,
        };
        try
        {
            return await client.GetObjectMetadataAsync(request, cancellationToken);
        }
        catch (AmazonS3Exception absent) when (absent.StatusCode == HttpStatusCode.NotFound)
        {
            return null;
        }
        catch (Exception error) when (IsOfS3(error, cancellationToken))
        {
            throw Translate(error, $"looking for '{key}'");
        }
    }

    /// <summary>Writes an object in one request; null when the condition does not hold.</summary>
    private async Task<StagedObject?> PutAsync(string key, Stream content, WriteCondition condition, CancellationToken cancellationToken)
    {
        var writer = NewWriterId();
        var bytes = content.Length;
        var request = new PutObjectRequest
        {
            BucketName = options.Bucket,
            Key = keyPrefix + key,
            InputStream = content,
            ChecksumAlgorithm = ChecksumAlgorithm.CRC32,
            TagSet = TagsOf(key),
            IfNoneMatch = condition.IfNoneMatch,
            IfMatch = condition.IfMatch,
            ExpectedBucketOwner = options.ExpectedBucketOwner,
        };
        request.Metadata.Add(WriterMetadata, writer);
        try
        {
            var put = await client.PutObjectAsync(request, cancellationToken);
            return new StagedObject(key, bytes, Pinned(put.VersionId), put.ChecksumCRC32);
        }
        catch (AmazonS3Exception lost) when (condition.WasLost(lost))
        {
            return await OwnWriteAsync(key, writer, cancellationToken);
        }
        catch (Exception error) when (IsOfS3(error, cancellationToken))
        {
            throw Translate(error, $"writing '{key}'");
        }
    }

    private async Task<StagedObject?> OwnWriteAsync(string key, string writer, CancellationToken cancellationToken)
    {
        // The SDK repeats a write whose answer was lost, and the repetition then meets the first one's object.
        var there = await HeadAsync(key, version: null, cancellationToken);
        return there?.Metadata[WriterMetadata] == writer ? Staged(key, there) : null;
    }

    private static StagedObject Staged(string key, GetObjectMetadataResponse head) =>
        new(key, head.ContentLength, Pinned(head.VersionId), head.ChecksumCRC32);

    // What is written while versioning is off or suspended has a version too, and the next write replaces it.
    private static string? Pinned(string? version) => version is null or "" or "null" ? null : version;

    private List<Tag>? TagsOf(string key) => options.ChunkTag is var (name, value) && key.StartsWith(StagingLayout.Chunks, StringComparison.Ordinal)
        ? [new Tag { Key = name, Value = value }]
        : null;

    private static string NewWriterId() => Guid.NewGuid().ToString("N");

    /// <summary>What must hold at the moment that a write becomes visible.</summary>
    private readonly record struct WriteCondition(string? IfNoneMatch, string? IfMatch)
    {
        public static WriteCondition None => default;

        public static WriteCondition Absent => new("*", IfMatch: null);

        public static WriteCondition Unchanged(string etag) => new(IfNoneMatch: null, etag);

        /// <summary>
        /// 412: it does not hold; 409: another write is under way; 404: the object to replace, or the upload, is gone.
        /// </summary>
        public bool WasLost(AmazonS3Exception error) => this != None
            && (error.StatusCode is HttpStatusCode.PreconditionFailed or HttpStatusCode.Conflict
                || error.ErrorCode is "NoSuchKey" or "NoSuchUpload");
    }
}
