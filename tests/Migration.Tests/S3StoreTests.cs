using Amazon.S3;
using Amazon.S3.Model;
using Influx;

namespace Migration.Tests;

[Collection(S3Tests.Name)]
public sealed class S3StoreTests(S3Fixture s3) : StagingStoreContract
{
    private S3StoreOptions? options;

    [Fact]
    public async Task Writer_does_not_bring_back_an_object_that_was_removed_under_it()
    {
        using var store = await OpenAsync();
        await store.WriteAsync("chunks/1", "old"u8.ToArray(), replace: false, default);
        await using var writer = await store.CreateAsync("chunks/1", default);
        await s3.Owner.DeleteObjectAsync(options!.Bucket, $"{options.Prefix}/chunks/1");

        await Assert.ThrowsAsync<StagingException>(() => writer.CompleteAsync(default));

        Assert.Null(await store.FindAsync("chunks/1", version: null, default));
    }

    [Theory]
    [InlineData("chunks/1.lp.gz", 10, 1)]
    [InlineData("chunks/1.lp.gz", S3Store.PartBytes + 10, 1)]
    [InlineData("rejected/1.jsonl", 10, 0)]
    [InlineData("report.json", S3Store.PartBytes + 10, 0)]
    public async Task Chunks_are_tagged_and_nothing_else(string key, int bytes, int tags)
    {
        options = await s3.NewBucketAsync() with { ChunkTag = DeployedLayout.ChunkTag };
        using var store = await S3Store.OpenAsync(options, default);

        await WriteInPiecesAsync(store, key, Content(bytes));

        var found = await s3.Owner.GetObjectTaggingAsync(new() { BucketName = options.Bucket, Key = $"{options.Prefix}/{key}" });
        Assert.Equal(Enumerable.Repeat(DeployedLayout.ChunkTag, tags), (found.Tagging ?? []).Select(tag => (tag.Key, tag.Value)));
    }

    [Theory]
    [InlineData(10)]
    [InlineData(S3Store.PartBytes + 10)]
    public async Task Versions_are_told_and_can_be_read(int bytes)
    {
        options = await s3.NewBucketAsync(versioned: true);
        using var store = await S3Store.OpenAsync(options, default);

        var first = await WriteInPiecesAsync(store, "chunks/1", Content(bytes));
        var second = await WriteInPiecesAsync(store, "chunks/1", Content(bytes + 1));

        Assert.NotNull(first.Version);
        Assert.NotEqual(first.Version, second.Version);
        Assert.Equal(Content(bytes), await ReadAsync(store, "chunks/1", first.Version));
        Assert.Equal(Content(bytes + 1), await ReadAsync(store, "chunks/1"));
        Assert.Equal(second, await store.FindAsync("chunks/1", version: null, default));
    }

    [Theory]
    [InlineData(S3Store.PartBytes, false)]
    [InlineData(S3Store.PartBytes + 1, true)]
    public async Task What_fits_into_one_part_goes_in_one_request_and_all_carries_a_checksum(int bytes, bool multipart)
    {
        using var store = await OpenAsync();
        await WriteInPiecesAsync(store, "chunks/1", Content(bytes));

        var head = await s3.Owner.GetObjectMetadataAsync(new GetObjectMetadataRequest
        {
            BucketName = options!.Bucket,
            Key = $"{options.Prefix}/chunks/1",
            ChecksumMode = ChecksumMode.ENABLED,
        });

        Assert.Equal(multipart, head.ETag.Contains('-', StringComparison.Ordinal));
        Assert.False(string.IsNullOrEmpty(head.ChecksumCRC32));
    }

    [Fact]
    public async Task Opening_for_a_run_aborts_left_uploads_below_its_prefix_only()
    {
        options = await s3.NewBucketAsync();
        foreach (var key in new[] { "migrations/1/chunks/1", "migrations/1/chunks/2", "migrations/10/chunks/1" })
            await s3.Owner.InitiateMultipartUploadAsync(options.Bucket, key);

        using (await S3Store.OpenAsync(options, default))
            Assert.Equal(3, (await s3.UploadsAsync(options.Bucket)).Count);
        using (await S3Store.OpenForRunAsync(options, default))
            Assert.Equal(["migrations/10/chunks/1"], await s3.UploadsAsync(options.Bucket));
    }

    [Fact]
    public async Task Writer_whose_upload_another_run_aborted_says_so()
    {
        using var store = await OpenAsync();
        await using var writer = await store.CreateAsync("chunks/1", default);
        await writer.WriteAsync(Content(S3Store.PartBytes + 1), default);
        using var other = await S3Store.OpenForRunAsync(options!, default);

        var error = await Assert.ThrowsAsync<RejectedException>(() => writer.CompleteAsync(default));

        Assert.Contains("another run of the same prefix aborted", error.Message, StringComparison.Ordinal);
        Assert.Null(await store.FindAsync("chunks/1", version: null, default));
    }

    [Fact]
    public async Task Lists_more_than_one_page()
    {
        using var store = await OpenAsync();
        var keys = Enumerable.Range(0, 1005).Select(number => $"receipts/{number:D4}").ToList();
        await Parallel.ForEachAsync(keys, async (key, cancelled) => await store.WriteAsync(key, "x"u8.ToArray(), replace: false, cancelled));

        Assert.Equal(keys, await ListAsync(store, "receipts/"));
    }

    [Fact]
    public async Task Missing_version_is_a_missing_object()
    {
        options = await s3.NewBucketAsync(versioned: true);
        using var store = await S3Store.OpenAsync(options, default);
        var first = await WriteInPiecesAsync(store, "chunks/1", Content(10));
        await WriteInPiecesAsync(store, "chunks/1", Content(11));
        await s3.Owner.DeleteObjectAsync(options.Bucket, $"{options.Prefix}/chunks/1", first.Version);

        await Assert.ThrowsAsync<FileNotFoundException>(() => store.ReadAsync("chunks/1", first.Version, from: 0, default));
    }

    protected override async Task<IStagingStore> OpenAsync()
    {
        options ??= await s3.NewBucketAsync();
        return await S3Store.OpenForRunAsync(options, default);
    }

    protected override async Task<IReadOnlyList<string>> UnfinishedAsync() => await s3.UploadsAsync(options!.Bucket);
}
