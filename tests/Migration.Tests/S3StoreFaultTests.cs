using Influx;
using TestServers;

namespace Migration.Tests;

[Collection(S3Tests.Name)]
public sealed class S3StoreFaultTests(S3Fixture s3) : IAsyncLifetime
{
    private const string SlowDown = """
        <?xml version="1.0" encoding="UTF-8"?>
        <Error><Code>SlowDown</Code><Message>Please reduce your request rate.</Message><RequestId>1</RequestId></Error>
        """;

    private FaultProxy proxy = null!;
    private S3StoreOptions options = null!;
    private S3Store store = null!;

    public async ValueTask InitializeAsync()
    {
        proxy = await FaultProxy.StartAsync(s3.Server.Url);
        options = await s3.NewBucketAsync() with { Endpoint = proxy.Url };
        store = await S3Store.OpenForRunAsync(options, default);
    }

    public async ValueTask DisposeAsync()
    {
        store.Dispose();
        await proxy.DisposeAsync();
    }

    [Fact]
    public async Task Write_passes_after_a_slow_down()
    {
        var fault = On("PUT", "plan.json").Answer(503, SlowDown);

        Assert.True(await store.WriteAsync("plan.json", new byte[10], replace: false, default));

        Assert.Equal(1, fault.Hits);
        Assert.Equal(10, (await store.FindAsync("plan.json", version: null, default))!.Bytes);
    }

    [Fact]
    public async Task Lasting_slow_down_is_transient()
    {
        On("PUT", "plan.json", times: int.MaxValue).Answer(503, SlowDown);

        var error = await Assert.ThrowsAsync<TransientException>(() => store.WriteAsync("plan.json", new byte[10], replace: false, default));

        Assert.Contains("'plan.json'", error.Message, StringComparison.Ordinal);
        Assert.Contains("SlowDown", error.Message, StringComparison.Ordinal);
        Assert.Contains(store.Location, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Lasting_cut_is_transient()
    {
        On("PUT", "plan.json", times: int.MaxValue).CutBefore();

        await Assert.ThrowsAsync<TransientException>(() => store.WriteAsync("plan.json", new byte[10], replace: false, default));
    }

    [Fact]
    public async Task Creation_whose_answer_was_lost_counts_as_this_runs()
    {
        var fault = On("PUT", "plan.json").CutAfter();

        Assert.True(await store.WriteAsync("plan.json", new byte[10], replace: false, default));

        Assert.Equal(1, fault.Hits);
        Assert.False(await store.WriteAsync("plan.json", new byte[10], replace: false, default));
    }

    [Fact]
    public async Task Completion_whose_answer_was_lost_counts()
    {
        var fault = On("POST", "chunks/1", "uploadId=").CutAfter();
        await using var writer = await store.CreateAsync("chunks/1", default);
        await writer.WriteAsync(new byte[S3Store.PartBytes + 1], default);

        var staged = await writer.CompleteAsync(default);

        Assert.Equal(1, fault.Hits);
        Assert.Equal(S3Store.PartBytes + 1, staged.Bytes);
        Assert.Equal(staged, await store.FindAsync("chunks/1", version: null, default));
    }

    [Fact]
    public async Task Part_is_sent_again_after_a_cut()
    {
        var before = On("PUT", "chunks/1", "partNumber=1").CutBefore();
        var after = On("PUT", "chunks/1", "partNumber=2").CutAfter();
        await using var writer = await store.CreateAsync("chunks/1", default);
        await writer.WriteAsync(new byte[(2 * S3Store.PartBytes) + 1], default);

        var staged = await writer.CompleteAsync(default);

        Assert.Equal((1, 1), (before.Hits, after.Hits));
        Assert.Equal((2 * S3Store.PartBytes) + 1, staged.Bytes);
    }

    [Fact]
    public async Task Failed_part_ends_its_writer_and_leaves_nothing()
    {
        On("PUT", "chunks/1", "partNumber=2", times: int.MaxValue).Answer(503, SlowDown);
        await using (var writer = await store.CreateAsync("chunks/1", default))
        {
            await writer.WriteAsync(new byte[2 * S3Store.PartBytes], default);

            await Assert.ThrowsAsync<TransientException>(() => writer.WriteAsync(new byte[1], default));
            await Assert.ThrowsAsync<InvalidOperationException>(() => writer.WriteAsync(new byte[1], default));
            await Assert.ThrowsAsync<InvalidOperationException>(() => writer.CompleteAsync(default));
        }

        Assert.Null(await store.FindAsync("chunks/1", version: null, default));
        Assert.Empty(await s3.UploadsAsync(options.Bucket));
    }

    [Theory]
    [InlineData("POST", "uploads")]
    [InlineData("PUT", "partNumber=1")]
    public async Task Write_that_is_cancelled_under_way_leaves_nothing(string method, string query)
    {
        var gate = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var fault = On(method, "chunks/1", query).PassAfter(() => gate.Task);
        using var cancellation = new CancellationTokenSource();
        await using (var writer = await store.CreateAsync("chunks/1", default))
        {
            var write = writer.WriteAsync(new byte[S3Store.PartBytes + 1], cancellation.Token);
            while (fault.Hits == 0)
                await Task.Yield();
            await cancellation.CancelAsync();
            // The start of an upload is waited for, as nothing could abort one whose id never came.
            if (method == "POST")
                gate.SetResult();

            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => write);
            await Assert.ThrowsAsync<InvalidOperationException>(() => writer.CompleteAsync(default));
        }

        Assert.Equal(1, fault.Hits);
        Assert.Empty(await s3.UploadsAsync(options.Bucket));
    }

    [Fact]
    public async Task Failing_abort_does_not_hide_the_first_error_and_the_next_run_cleans_up()
    {
        On("DELETE", "chunks/1", times: int.MaxValue).Answer(503, SlowDown);
        await using (var writer = await store.CreateAsync("chunks/1", default))
            await writer.WriteAsync(new byte[S3Store.PartBytes + 1], default);
        Assert.Single(await s3.UploadsAsync(options.Bucket));

        using var next = await S3Store.OpenForRunAsync(options with { Endpoint = s3.Server.Url }, default);

        Assert.Empty(await s3.UploadsAsync(options.Bucket));
    }

    [Fact]
    public async Task Body_that_is_cut_is_streamed_so_far_and_then_transient()
    {
        await store.WriteAsync("chunks/1", new byte[3_000_000], replace: false, default);
        On("GET", "chunks/1", times: int.MaxValue).Truncate(1_000_000);

        await using var stream = await store.ReadAsync("chunks/1", version: null, from: 0, default);
        var begin = new byte[100_000];
        await stream.ReadExactlyAsync(begin);
        var error = await Assert.ThrowsAsync<TransientException>(() => stream.CopyToAsync(Stream.Null));

        Assert.Contains("'chunks/1'", error.Message, StringComparison.Ordinal);
    }

    private FaultRule On(string method, string key, string? query = null, int times = 1) =>
        proxy.On(method, $"/{options.Bucket}/{options.Prefix}/{key}", query, times: times);
}
