using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Time.Testing;
using TestServers;

namespace Migration.Tests;

/// <summary>The check between export and import over a staging bucket: what it reads, and how it goes on after a deadline.</summary>
[Collection(S3Tests.Name)]
public sealed class StagerTests(S3Fixture s3, TwoServers servers) : IClassFixture<TwoServers>
{
    private const string PartialKey = "items/e/stage.partial.json";

    private readonly FakeTimeProvider time = new();

    [Fact]
    public async Task Objects_whose_version_and_checksum_are_pinned_are_not_read()
    {
        await using var staged = await StagedAsync(versioned: true);
        var reads = staged.Proxy.On(IsChunk("GET"), times: int.MaxValue);
        var looks = staged.Proxy.On(IsChunk("HEAD"), times: int.MaxValue);

        var manifest = await Stager(staged).StageAsync(CancellationToken.None);

        Assert.Equal((0, manifest.Chunks.Count), (reads.Hits, looks.Hits));
        Assert.All(manifest.Chunks, segment => Assert.NotNull(segment.Version));
    }

    [Fact]
    public async Task A_pinned_version_that_is_gone_is_named()
    {
        await using var staged = await StagedAsync(versioned: true);
        var (key, version) = await staged.FirstAsync();
        await s3.Owner.DeleteObjectAsync(staged.Options.Bucket, $"{staged.Options.Prefix}/{key}", version);

        var error = await Assert.ThrowsAsync<StagingException>(() => Stager(staged).StageAsync(CancellationToken.None));

        Assert.Contains($"'{key}'", error.Message, StringComparison.Ordinal);
        Assert.Contains("is missing", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("checksum", "\"AAAAAA==\"", true)]
    [InlineData("checksum", null, true)]
    [InlineData("sha256", "\"00\"", false)]
    public async Task An_object_that_is_not_pinned_as_its_receipt_says_is_read_and_told_by_its_hash(string property, string? value, bool vouched)
    {
        await using var staged = await StagedAsync(versioned: true);
        var (key, _) = await staged.FirstAsync();
        await staged.ChangeReceiptAsync(key, "checksum", null);
        await staged.ChangeReceiptAsync(key, property, value);
        var reads = staged.Proxy.On(IsChunk("GET"), times: int.MaxValue);

        var error = await Record.ExceptionAsync(() => Stager(staged).StageAsync(CancellationToken.None));

        Assert.Equal(1, reads.Hits);
        // Its hash vouches for an object whose checksum S3 tells in other words.
        Assert.Equal(!vouched, error is StagingException wrong && wrong.Message.Contains($"'{key}'", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_changed_object_is_named_where_the_store_keeps_no_versions()
    {
        await using var staged = await StagedAsync(versioned: false);
        var (key, version) = await staged.FirstAsync();
        await staged.Store.WriteAsync(key, new byte[100], replace: true, CancellationToken.None);

        var error = await Assert.ThrowsAsync<StagingException>(() => Stager(staged).StageAsync(CancellationToken.None));

        Assert.Null(version);
        Assert.Contains($"'{key}'", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_check_that_a_deadline_cuts_short_goes_on_in_the_next_call_and_seals_the_same()
    {
        // More chunks than are checked at a time.
        await using var staged = await StagedAsync(versioned: true, chunkFieldValues: 100);
        var whole = await Stager(staged).StageAsync(CancellationToken.None);
        await s3.Owner.DeleteObjectAsync(staged.Options.Bucket, $"{staged.Options.Prefix}/{StagingLayout.Manifest}");
        var receipts = staged.Proxy.On(IsReceipt, times: int.MaxValue).PassAfter(Late);

        var (calls, manifest) = (0, (SealedManifest?)null);
        for (; manifest is null; calls++)
            manifest = await Stager(staged).StageAsync(new Continuation(PartialKey, time.GetUtcNow() + TimeSpan.FromSeconds(15), "this run"), CancellationToken.None);

        Assert.Equal(whole.Chunks, manifest.Chunks);
        Assert.True(calls > 1, "one call was enough");
        // Nothing twice.
        Assert.Equal(manifest.Chunks.Count, receipts.Hits);
    }

    [Fact]
    public async Task A_check_goes_on_with_nothing_that_a_run_of_the_same_name_left()
    {
        await using var staged = await StagedAsync(versioned: true, chunkFieldValues: 100);
        var receipts = staged.Proxy.On(IsReceipt, times: int.MaxValue).PassAfter(Late);
        Assert.Null(await Stager(staged).StageAsync(new Continuation(PartialKey, time.GetUtcNow() + TimeSpan.FromSeconds(15), "an earlier run"), CancellationToken.None));
        var earlier = receipts.Hits;

        var manifest = await Stager(staged).StageAsync(new Continuation(PartialKey, DateTimeOffset.MaxValue, "this run"), CancellationToken.None);

        Assert.True(earlier > 0);
        Assert.Equal(manifest!.Chunks.Count, receipts.Hits - earlier);
        Assert.Null(manifest.Run);
    }

    [Fact]
    public async Task Two_calls_at_the_same_time_seal_the_same_manifest()
    {
        await using var staged = await StagedAsync(versioned: true);

        var both = await Task.WhenAll(Stager(staged).StageAsync(CancellationToken.None), Stager(staged).StageAsync(CancellationToken.None));

        Assert.Equal(both[0].Chunks, both[1].Chunks);
        Assert.Equal(both[0].Sealed, both[1].Sealed);
    }

    private Task Late()
    {
        time.Advance(TimeSpan.FromSeconds(10));
        return Task.CompletedTask;
    }

    private Stager Stager(StagedRun staged) => new(staged.Store, staged.Plan, time, new MigrationProgress().Stage);

    private static Func<HttpRequest, bool> IsChunk(string method) => request => request.Method == method && request.Path.Value!.Contains("/chunks/", StringComparison.Ordinal);

    private static bool IsReceipt(HttpRequest request) => request.Method == "GET" && request.Path.Value!.Contains("/receipts/export/", StringComparison.Ordinal);

    private async Task<StagedRun> StagedAsync(bool versioned, int chunkFieldValues = 1_000)
    {
        var proxy = await FaultProxy.StartAsync(s3.Server.Url);
        var options = await s3.NewBucketAsync(versioned) with { Endpoint = proxy.Url };
        await using var destination = await InfluxdProcess.StartAsync();
        using var pipeline = new Pipeline(servers.Source.Url, destination.Url);
        pipeline.Request = pipeline.Request with { ChunkFieldValues = chunkFieldValues };
        var store = await S3Store.OpenForRunAsync(options, CancellationToken.None);
        await pipeline.RunAsync(store);
        await s3.Owner.DeleteObjectAsync(options.Bucket, $"{options.Prefix}/{StagingLayout.Manifest}");
        return new StagedRun(proxy, options, store, (await StoredPlan.FindAsync(store, asked => asked, CancellationToken.None))!);
    }

    private sealed record StagedRun(FaultProxy Proxy, S3StoreOptions Options, S3Store Store, MigrationPlan Plan) : IAsyncDisposable
    {
        public async Task<(string Key, string? Version)> FirstAsync()
        {
            var receipt = await ReceiptAsync(Plan.Chunks[0].Id);
            return (receipt.Key, receipt.Version);
        }

        public async Task ChangeReceiptAsync(string objectKey, string property, string? value)
        {
            var receipt = await ReceiptAsync(Path.GetFileName(objectKey).Replace(".lp.gz", "", StringComparison.Ordinal));
            var json = System.Text.Json.JsonSerializer.SerializeToNode(receipt, MigrationJson.Default.ExportReceipt)!;
            json[property] = value is null ? null : System.Text.Json.Nodes.JsonNode.Parse(value);
            var key = StagingLayout.ExportReceipt(receipt.Chunk);
            await Store.WriteAsync(key, SealedJson.Write(key, json.AsObject()), replace: true, CancellationToken.None);
        }

        public async ValueTask DisposeAsync()
        {
            Store.Dispose();
            await Proxy.DisposeAsync();
        }

        private async Task<ExportReceipt> ReceiptAsync(string chunk) =>
            (await Store.ReadJsonAsync(StagingLayout.ExportReceipt(chunk), MigrationJson.Default.ExportReceipt, CancellationToken.None))!;
    }
}
