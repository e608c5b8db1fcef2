using Influx;
using TestServers;

namespace Migration.Tests;

/// <summary>Two live servers compared, on real ones: equal, and tampered with at the destination in every way.</summary>
public sealed class ComparisonTests(TwoServers servers) : IClassFixture<TwoServers>
{
    private const long First = 1_750_000_000_000_000_000;

    [Theory]
    [InlineData(VerifyMode.Content)]
    [InlineData(VerifyMode.Counts)]
    public async Task Servers_with_the_same_content_are_equal(VerifyMode mode)
    {
        await using var destination = await MigratedAsync();

        var report = await CompareAsync(destination, mode);

        Assert.False(report.Different);
        Assert.Equal(["cpu", "edge", "mix", "same", "w x"], report.Measurements.Select(measurement => measurement.Measurement));
        Assert.All(report.Measurements, measurement => Assert.Empty(measurement.Differences));
        Assert.Equal(6_014, report.Measurements.Sum(measurement => measurement.SourceFieldValues));
        Assert.Equal(6_014, report.Measurements.Sum(measurement => measurement.DestinationFieldValues));
    }

    [Theory]
    [InlineData(VerifyMode.Content)]
    [InlineData(VerifyMode.Counts)]
    public async Task A_removed_point_is_missing_in_its_window_alone(VerifyMode mode)
    {
        await using var destination = await MigratedAsync();
        await Pipeline.QueryAsync(destination.Url, $"DELETE FROM cpu WHERE time = {First}");

        var report = await CompareAsync(destination, mode);

        AssertDifference(report, "cpu", First, missing: 3, extra: 0, changed: 0);
    }

    [Fact]
    public async Task A_changed_value_is_named_as_changed()
    {
        await using var destination = await MigratedAsync();
        await Pipeline.WriteAsync(destination.Url, $"cpu,host=h0 a=-1 {First}");

        AssertDifference(await CompareAsync(destination), "cpu", First, missing: 0, extra: 0, changed: 1);
    }

    [Fact]
    public async Task A_point_moved_by_1_ns_is_missing_and_extra()
    {
        await using var destination = await MigratedAsync();
        await Pipeline.QueryAsync(destination.Url, $"DELETE FROM cpu WHERE time = {First}");
        await Pipeline.WriteAsync(destination.Url, $"cpu,host=h0 a=0,n=0i,on=true {First + 1}");

        AssertDifference(await CompareAsync(destination), "cpu", First, missing: 3, extra: 3, changed: 0);
    }

    [Theory]
    [InlineData(VerifyMode.Content)]
    [InlineData(VerifyMode.Counts)]
    public async Task An_added_point_is_extra_and_a_difference_unless_the_destination_may_hold_more(VerifyMode mode)
    {
        await using var destination = await MigratedAsync();
        await Pipeline.WriteAsync(destination.Url, $"cpu,host=h0 a=1 {First + 1}");

        var strict = await CompareAsync(destination, mode);
        var lenient = await CompareAsync(destination, mode, request => request with { Existing = ExistingBucket.Reuse });

        AssertDifference(strict, "cpu", First, missing: 0, extra: 1, changed: 0);
        Assert.False(lenient.Different);
        Assert.Equal(1, lenient.Measurements.Sum(measurement => measurement.Differences.Sum(difference => difference.Extra)));
    }

    [Theory]
    [InlineData(VerifyMode.Content)]
    [InlineData(VerifyMode.Counts)]
    public async Task Points_in_a_window_that_the_source_does_not_have_are_found(VerifyMode mode)
    {
        const long later = 1_800_000_000_000_000_000;
        await using var destination = await MigratedAsync();
        await Pipeline.WriteAsync(destination.Url, $"cpu,host=h0 a=1 {later}\nother v=1 {later}");

        var report = await CompareAsync(destination, mode);

        Assert.True(report.Different);
        Assert.Equal(["cpu", "other"], Differences(report).Select(difference => difference.Measurement));
        Assert.All(Differences(report), difference => Assert.Equal((0L, 1L), (difference.Missing, difference.Extra)));
    }

    [Theory]
    [InlineData(VerifyMode.Content)]
    [InlineData(VerifyMode.Counts)]
    public async Task A_measurement_that_the_destination_lacks_is_missing_whole(VerifyMode mode)
    {
        await using var destination = await MigratedAsync();
        await Pipeline.QueryAsync(destination.Url, "DROP MEASUREMENT mix");

        var report = await CompareAsync(destination, mode);

        Assert.All(Differences(report), difference => Assert.Equal(("mix", 1L), (difference.Measurement, difference.Missing)));
        Assert.Equal(4, Differences(report).Count());
        Assert.Equal(0, report.Measurements.Single(measurement => measurement.Measurement == "mix").DestinationFieldValues);
    }

    [Theory]
    [InlineData(VerifyMode.Content)]
    [InlineData(VerifyMode.Counts)]
    public async Task Only_points_with_the_tags_of_the_request_are_compared(VerifyMode mode)
    {
        await using var destination = await MigratedAsync();
        await Pipeline.QueryAsync(destination.Url, $"DELETE FROM cpu WHERE time = {First}");

        var others = await CompareAsync(destination, mode, request => request with { Tags = new Dictionary<string, string> { ["host"] = "h1" } });
        var own = await CompareAsync(destination, mode, request => request with { Tags = new Dictionary<string, string> { ["host"] = "h0" } });

        Assert.False(others.Different);
        Assert.Equal(286 * 3, others.Measurements.Sum(measurement => measurement.SourceFieldValues));
        AssertDifference(own, "cpu", First, missing: 3, extra: 0, changed: 0);
    }

    [Fact]
    public async Task Counts_tell_a_text_from_a_number_but_not_a_number_from_another()
    {
        await using var destination = await MigratedAsync();
        await Pipeline.WriteAsync(destination.Url, $"cpu,host=h0 a=-1 {First}");
        await Pipeline.QueryAsync(destination.Url, "DROP MEASUREMENT mix");
        await Pipeline.WriteAsync(destination.Url, "mix v=1i 0\nmix v=1.5 1000000000000000000\nmix v=5 1100000000000000000\nmix v=true 1200000000000000000");

        AssertDifference(await CompareAsync(destination, VerifyMode.Counts), "mix", 1_100_000_000_000_000_000, missing: 1, extra: 1, changed: 0);
    }

    [Fact]
    public async Task Counts_are_made_by_the_servers_and_no_point_leaves_them()
    {
        await using var source = await InfluxdProcess.StartAsync();
        await Pipeline.QueryAsync(source.Url, "CREATE DATABASE d");
        await Pipeline.WriteAsync(source.Url, string.Concat(Enumerable.Range(0, 5_000).Select(i => $"cpu v={i}i {First + i}\n")));
        using var pipeline = new Pipeline(source.Url, source.Url);

        pipeline.Request = pipeline.Request with { Verify = VerifyMode.Counts, ChunkFieldValues = 1_000_000 };
        var before = await BytesSentAsync(source.Url);
        var counted = await pipeline.CompareAsync();
        var byCounts = await BytesSentAsync(source.Url) - before;
        pipeline.Request = pipeline.Request with { Verify = VerifyMode.Content };
        before = await BytesSentAsync(source.Url);
        var read = await pipeline.CompareAsync();
        var byContent = await BytesSentAsync(source.Url) - before;

        Assert.All([counted, read], report => Assert.Equal((false, 5_000L), (report.Different, report.Measurements.Single().DestinationFieldValues)));
        Assert.InRange(byCounts, 1, 10_000);
        Assert.InRange(byContent, 2 * 5_000 * 10, long.MaxValue);
    }

    [Fact]
    public async Task A_bucket_that_the_destination_lacks_is_refused_by_name()
    {
        await using var destination = await InfluxdProcess.StartAsync();

        var refused = await Assert.ThrowsAsync<RejectedException>(() => CompareAsync(destination));

        Assert.Equal(RejectionKind.NotFound, refused.Kind);
        Assert.Contains("the destination shows no bucket 'd'", refused.Message, StringComparison.Ordinal);
    }

    private static async Task<long> BytesSentAsync(Uri server)
    {
        using var client = new HttpClient();
        using var answer = System.Text.Json.JsonDocument.Parse(
            await client.GetStringAsync(new Uri(server, "/query?q=" + Uri.EscapeDataString("SHOW STATS FOR 'httpd'"))));
        var series = answer.RootElement.GetProperty("results")[0].GetProperty("series")[0];
        var column = series.GetProperty("columns").EnumerateArray().Select(name => name.GetString()).ToList().IndexOf("queryRespBytes");
        return series.GetProperty("values")[0][column].GetInt64();
    }

    private async Task<InfluxdProcess> MigratedAsync()
    {
        var destination = await InfluxdProcess.StartAsync();
        using var pipeline = new Pipeline(servers.Source.Url, destination.Url);
        pipeline.Request = pipeline.Request with { Verify = VerifyMode.None };
        await pipeline.RunAsync();
        return destination;
    }

    private async Task<ComparisonReport> CompareAsync(
        InfluxdProcess destination, VerifyMode mode = VerifyMode.Content, Func<MigrationRequest, MigrationRequest>? change = null)
    {
        using var pipeline = new Pipeline(servers.Source.Url, destination.Url);
        pipeline.Request = (change ?? (request => request))(pipeline.Request with { Verify = mode });
        return await pipeline.CompareAsync();
    }

    private static IEnumerable<WindowDifference> Differences(ComparisonReport report) =>
        report.Measurements.SelectMany(measurement => measurement.Differences);

    private static void AssertDifference(ComparisonReport report, string measurement, long time, long missing, long extra, long changed)
    {
        Assert.True(report.Different);
        var difference = Assert.Single(Differences(report));
        Assert.Equal((measurement, missing, extra, changed), (difference.Measurement, difference.Missing, difference.Extra, difference.Changed));
        Assert.True(new TimeRange(difference.Start, difference.Stop).Contains(time));
        Assert.True(difference.Stop - difference.Start <= 86_400_000_000_000);
    }
}
