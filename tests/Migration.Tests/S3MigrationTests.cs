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

    [Fact]
    public async Task An_import_whose_object_is_cut_off_while_it_is_read_goes_on_from_the_member_that_it_stood_at()
    {
        await using var proxy = await FaultProxy.StartAsync(s3.Server.Url);
        var options = await s3.NewBucketAsync(versioned: true) with { Prefix = "run-3", Endpoint = proxy.Url };
        await using var destination = await InfluxdProcess.StartAsync();
        using var pipeline = new Pipeline(servers.Source.Url, destination.Url);
        using var store = await S3Store.OpenForRunAsync(options, CancellationToken.None);
        var cut = proxy.On("GET", $"/{options.Bucket}/run-3/chunks/000-000000.lp.gz").Truncate(20);

        var report = await pipeline.RunAsync(store);

        Assert.Equal(Verdict.Verified, report.Verdict);
        Assert.Equal(1, cut.Hits);
        Assert.Equal(1, pipeline.Progress.Import.Retries);
    }

    [Fact]
    public async Task The_command_stages_in_the_server_that_the_environment_names_and_refuses_a_bucket_of_another_account()
    {
        var bucket = (await s3.NewBucketAsync()).Bucket;
        var strange = (await s3.NewOpenBucketOfAStrangerAsync()).Bucket;
        await using var destination = await InfluxdProcess.StartAsync();
        using var command = new CommandRun();
        foreach (var (name, value) in new[]
        {
            ("AWS_ENDPOINT_URL_S3", s3.Server.Url.AbsoluteUri), ("AWS_ACCESS_KEY_ID", S3Server.Owner.AccessKey), ("AWS_SECRET_ACCESS_KEY", S3Server.Owner.Secret),
            ("AWS_REGION", "us-east-1"), ("AWS_EC2_METADATA_DISABLED", "true"),
        })
            command.Variables[name] = value;
        string[] what = ["migrate", "--src-host", servers.Source.Url.GetLeftPart(UriPartial.Authority), "--dest-host", destination.Url.GetLeftPart(UriPartial.Authority), "--src-bucket", "d", "--dir-name", "a/run", "--allow-unhardened-s3-bucket"];

        var refused = await command.RunAsync([.. what, "--s3-bucket", strange]);
        var moved = await command.RunAsync([.. what, "--s3-bucket", bucket]);
        var again = await command.RunAsync([.. what, "--s3-bucket", bucket, "--retry-restore-dir", "a/run"]);

        Assert.Equal((3, 0, 0), (refused.ExitCode, moved.ExitCode, again.ExitCode));
        Assert.Contains("does not belong to the account", refused.Output, StringComparison.Ordinal);
        Assert.Contains($"report: s3://{bucket}/a/run/report.html", moved.Output, StringComparison.Ordinal);
        Assert.Contains("skipped what an earlier run had finished", again.Output, StringComparison.Ordinal);
        var page = await s3.Owner.ListObjectsV2Async(new() { BucketName = bucket, Prefix = "a/run/" });
        Assert.Contains(page.S3Objects, found => found.Key == "a/run/manifest.json");
        Assert.Contains(page.S3Objects, found => found.Key == "a/run/report.json");
    }
}
