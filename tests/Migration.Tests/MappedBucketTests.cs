using Influx;
using TestServers;

namespace Migration.Tests;

/// <summary>Buckets named <c>db/rp</c>, which InfluxQL of 2.x knows by a mapping that is no default.</summary>
public sealed class MappedBucketTests(TwoInflux2Servers servers) : IClassFixture<TwoInflux2Servers>
{
    [Theory]
    [InlineData(VerifyMode.Content)]
    [InlineData(VerifyMode.Counts)]
    public async Task A_bucket_of_database_and_policy_is_moved_verified_and_compared(VerifyMode mode)
    {
        var name = $"tele{mode}/week";
        await servers.Source.AddBucketAsync("org1", name);
        await servers.Source.WriteAsync("org1", name, "m,host=a v=1i,w=2 1750000000000000000\nm v=2i 1750600000000000000\nn,x=1 x=1 7");
        using var pipeline = servers.Pipeline(name);
        pipeline.Request = pipeline.Request with { Verify = mode };

        var report = await pipeline.RunAsync();
        var comparison = await pipeline.CompareAsync();

        Assert.Equal((Verdict.Verified, 3L), (report.Verdict, report.Points));
        Assert.Contains(report.Remarks, remark => remark.Text == "'x' is a tag and a field");
        Assert.False(comparison.Different);
        Assert.Equal((4, 4), (comparison.Measurements.Sum(one => one.SourceFieldValues), comparison.Measurements.Sum(one => one.DestinationFieldValues)));
    }

    [Fact]
    public async Task Nothing_is_asked_through_the_mapping_of_another_bucket()
    {
        await servers.Source.AddBucketAsync("org1", "plant");
        await servers.Source.AddBucketAsync("org1", "plant/year");
        await servers.Source.WriteAsync("org1", "plant", "m,v=tag f=1 7");
        await servers.Source.WriteAsync("org1", "plant/year", "m,host=a v=1i 7");
        using var pipeline = servers.Pipeline("plant/year");

        var report = await pipeline.RunAsync();

        Assert.Equal((Verdict.Verified, 1L), (report.Verdict, report.Points));
        // The tag v is the other bucket's.
        Assert.Empty(report.Remarks);
    }

    [Fact]
    public async Task A_tag_that_only_later_series_have_is_seen()
    {
        await using var source = await InfluxdProcess.StartAsync();
        await Pipeline.QueryAsync(source.Url, "CREATE DATABASE d WITH DURATION 0s SHARD DURATION 1d NAME \"rp\"");
        await Pipeline.WriteAsync(source.Url, "m,host=a f=1,g=1 1750000000000000000\nm,g=x f=1 1750600000000000000");
        using var pipeline = new Pipeline(source.Url, source.Url);
        pipeline.Request = pipeline.Request with { Existing = ExistingBucket.Reuse };

        var plan = await pipeline.PlanAsync();

        Assert.Equal("'g' is a tag and a field", Assert.Single(plan.Remarks).Text);
    }

    [Fact]
    public async Task Every_database_and_policy_goes_from_1x_to_2x_and_back()
    {
        await using var source = await InfluxdProcess.StartAsync();
        await using var middle = await Influx2Server.StartAsync(new Influx2Options { Bucket = "made-by-setup" });
        await using var back = await InfluxdProcess.StartAsync();
        await Pipeline.QueryAsync(source.Url, "CREATE DATABASE d WITH DURATION 0s SHARD DURATION 1d NAME \"autogen\"");
        await Pipeline.QueryAsync(source.Url, "CREATE RETENTION POLICY \"year\" ON \"d\" DURATION 0s REPLICATION 1 SHARD DURATION 7d");
        await Pipeline.QueryAsync(source.Url, "CREATE DATABASE e WITH DURATION 0s SHARD DURATION 1d NAME \"own\"");
        await Pipeline.WriteAsync(source.Url, "m,host=a v=1i 7\nm,host=b v=2i 8");
        await Pipeline.WriteAsync(source.Url, "m,host=a v=3i 7", "d&rp=year");
        await Pipeline.WriteAsync(source.Url, "m,host=a v=4i 7", "e");
        using var there = new Pipeline(source.Url, middle.Url) { DestinationToken = new Secret(middle.OperatorToken) };
        there.Request = Full(there.Request) with { Destination = there.Request.Destination with { Org = "org1" } };
        using var again = new Pipeline(middle.Url, back.Url) { SourceToken = new Secret(middle.OperatorToken) };
        again.Request = Full(again.Request);

        var reports = new[] { await there.RunAsync(), await again.RunAsync() };

        Assert.All(reports, report => Assert.Equal((Verdict.Verified, 4L), (report.Verdict, report.Points)));
        Assert.Contains("[[7,1],[8,2]]", await TextAsync(back.Url, "SELECT v FROM d..m"), StringComparison.Ordinal);
        Assert.Contains("[[7,3]]", await TextAsync(back.Url, "SELECT v FROM d.year.m"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Two_names_that_are_one_to_InfluxQL_are_told_before_anything_is_made()
    {
        await using var source = await InfluxdProcess.StartAsync();
        await using var destination = await Influx2Server.StartAsync(new Influx2Options { Bucket = "made-by-setup" });
        await Pipeline.QueryAsync(source.Url, "CREATE DATABASE e WITH DURATION 0s SHARD DURATION 1d NAME \"own\"");
        await Pipeline.QueryAsync(source.Url, "CREATE RETENTION POLICY \"autogen\" ON \"e\" DURATION 0s REPLICATION 1");
        await Pipeline.WriteAsync(source.Url, "m,host=a v=4i 7", "e");
        await Pipeline.WriteAsync(source.Url, "m,host=a v=5i 7", "e&rp=autogen");
        using var pipeline = new Pipeline(source.Url, destination.Url) { DestinationToken = new Secret(destination.OperatorToken) };
        pipeline.Request = Full(pipeline.Request) with { Destination = pipeline.Request.Destination with { Org = "org1" } };

        var refused = await Assert.ThrowsAsync<RejectedException>(() => pipeline.RunAsync());
        pipeline.Request = pipeline.Request with { BucketMap = new Dictionary<string, string> { ["e/autogen"] = "e/auto" } };
        var report = await pipeline.RunAsync();

        Assert.Contains("'e/autogen' and 'e'", refused.Message, StringComparison.Ordinal);
        Assert.Equal((Verdict.Verified, 2L), (report.Verdict, report.Points));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task One_bucket_that_can_not_be_read_is_told_and_never_stops_the_others(bool named)
    {
        await using var source = await Influx2Server.StartAsync();
        await using var destination = await Influx2Server.StartAsync(new Influx2Options { Bucket = "made-by-setup" });
        await source.AddBucketAsync("org1", "shadow");
        await source.WriteAsync("org1", "bucket1", "m v=1i 7");
        await source.WriteAsync("org1", "shadow", "m v=2i 7");
        source.AddMapping(source.BucketOf("org1", "bucket1"), "shadow", "autogen");
        using var pipeline = new Pipeline(source.Url, destination.Url) { SourceToken = new Secret(source.OperatorToken), DestinationToken = new Secret(destination.OperatorToken) };
        pipeline.Request = Full(pipeline.Request) with { Measurements = named ? ["m"] : [] };

        var report = await pipeline.RunAsync();
        var comparison = await pipeline.CompareAsync();

        Assert.Equal((Verdict.Incomplete, 1L), (report.Verdict, report.Points));
        Assert.Contains("1 bucket that the source does not show", report.Sentence, StringComparison.Ordinal);
        var remark = Assert.Single(report.Remarks, remark => remark.Hidden == HiddenPart.Bucket);
        Assert.Equal("shadow", remark.Bucket);
        Assert.Contains("another bucket's mapping shadows its name", remark.Text, StringComparison.Ordinal);
        Assert.Equal(remark, Assert.Single(comparison.SourceRemarks));
        Assert.Equal(1, comparison.Measurements.Sum(measurement => measurement.DestinationFieldValues));
    }

    [Fact]
    public async Task A_source_of_which_no_bucket_can_be_read_is_refused()
    {
        await using var source = await Influx2Server.StartAsync(new Influx2Options { Version = "v2.4.0" });
        await using var destination = await Influx2Server.StartAsync(new Influx2Options { Bucket = "made-by-setup" });
        using var pipeline = new Pipeline(source.Url, destination.Url) { SourceToken = new Secret(source.OperatorToken), DestinationToken = new Secret(destination.OperatorToken) };
        pipeline.Request = Full(pipeline.Request);

        var refused = await Assert.ThrowsAsync<RejectedException>(() => pipeline.RunAsync());

        Assert.Contains("POST /api/v2/dbrps", refused.Message, StringComparison.Ordinal);
        Assert.Empty(destination.Changes());
    }

    private static MigrationRequest Full(MigrationRequest request) =>
        request with { Full = true, AllowBroadToken = true, Source = request.Source with { Bucket = null } };

    private static async Task<string> TextAsync(Uri server, string query)
    {
        using var client = new HttpClient();
        return await client.GetStringAsync(new Uri(server, $"/query?epoch=ns&q={Uri.EscapeDataString(query)}"));
    }
}
