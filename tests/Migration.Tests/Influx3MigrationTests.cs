using Influx;
using TestServers;

namespace Migration.Tests;

/// <summary>Migrations into InfluxDB 3 Core, which holds less than its elders.</summary>
public sealed class Influx3MigrationTests(TwoServers servers, Influx3Fixture fixture) : IClassFixture<TwoServers>, IClassFixture<Influx3Fixture>
{
    [Fact]
    public async Task What_a_3_server_holds_arrives_and_the_rest_is_left_out_with_its_reason()
    {
        using var pipeline = Pipeline("all");

        var report = await pipeline.RunAsync();

        Assert.Equal(Verdict.Quarantined, report.Verdict);
        Assert.Empty(report.Differences);
        var rejected = Assert.Single(report.LeftOut, left => left.Stage == "export");
        Assert.Equal(("same", 1L), (rejected.Measurement, rejected.FieldValues));
        Assert.Contains("no tag and field of one name", rejected.Reason, StringComparison.Ordinal);
        // A column of a 3 server has one type for ever: of four types of mix one is in.
        var refused = report.LeftOut.Where(left => left.Stage == "import").ToList();
        Assert.All(refused, left => Assert.Equal("mix", left.Measurement));
        Assert.Equal(3, refused.Sum(left => left.Points));
        Assert.Equal(6_000, report.Measurements.Single(measurement => measurement.Measurement == "cpu").DestinationSlices.Sum());
    }

    [Fact]
    public async Task A_plan_names_what_a_3_server_will_not_hold()
    {
        using var pipeline = Pipeline("planned");

        var plan = await pipeline.PlanAsync();

        var remarks = plan.Remarks.Where(remark => remark.Rejects).Select(remark => (remark.Measurement, remark.Text)).ToList();
        Assert.Contains(remarks, remark => remark.Measurement == "same" && remark.Text.Contains("no tag and field of one name", StringComparison.Ordinal));
        Assert.Contains(remarks, remark => remark.Measurement == "mix" && remark.Text.Contains("keeps the one that comes first", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("with space")]
    [InlineData("a/b/c")]
    public async Task A_name_that_a_3_server_does_not_take_is_refused_with_the_way_out(string bucket)
    {
        using var pipeline = Pipeline(bucket);

        var refused = await Assert.ThrowsAsync<RejectedException>(() => pipeline.RunAsync());

        Assert.Contains("Give another name with --dest-bucket", refused.Message, StringComparison.Ordinal);
        Assert.DoesNotContain(fixture.Server.Requests, request => request.Target.Contains($"bucket={Uri.EscapeDataString(bucket)}", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_wrong_token_of_a_3_server_is_refused_with_the_setting_to_check()
    {
        using var pipeline = Pipeline("unused");
        pipeline.DestinationToken = new Secret("apiv3_not-a-real-token");

        var refused = await Assert.ThrowsAsync<RejectedException>(() => pipeline.RunAsync());

        Assert.Equal(RejectionKind.Token, refused.Kind);
        Assert.Contains("INFLUX_DEST_TOKEN", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_3_server_is_refused_as_a_source()
    {
        using var pipeline = new Pipeline(fixture.Server.Url, servers.Source.Url) { SourceToken = new Secret(fixture.Server.Token) };

        var refused = await Assert.ThrowsAsync<RejectedException>(() => pipeline.RunAsync());

        Assert.Contains("sources are InfluxDB 1.x and 2.x", refused.Message, StringComparison.Ordinal);
    }

    private Pipeline Pipeline(string bucket)
    {
        var pipeline = new Pipeline(servers.Source.Url, fixture.Server.Url) { DestinationToken = new Secret(fixture.Server.Token) };
        pipeline.Request = pipeline.Request with { Destination = pipeline.Request.Destination with { Bucket = bucket } };
        return pipeline;
    }
}

/// <summary>One 3 server for all tests of a class, each of which takes a database of its own.</summary>
public sealed class Influx3Fixture : IAsyncLifetime
{
    public Influx3Server Server { get; private set; } = null!;

    public async ValueTask InitializeAsync() => Server = await Influx3Server.StartAsync();

    public async ValueTask DisposeAsync() => await Server.DisposeAsync();
}
