using Influx;
using TestServers;

namespace Migration.Tests;

/// <summary>Servers that lose connections now and then, at both ends and in every stage.</summary>
public sealed class UnsteadyServerTests(TwoServers servers) : IClassFixture<TwoServers>
{
    private static readonly RetrySettings Retry = new() { BaseDelay = TimeSpan.FromMilliseconds(1), MaxDelay = TimeSpan.FromMilliseconds(1) };

    [Theory]
    [InlineData(1, true)]
    [InlineData(2, true)]
    [InlineData(3, false)]
    [InlineData(4, false)]
    public async Task One_lost_connection_in_ten_at_both_ends_stops_nothing(int seed, bool before)
    {
        await using var destination = await InfluxdProcess.StartAsync();
        await using var from = await FaultProxy.StartAsync(servers.Source.Url);
        await using var to = await FaultProxy.StartAsync(destination.Url);
        var lost = new List<FaultRule> { Lose(from, seed, before), Lose(to, seed + 100, before) };
        using var pipeline = new Pipeline(from.Url, to.Url) { Retry = Retry };
        pipeline.Request = pipeline.Request with { Retention = RetentionMode.Widen, Verify = VerifyMode.Content };

        var report = await pipeline.RunAsync();

        Assert.Equal((Verdict.Verified, 2_008L), (report.Verdict, report.Points));
        Assert.All(lost, rule => Assert.InRange(rule.Hits, 3, 10_000));
        Assert.All(pipeline.Progress.Stages, stage => Assert.Null(stage.Retrying));
        Assert.Equal(lost.Sum(rule => rule.Hits), pipeline.Progress.Stages.Sum(stage => stage.Retries));
        Assert.Equal(await Pipeline.ContentAsync(servers.Source.Url), await Pipeline.ContentAsync(destination.Url));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public async Task Lost_answers_of_2_x_leave_neither_a_bucket_twice_nor_a_token_behind(int seed)
    {
        await using var source = await Influx2Server.StartAsync();
        await using var destination = await Influx2Server.StartAsync(new Influx2Options { Bucket = "made-by-setup" });
        var other = await source.AddOrgAsync("other");
        await destination.AddOrgAsync("other");
        await source.AddBucketAsync("other", "b");
        await source.WriteAsync("org1", "bucket1", "m v=1i 7");
        await source.WriteAsync("other", "b", "m v=2i 8");
        await using var from = await FaultProxy.StartAsync(source.Url);
        await using var to = await FaultProxy.StartAsync(destination.Url);
        from.On("POST", "/api/v2/authorizations", times: 2).CutAfter();
        to.On("POST", "/api/v2/buckets", times: 2).CutAfter();
        Lose(from, seed, before: false);
        Lose(to, seed + 100, before: false);
        using var pipeline = new Pipeline(from.Url, to.Url) { Retry = Retry, SourceToken = new Secret(source.OperatorToken), DestinationToken = new Secret(destination.OperatorToken) };
        pipeline.Request = pipeline.Request with
        {
            Source = pipeline.Request.Source with { Bucket = null },
            Full = true,
            AllowBroadToken = true,
        };

        var report = await pipeline.RunAsync();

        Assert.Equal((Verdict.Verified, 2L), (report.Verdict, report.Points));
        Assert.Equal(2, destination.Requests.Count(request => request is { Method: "POST", Target: "/api/v2/buckets", Status: 201 }));
        using var tokens = new Influx2Tokens(
            new ServerOptions { Url = source.Url, ReadToken = (_, _) => new(new Secret(source.OperatorToken)) }, TimeProvider.System);
        Assert.DoesNotContain(
            await tokens.ListAsync(TestContext.Current.CancellationToken), token => token.OrgId == other.Id && token.Description.StartsWith("influx-migrate", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Stage_says_why_it_is_tried_again_for_as_long_as_it_is()
    {
        await using var destination = await InfluxdProcess.StartAsync();
        await using var to = await FaultProxy.StartAsync(destination.Url);
        using var pipeline = new Pipeline(servers.Source.Url, to.Url);
        string? seen = null;
        to.On("POST", "/write").Answer(503, """{"error":"timeout"}""", ("Retry-After", "0"));
        to.On("POST", "/write").PassAfter(() =>
        {
            seen = pipeline.Progress.Import.Retrying;
            return Task.CompletedTask;
        });
        pipeline.Request = pipeline.Request with { Concurrency = 1 };

        await pipeline.RunAsync();

        Assert.Contains("503", seen, StringComparison.Ordinal);
        Assert.Null(pipeline.Progress.Import.Retrying);
    }

    private static FaultRule Lose(FaultProxy proxy, int seed, bool before)
    {
        var rule = proxy.On(times: int.MaxValue).Sometimes(0.1, seed);
        return before ? rule.CutBefore() : rule.CutAfter();
    }
}
