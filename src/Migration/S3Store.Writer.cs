using System.Buffers;
using Amazon.S3;
using Amazon.S3.Model;
using Influx;

namespace Migration;

public sealed partial class S3Store
{
    /// <summary>The size of a part in bytes, and of the one buffer that a writer holds.</summary>
    public const int PartBytes = 8 << 20;

    // S3's own limit; times the part's size, about 84 GB an object.
    private const int MaxParts = 10_000;

    /// <summary>Collects a part, sends it, and so on; what fits into one part goes in one request when it is complete.</summary>
    private sealed class ObjectWriter(S3Store store, string key, string? replacedETag) : StagingWriter
    {
        private readonly string writer = NewWriterId();
        private readonly List<PartETag> parts = [];
        private readonly WriteCondition condition = replacedETag is null ? WriteCondition.Absent : WriteCondition.Unchanged(replacedETag);
        private byte[]? buffer = ArrayPool<byte>.Shared.Rent(PartBytes);
        private int filled;
        private long sent;
        private string? uploadId;

        public override async ValueTask DisposeAsync()
        {
            // After a failure a request may still be reading the buffer: the pool must not lend it to another writer then.
            buffer = null;
            if (uploadId is not { } unfinished)
                return;
            uploadId = null;
            try
            {
                await store.AbortAsync(store.keyPrefix + key, unfinished, CancellationToken.None);
            }
            catch (Exception error) when (error is TransientException or RejectedException)
            {
                // The next run's opening aborts it; thrown from here it would hide why the writer was not completed.
            }
        }

        protected override async Task AppendAsync(ReadOnlyMemory<byte> content, CancellationToken cancellationToken)
        {
            while (!content.IsEmpty)
            {
                if (filled == PartBytes)
                    await SendPartAsync(cancellationToken);
                var piece = Math.Min(content.Length, PartBytes - filled);
                content.Span[..piece].CopyTo(buffer.AsSpan(filled));
                filled += piece;
                content = content[piece..];
            }
        }

        protected override async Task<StagedObject> FinishAsync(CancellationToken cancellationToken)
        {
            StagedObject? staged;
            if (uploadId is null)
            {
                staged = await store.PutAsync(key, FilledBuffer(), condition, cancellationToken);
            }
            else
            {
                await SendPartAsync(cancellationToken);
                staged = await CompleteUploadAsync(cancellationToken);
            }
            if (staged is null)
            {
                throw new StagingException(
                    $"another run wrote '{key}' in {store.Location} at the same time: let one of them finish, then run again", StagingFault.Raced);
            }
            uploadId = null;
            ArrayPool<byte>.Shared.Return(buffer!);
            buffer = null;
            return staged;
        }

        private MemoryStream FilledBuffer() => new(buffer!, 0, filled, writable: false);

        private async Task SendPartAsync(CancellationToken cancellationToken)
        {
            uploadId ??= await StartUploadAsync();
            cancellationToken.ThrowIfCancellationRequested();
            if (parts.Count == MaxParts)
            {
                throw new RejectedException(
                    RejectionKind.Unsupported,
                    $"writing '{key}' in {store.Location} stopped at {sent} bytes, the most that {MaxParts} parts hold: make the chunks smaller");
            }
            var request = new UploadPartRequest
            {
                BucketName = store.options.Bucket,
                Key = store.keyPrefix + key,
                UploadId = uploadId,
                PartNumber = parts.Count + 1,
                PartSize = filled,
                InputStream = FilledBuffer(),
                ChecksumAlgorithm = ChecksumAlgorithm.CRC32,
                ExpectedBucketOwner = store.options.ExpectedBucketOwner,
            };
            var part = await store.AskAsync(
                $"writing part {request.PartNumber} of '{key}'", () => store.client.UploadPartAsync(request, cancellationToken), cancellationToken);
            parts.Add(new PartETag(part));
            sent += filled;
            filled = 0;
        }

        // Not cancelled under way: an upload whose id never came could not be aborted.
        private async Task<string> StartUploadAsync()
        {
            var cancellationToken = CancellationToken.None;
            var request = new InitiateMultipartUploadRequest
            {
                BucketName = store.options.Bucket,
                Key = store.keyPrefix + key,
                ChecksumAlgorithm = ChecksumAlgorithm.CRC32,
                ChecksumType = ChecksumType.COMPOSITE,
                TagSet = store.TagsOf(key),
                ExpectedBucketOwner = store.options.ExpectedBucketOwner,
            };
            request.Metadata.Add(WriterMetadata, writer);
            var started = await store.AskAsync(
                $"starting the upload of '{key}'", () => store.client.InitiateMultipartUploadAsync(request, cancellationToken), cancellationToken);
            return started.UploadId;
        }

        private async Task<StagedObject?> CompleteUploadAsync(CancellationToken cancellationToken)
        {
            var request = new CompleteMultipartUploadRequest
            {
                BucketName = store.options.Bucket,
                Key = store.keyPrefix + key,
                UploadId = uploadId,
                PartETags = parts,
                ChecksumType = ChecksumType.COMPOSITE,
                MpuObjectSize = sent,
                IfNoneMatch = condition.IfNoneMatch,
                IfMatch = condition.IfMatch,
                ExpectedBucketOwner = store.options.ExpectedBucketOwner,
            };
            try
            {
                var completed = await store.client.CompleteMultipartUploadAsync(request, cancellationToken);
                return new StagedObject(key, sent, Pinned(completed.VersionId), completed.ChecksumCRC32);
            }
            catch (AmazonS3Exception lost) when (condition.WasLost(lost))
            {
                return await store.OwnWriteAsync(key, writer, cancellationToken);
            }
            catch (Exception error) when (IsOfS3(error, cancellationToken))
            {
                throw store.Translate(error, $"completing '{key}'");
            }
        }
    }
}
