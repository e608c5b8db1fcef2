using System.Globalization;
using System.Security.Cryptography;
using Influx;
using TestServers;

namespace Migration.Tests;

/// <summary>Destinations that refuse bodies as too large (413).</summary>
public sealed class BodyLimitTests(TwoServers servers) : IClassFixture<TwoServers>
{
    private const long At = 1_750_000_000_000_000_000;

    [Fact]
    public async Task A_destination_that_takes_not_even_a_line_is_told_after_few_requests_with_what_to_change()
    {
        await using var destination = await InfluxdProcess.StartAsync();
        await using var proxy = await FaultProxy.StartAsync(destination.Url);
        var refuses = proxy.On("POST", "/write", times: int.MaxValue).Answer(413, "<html>413 Request Entity Too Large</html>", ("Content-Type", "text/html"));
        using var pipeline = new Pipeline(servers.Source.Url, proxy.Url);

        var refused = await Assert.ThrowsAsync<RejectedException>(() => pipeline.RunAsync());

        Assert.Contains("max-body-size", refused.Message, StringComparison.Ordinal);
        Assert.Contains("client_max_body_size", refused.Message, StringComparison.Ordinal);
        Assert.InRange(refuses.Hits, 1, 60);
        Assert.Empty(Directory.Exists(Path.Combine(pipeline.Folder, "quarantine")) ? Directory.GetFiles(Path.Combine(pipeline.Folder, "quarantine")) : []);
    }

    [Fact]
    public async Task A_limit_of_the_zipped_body_is_found_once_and_kept()
    {
        await using var destination = await InfluxdProcess.StartAsync();
        await using var proxy = await FaultProxy.StartAsync(destination.Url);
        var sent = new List<long>();
        var refuses = proxy.On(
            request =>
            {
                if (request.Path != "/write" || request.ContentLength <= 700)
                    return false;
                lock (sent)
                    sent.Add(request.ContentLength!.Value);
                return true;
            },
            times: int.MaxValue).Answer(413);
        using var pipeline = new Pipeline(servers.Source.Url, proxy.Url);
        pipeline.Request = pipeline.Request with { Concurrency = 1 };

        var report = await pipeline.RunAsync();

        Assert.Equal((Verdict.Verified, 2_008L), (report.Verdict, report.Points));
        Assert.InRange(refuses.Hits, 1, 15);
        Assert.Equal(sent.OrderDescending(), sent);
    }

    [Fact]
    public async Task A_limit_of_the_unzipped_body_of_a_real_1_x_is_found_once_and_kept()
    {
        await using var destination = await InfluxdProcess.StartAsync(
            new InfluxdOptions { Settings = new Dictionary<string, string> { ["INFLUXDB_HTTP_MAX_BODY_SIZE"] = "5000" } });
        await using var proxy = await FaultProxy.StartAsync(destination.Url);
        var writes = proxy.On("POST", "/write", times: int.MaxValue);
        using var pipeline = new Pipeline(servers.Source.Url, proxy.Url);

        var report = await pipeline.RunAsync();

        Assert.Equal((Verdict.Verified, 2_008L), (report.Verdict, report.Points));
        Assert.InRange(writes.Hits, 20, 150);
    }

    [Fact]
    public async Task A_giant_line_among_others_is_quarantined_and_tried_again_by_the_next_run()
    {
        await using var source = await InfluxdProcess.StartAsync();
        await using var destination = await InfluxdProcess.StartAsync();
        await using var proxy = await FaultProxy.StartAsync(destination.Url);
        await Pipeline.QueryAsync(source.Url, "CREATE DATABASE d WITH DURATION 0s SHARD DURATION 7d NAME \"rp\"");
        // Random, so that it gets no shorter than half when it is zipped.
        var giant = Convert.ToHexString(RandomNumberGenerator.GetBytes(150_000));
        var lines = Enumerable.Range(0, 500).Select(i => string.Create(CultureInfo.InvariantCulture, $"cpu v={i}i{(i == 250 ? $",s=\"{giant}\"" : "")} {At + (i * 60_000_000_000L)}\n"));
        await Pipeline.WriteAsync(source.Url, string.Concat(lines));
        var limit = 100_000;
        var refuses = proxy.On(request => request.Path == "/write" && request.ContentLength > limit, times: int.MaxValue).Answer(413);
        using var pipeline = new Pipeline(source.Url, proxy.Url);
        pipeline.Request = pipeline.Request with { Verify = VerifyMode.Content };

        var first = await pipeline.RunAsync();
        var (quarantined, asked) = (await QuarantinedAsync(pipeline), refuses.Hits);
        var again = await pipeline.RunAsync();
        limit = int.MaxValue;
        var raised = await pipeline.RunAsync();
        var writes = proxy.On("POST", "/write", times: int.MaxValue);
        var done = await pipeline.RunAsync();

        var left = Assert.Single(first.LeftOut);
        Assert.Equal((Verdict.Quarantined, 1L), (first.Verdict, left.Points));
        Assert.Contains("the next run tries it again", left.Reason, StringComparison.Ordinal);
        Assert.Contains(giant, quarantined, StringComparison.Ordinal);
        Assert.InRange(asked, 2, 20);
        Assert.Equal((Verdict.Quarantined, 1L), (again.Verdict, Assert.Single(again.LeftOut).Points));
        Assert.Equal((Verdict.Verified, 500L), (raised.Verdict, raised.Points));
        Assert.Empty(raised.LeftOut);
        Assert.Equal("", await QuarantinedAsync(pipeline));
        Assert.Equal(await Pipeline.ContentAsync(source.Url), await Pipeline.ContentAsync(destination.Url));
        Assert.Equal((Verdict.Verified, 0), (done.Verdict, writes.Hits));
    }

    [Fact]
    public void A_body_as_long_as_one_that_was_refused_is_not_sent_again()
    {
        var limit = new BodyLimit();
        limit.AddRefused(zipped: 1_000, unzipped: 8_000, lines: 100);
        limit.AddRefused(zipped: 2_000, unzipped: 4_000, lines: 50);

        Assert.Equal(
            [true, true, true, false, false],
            ((int Zipped, long Unzipped)[])[(1_000, 8_000), (5_000, 9_000), (2_000, 4_000), (999, 9_000), (1_999, 7_999)] is var bodies
                ? bodies.Select(body => limit.Refuses(body.Zipped, body.Unzipped)) : []);
        Assert.Equal(2_000, limit.Target);
    }

    [Fact]
    public void Many_giant_lines_are_the_limits_fault_and_few_their_own()
    {
        var limit = new BodyLimit();
        for (var i = 0; i < 100; i++)
            limit.AddRefused(BodyLimit.OrdinaryLine, BodyLimit.OrdinaryLine + 100 - i, lines: 1);

        Assert.Throws<RejectedException>(() => limit.AddRefused(BodyLimit.OrdinaryLine, BodyLimit.OrdinaryLine, lines: 1));
        Assert.Throws<RejectedException>(() => new BodyLimit().AddRefused(100, BodyLimit.OrdinaryLine - 1, lines: 1));
    }

    private static Task<string> QuarantinedAsync(Pipeline pipeline) =>
        File.ReadAllTextAsync(Assert.Single(Directory.GetFiles(Path.Combine(pipeline.Folder, "quarantine"))));
}
