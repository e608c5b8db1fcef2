using System.Text;
using TestServers;

namespace Migration.Tests;

[Collection(S3Tests.Name)]
public sealed class S3MigrationTests(S3Fixture s3, TwoServers servers) : IClassFixture<TwoServers>
{
    [Fact]
    public async Task A_migration_through_a_staging_bucket_is_verified_and_its_second_run_skips_everything()
    {
        var options = await s3.NewBucketAsync(versioned: true) with { Prefix = "run-1" };
        await using var destination = await InfluxdProcess.StartAsync();
        using var pipeline = new Pipeline(servers.Source.Url, destination.Url);
        using var store = await S3Store.OpenForRunAsync(options, CancellationToken.None);

        var first = await pipeline.RunAsync(store);
        var second = await pipeline.RunAsync(store);

        Assert.Equal((Verdict.Verified, Verdict.Verified), (first.Verdict, second.Verdict));
        Assert.Equal($"s3://{options.Bucket}/run-1", first.Staging);
        Assert.Equal(pipeline.Progress.Import.TotalChunks, pipeline.Progress.Import.SkippedChunks);
    }

    [Fact]
    public async Task An_object_that_is_replaced_after_its_export_is_not_imported_but_the_version_that_was_exported()
    {
        var options = await s3.NewBucketAsync(versioned: true) with { Prefix = "run-2" };
        await using var first = await InfluxdProcess.StartAsync();
        using var pipeline = new Pipeline(servers.Source.Url, first.Url);
        using var store = await S3Store.OpenForRunAsync(options, CancellationToken.None);
        await pipeline.RunAsync(store);
        var chunk = await store.ListAsync(StagingLayout.Chunks, CancellationToken.None).FirstAsync();
        await store.WriteAsync(chunk.Key, Encoding.UTF8.GetBytes("cpu v=1 1\n"), replace: true, CancellationToken.None);
        // Without its receipts the chunk is imported and verified anew, from the pinned version.
        var id = Path.GetFileName(chunk.Key).Replace(".lp.gz", "", StringComparison.Ordinal);
        foreach (var key in (string[])[StagingLayout.ImportReceipt(id), StagingLayout.VerifyReceipt(id)])
            await s3.Owner.DeleteObjectAsync(options.Bucket, $"run-2/{key}");

        var report = await pipeline.RunAsync(store);

        Assert.Equal(Verdict.Verified, report.Verdict);
        Assert.Equal(1, pipeline.Progress.Import.DoneChunks);
    }
}
