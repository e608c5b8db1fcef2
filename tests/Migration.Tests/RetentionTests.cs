using Influx;
using TestServers;

namespace Migration.Tests;

public sealed class RetentionTests(TwoServers servers) : IClassFixture<TwoServers>
{
    private const string ShortRetention = "CREATE DATABASE d WITH DURATION 48h SHARD DURATION 1d NAME \"rp\"";

    [Fact]
    public async Task Points_beyond_the_destinations_retention_are_counted_as_expired_and_no_loss()
    {
        await using var destination = await InfluxdProcess.StartAsync();
        await Pipeline.QueryAsync(destination.Url, ShortRetention);
        using var pipeline = new Pipeline(servers.Source.Url, destination.Url);
        pipeline.Request = pipeline.Request with { Existing = ExistingBucket.Reuse };

        var report = await pipeline.RunAsync();

        Assert.Equal(Verdict.Verified, report.Verdict);
        Assert.Equal("Complete: of 2,008 points that were exported 2,007 are older than the destination's retention and expired there; the other one was read back from the destination and is the same.", report.Sentence);
        // All but the one point at the end of time.
        Assert.Equal(report.Points - 1, report.ExpiredPoints);
        Assert.Empty(report.LeftOut);
    }

    [Fact]
    public async Task A_widened_retention_takes_all_points_and_is_put_back()
    {
        await using var destination = await InfluxdProcess.StartAsync();
        await Pipeline.QueryAsync(destination.Url, ShortRetention);
        using var pipeline = new Pipeline(servers.Source.Url, destination.Url);
        pipeline.Request = pipeline.Request with { Existing = ExistingBucket.Reuse, Retention = RetentionMode.Widen };

        var report = await pipeline.RunAsync();

        Assert.Equal((Verdict.Verified, 0L), (report.Verdict, report.ExpiredPoints));
        await AssertRetentionAsync(destination.Url);
    }

    [Fact]
    public async Task A_widened_retention_is_put_back_when_the_load_fails()
    {
        await using var destination = await InfluxdProcess.StartAsync();
        await Pipeline.QueryAsync(destination.Url, ShortRetention);
        await using var proxy = await FaultProxy.StartAsync(destination.Url);
        proxy.On("POST", "/write", skip: 1, times: 1_000).Answer(403, """{"error":"no"}""");
        using var pipeline = new Pipeline(servers.Source.Url, proxy.Url);
        pipeline.Request = pipeline.Request with { Existing = ExistingBucket.Reuse, Retention = RetentionMode.Widen };

        await Assert.ThrowsAsync<RejectedException>(() => pipeline.RunAsync());

        await AssertRetentionAsync(destination.Url);
    }

    private static async Task AssertRetentionAsync(Uri url)
    {
        using var client = await ServerDetector.ConnectAsync(new ServerOptions { Url = url }, TimeProvider.System, CancellationToken.None);
        var bucket = await client.FindBucketAsync(org: null, "d", CancellationToken.None);

        Assert.Equal((TimeSpan.FromHours(48), TimeSpan.FromDays(1)), (bucket!.Retention, bucket.ShardGroupDuration));
    }
}
