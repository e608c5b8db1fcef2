using Amazon.Runtime;
using Influx;
using TestServers;

namespace Migration.Tests;

[Collection(S3Tests.Name)]
public sealed class S3StoreOwnerTests(S3Fixture s3)
{
    [Fact]
    public async Task Wrong_expected_owner_is_refused_and_named()
    {
        var options = await s3.NewBucketAsync() with { ExpectedBucketOwner = "999999999999" };

        var error = await Assert.ThrowsAsync<RejectedException>(() => S3Store.OpenAsync(options, default));

        Assert.Equal(RejectionKind.Token, error.Kind);
        Assert.Contains("999999999999", error.Message, StringComparison.Ordinal);
        Assert.Contains(options.Location, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Open_bucket_of_a_stranger_is_used_only_where_that_is_allowed()
    {
        var options = await s3.NewOpenBucketOfAStrangerAsync();

        var error = await Assert.ThrowsAsync<RejectedException>(() => S3Store.OpenAsync(options, default));
        using var allowed = await S3Store.OpenAsync(options with { AllowUnownedBucket = true }, default);

        Assert.Contains("does not belong", error.Message, StringComparison.Ordinal);
        Assert.True(await allowed.WriteAsync("plan.json", "x"u8.ToArray(), replace: false, default));
        Assert.False(await allowed.IsOwnedByCallerAsync(default));
    }

    [Fact]
    public async Task Own_bucket_needs_no_expected_owner()
    {
        var options = await s3.NewBucketAsync() with { ExpectedBucketOwner = null };

        using var store = await S3Store.OpenAsync(options, default);

        Assert.True(await store.IsOwnedByCallerAsync(default));
    }

    [Fact]
    public async Task Bucket_that_a_stranger_took_over_gets_nothing()
    {
        var options = await s3.NewBucketAsync();
        using var store = await S3Store.OpenForRunAsync(options, default);
        await using var writer = await store.CreateAsync("chunks/1", default);
        await writer.WriteAsync(new byte[10], default);
        await s3.Owner.DeleteBucketAsync(options.Bucket);
        await s3.NewOpenBucketOfAStrangerAsync(options.Bucket);

        await Assert.ThrowsAsync<RejectedException>(() => store.WriteAsync("plan.json", new byte[10], replace: true, default));
        await Assert.ThrowsAsync<RejectedException>(() => writer.CompleteAsync(default));
        await Assert.ThrowsAsync<RejectedException>(() => store.CreateAsync("chunks/2", default));
        await Assert.ThrowsAsync<RejectedException>(() => store.FindAsync("plan.json", version: null, default));
        await Assert.ThrowsAsync<RejectedException>(() => store.ReadAsync("plan.json", version: null, from: 0, default));
        await Assert.ThrowsAsync<RejectedException>(async () => await store.ListAsync("", default).GetAsyncEnumerator().MoveNextAsync());

        var there = await s3.Stranger.ListObjectsV2Async(new() { BucketName = options.Bucket });
        Assert.Empty(there.S3Objects ?? []);
    }

    [Fact]
    public async Task Every_call_carries_the_expected_owner()
    {
        var options = await s3.NewBucketAsync();
        await s3.Owner.InitiateMultipartUploadAsync(options.Bucket, $"{options.Prefix}/left");
        await using var proxy = await FaultProxy.StartAsync(s3.Server.Url);
        var bare = proxy.On(request => request.Headers["x-amz-expected-bucket-owner"] != S3Server.Owner.Account, times: int.MaxValue);
        using var store = await S3Store.OpenForRunAsync(options with { Endpoint = proxy.Url }, default);

        await store.WriteAsync("plan.json", new byte[10], replace: false, default);
        await store.WriteAsync("plan.json", new byte[10], replace: false, default);
        await using (var writer = await store.CreateAsync("chunks/1", default))
        {
            await writer.WriteAsync(new byte[S3Store.PartBytes + 1], default);
            await writer.CompleteAsync(default);
        }
        await using (var writer = await store.CreateAsync("chunks/1", default))
            await writer.WriteAsync(new byte[S3Store.PartBytes + 1], default);
        await using (await store.ReadAsync("chunks/1", version: null, from: 0, default))
            await foreach (var found in store.ListAsync("", default))
                Assert.NotNull(await store.FindAsync(found.Key, version: null, default));

        Assert.Equal(0, bare.Hits);
        Assert.True(proxy.Requests > 15);
        Assert.Empty(await s3.UploadsAsync(options.Bucket));
    }

    [Fact]
    public async Task Missing_bucket_is_named()
    {
        var options = await s3.NewBucketAsync() with { Bucket = "no-such-bucket" };

        var error = await Assert.ThrowsAsync<RejectedException>(() => S3Store.OpenAsync(options, default));

        Assert.Equal(RejectionKind.NotFound, error.Kind);
        Assert.Contains("s3://no-such-bucket", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Wrong_secret_is_refused_and_not_printed()
    {
        var options = await s3.NewBucketAsync() with { Credentials = new BasicAWSCredentials(S3Server.Owner.AccessKey, "not-the-secret") };

        var error = await Assert.ThrowsAsync<RejectedException>(() => S3Store.OpenAsync(options, default));

        Assert.Equal(RejectionKind.Token, error.Kind);
        Assert.DoesNotContain("not-the-secret", error.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Options_name_every_problem_at_once()
    {
        var options = new S3StoreOptions { Bucket = "a/b", Prefix = "/x/", ExpectedBucketOwner = "me", AllowUnownedBucket = true };

        var error = await Assert.ThrowsAsync<RejectedException>(() => S3Store.OpenAsync(options, default));

        Assert.Equal(4, options.Problems().Count);
        Assert.All(options.Problems(), problem => Assert.Contains(problem, error.Message, StringComparison.Ordinal));
    }
}
