using System.Globalization;
using TestServers;

namespace Migration.Tests;

/// <summary>Which points of a real server are taken along.</summary>
public sealed class FilterTests(TwoServers servers) : IClassFixture<TwoServers>
{
    private const long At = 1_750_000_000_000_000_000;

    [Fact]
    public async Task Measurements_are_chosen_by_globs_and_case_counts()
    {
        await using var destination = await InfluxdProcess.StartAsync();
        using var pipeline = new Pipeline(servers.Source.Url, destination.Url);
        pipeline.Request = pipeline.Request with { Measurements = ["?ix", "w*", "CPU*"] };

        var report = await pipeline.RunAsync();

        Assert.Equal((Verdict.Verified, 5L), (report.Verdict, report.Points));
        Assert.EndsWith(" Nothing matched --measurement 'CPU*'.", report.Sentence, StringComparison.Ordinal);
        Assert.Equal(["mix", "w x"], report.Measurements.Select(measurement => measurement.Measurement).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Measurements_are_left_out_by_globs_also_of_those_that_are_asked_for()
    {
        await using var destination = await InfluxdProcess.StartAsync();
        using var pipeline = new Pipeline(servers.Source.Url, destination.Url);
        pipeline.Request = pipeline.Request with { Measurements = ["?ix", "w*", "cpu"], ExcludeMeasurements = ["m*", "nothing"] };

        var report = await pipeline.RunAsync();
        var compared = await pipeline.CompareAsync();

        Assert.Equal(["cpu", "w x"], report.Measurements.Select(measurement => measurement.Measurement).Order(StringComparer.Ordinal));
        Assert.EndsWith(" Nothing matched --exclude-measurement nothing.", report.Sentence, StringComparison.Ordinal);
        Assert.Equal(["cpu", "w x"], compared.Measurements.Select(measurement => measurement.Measurement));
        Assert.Equal(["--exclude-measurement nothing"], compared.Unmatched);
    }

    [Fact]
    public async Task A_name_that_is_not_there_is_told_with_the_nearest_before_anything_is_made()
    {
        await using var destination = await InfluxdProcess.StartAsync();
        using var pipeline = new Pipeline(servers.Source.Url, destination.Url);
        pipeline.Request = pipeline.Request with { Measurements = ["cpus", "mix", "Edge"] };

        var unmatched = await Assert.ThrowsAsync<UnmatchedException>(() => pipeline.RunAsync());
        pipeline.Request = pipeline.Request with { Destination = pipeline.Request.Source };
        var compared = await Assert.ThrowsAsync<UnmatchedException>(pipeline.CompareAsync);

        Assert.Equal(
            "nothing matched --measurement cpus: the nearest that is there is 'cpu', of 5\nnothing matched --measurement Edge: the nearest that is there is 'edge', of 5",
            unmatched.Message);
        Assert.Equal(unmatched.Message, compared.Message);
        using var client = new HttpClient();
        Assert.DoesNotContain("\"d\"", await client.GetStringAsync(new Uri(destination.Url, "/query?q=SHOW+DATABASES")), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("x*", null, null, null, "nothing matched --measurement 'x*'")]
    [InlineData("c*", "host=no one", null, null, "nothing matched --tag 'host=no one'")]
    [InlineData(null, null, "2040-01-01T00:00:00Z", "2040-01-02T00:00:00Z", "nothing matched --start 2040-01-01T00:00:00Z, --stop 2040-01-02T00:00:00Z")]
    public async Task Filters_that_nothing_matches_are_told_in_the_verdicts_sentence(string? glob, string? tag, string? start, string? stop, string told)
    {
        await using var destination = await InfluxdProcess.StartAsync();
        using var pipeline = new Pipeline(servers.Source.Url, destination.Url);
        pipeline.Request = pipeline.Request with
        {
            Measurements = glob is null ? [] : [glob],
            Tags = tag?.Split('=') is [var key, var value] ? new Dictionary<string, string> { [key] = value } : [],
            Start = start,
            Stop = stop,
        };

        var report = await pipeline.RunAsync();

        Assert.Equal((Verdict.Verified, $"Complete, but nothing was moved: {told}."), (report.Verdict, report.Sentence));
    }

    [Fact]
    public async Task An_empty_bucket_is_not_called_moved()
    {
        await using var destination = await InfluxdProcess.StartAsync();
        await Pipeline.QueryAsync(servers.Source.Url, "CREATE DATABASE hollow");
        using var pipeline = new Pipeline(servers.Source.Url, destination.Url);
        pipeline.Request = pipeline.Request with { Source = pipeline.Request.Source with { Bucket = "hollow" } };

        var report = await pipeline.RunAsync();

        Assert.Equal("Complete, but nothing was moved: the source shows no points.", report.Sentence);
    }

    [Theory]
    [InlineData("host", "h3", 286)]
    [InlineData("host", "h", 0)]
    [InlineData("ta,g", "v 1", 1)]
    [InlineData("k=2", "\\x", 1)]
    [InlineData("x", "tag", 1)]
    [InlineData("x", "1.5", 0)]
    public async Task Points_are_chosen_by_a_tag_even_beside_a_field_of_its_name(string key, string value, int points)
    {
        await using var destination = await InfluxdProcess.StartAsync();
        using var pipeline = new Pipeline(servers.Source.Url, destination.Url);
        pipeline.Request = pipeline.Request with { Tags = new Dictionary<string, string> { [key] = value } };

        var report = await pipeline.RunAsync();

        Assert.Equal((Verdict.Verified, (long)points), (report.Verdict, report.Points));
    }

    [Fact]
    public async Task All_of_several_tags_must_fit()
    {
        await using var destination = await InfluxdProcess.StartAsync();
        using var pipeline = new Pipeline(servers.Source.Url, destination.Url);
        pipeline.Request = pipeline.Request with { Tags = new Dictionary<string, string> { ["ta,g"] = "v 1", ["k=2"] = "other" } };

        var report = await pipeline.RunAsync();

        Assert.Equal((Verdict.Verified, 0L), (report.Verdict, report.Points));
    }

    [Theory]
    [InlineData("1750000000000000001", "1750000000000000004", "1,2,3")]
    [InlineData("2025-06-15T15:06:40.000000002Z", "2025-06-15T15:06:40.000000003Z", "2")]
    [InlineData(null, "2025-06-15T15:06:40.000000001Z", "0")]
    [InlineData("1750000000000000004", null, "4,86400000000004")]
    public async Task The_start_is_included_and_the_stop_is_not_to_the_nanosecond(string? start, string? stop, string offsets)
    {
        await using var destination = await InfluxdProcess.StartAsync();
        await Pipeline.QueryAsync(servers.Source.Url, "CREATE DATABASE edges WITH DURATION 0s SHARD DURATION 1d NAME \"rp\"");
        var times = new[] { 0L, 1, 2, 3, 4, 86_400_000_000_004 };
        await Pipeline.WriteAsync(servers.Source.Url, string.Concat(times.Select(offset => $"m v=1i {At + offset}\n")), "edges");
        using var pipeline = new Pipeline(servers.Source.Url, destination.Url);
        pipeline.Request = pipeline.Request with { Source = pipeline.Request.Source with { Bucket = "edges" }, Start = start, Stop = stop };

        var report = await pipeline.RunAsync();

        Assert.Equal(Verdict.Verified, report.Verdict);
        var staged = Directory.EnumerateFiles(Path.Combine(pipeline.Folder, "chunks")).SelectMany(path => Pipeline.Gunzip(path).Split('\n', StringSplitOptions.RemoveEmptyEntries));
        var found = staged.Select(line => long.Parse(line.Split(' ')[^1], CultureInfo.InvariantCulture) - At).Order();
        Assert.Equal(offsets, string.Join(',', found));
    }

    [Theory]
    [InlineData(VerifyMode.Counts, Verdict.Verified)]
    [InlineData(VerifyMode.None, Verdict.Unverified)]
    public async Task The_report_says_how_much_was_proven(VerifyMode mode, Verdict verdict)
    {
        await using var destination = await InfluxdProcess.StartAsync();
        using var pipeline = new Pipeline(servers.Source.Url, destination.Url);
        pipeline.Request = pipeline.Request with { Verify = mode };

        var report = await pipeline.RunAsync();

        Assert.Equal(verdict, report.Verdict);
        Assert.Contains(mode == VerifyMode.None ? "--verify none" : "counted", report.Sentence, StringComparison.Ordinal);
        Assert.Equal(mode == VerifyMode.None ? 0 : report.FieldValues, report.Measurements.Sum(measurement => measurement.DestinationSlices.Sum()));
    }
}
