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

        Assert.Contains("Name another one: --dest-bucket NAME", refused.Message, StringComparison.Ordinal);
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
    public async Task What_a_restart_of_Core_hides_is_told_in_the_plan_and_in_the_report()
    {
        using var pipeline = Pipeline("hidden");

        var plan = await pipeline.PlanAsync();
        var report = await pipeline.RunAsync();

        Assert.All([plan.Warnings, report.Warnings], warnings =>
        {
            Assert.Single(warnings, warning => warning.Contains("gen1-lookback-duration", StringComparison.Ordinal));
            Assert.Single(warnings, warning => warning.Contains("InfluxDB 3 Core, which knows admin tokens only", StringComparison.Ordinal));
        });
    }

    [Theory]
    [InlineData(false, VerifyMode.Content)]
    [InlineData(true, VerifyMode.Content)]
    [InlineData(false, VerifyMode.Counts)]
    public async Task A_query_that_would_read_too_many_files_is_asked_in_smaller_windows(bool newText, VerifyMode verify)
    {
        await using var server = await Influx3Server.StartAsync(new Influx3Options { FileLimit = 100, NewFileText = newText });
        using var pipeline = new Pipeline(servers.Source.Url, server.Url) { DestinationToken = new Secret(server.Token) };
        pipeline.Request = pipeline.Request with { Measurements = ["cpu"], Verify = verify };

        var report = await pipeline.RunAsync();
        var compared = await pipeline.CompareAsync();

        Assert.Equal((Verdict.Verified, 6_000L), (report.Verdict, report.FieldValues));
        Assert.False(compared.Different);
        Assert.Contains(server.Requests, request => request.Target.StartsWith("/query", StringComparison.Ordinal) && request.Status == 500);
    }

    [Fact]
    public async Task Of_Enterprise_a_token_of_the_database_does_and_is_what_is_advised()
    {
        await using var server = await Influx3Server.StartAsync(new Influx3Options { Enterprise = true });
        using var pipeline = new Pipeline(servers.Source.Url, server.Url) { DestinationToken = new Secret(server.ResourceToken) };
        pipeline.Request = pipeline.Request with { Measurements = ["cpu"] };

        var refused = await Assert.ThrowsAsync<RejectedException>(() => pipeline.RunAsync());
        await MakeAsync(server);
        pipeline.Request = pipeline.Request with { Existing = ExistingBucket.Reuse };
        var report = await pipeline.RunAsync();

        Assert.Equal(RejectionKind.Token, refused.Kind);
        Assert.Equal(Verdict.Verified, report.Verdict);
        Assert.DoesNotContain(report.Warnings, warning => warning.Contains("Core", StringComparison.Ordinal));
        var advice = Assert.Single(report.Warnings, warning => warning.Contains("InfluxDB 3 Enterprise", StringComparison.Ordinal));
        Assert.Contains("make the databases first, migrate with --existing reuse", advice, StringComparison.Ordinal);
        Assert.Contains("influxdb3 create token --permission db:DATABASE:read,write --permission system:ping:read", advice, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_token_of_Enterprise_that_may_not_ask_what_the_server_is_is_told_the_right_that_it_lacks()
    {
        await using var server = await Influx3Server.StartAsync(new Influx3Options { Enterprise = true, PingIsGranted = false });
        using var pipeline = new Pipeline(servers.Source.Url, server.Url) { DestinationToken = new Secret(server.ResourceToken) };

        var refused = await Assert.ThrowsAsync<RejectedException>(() => pipeline.RunAsync());

        Assert.Equal(RejectionKind.Token, refused.Kind);
        Assert.Contains("system:ping:read", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_3_server_is_refused_as_a_source()
    {
        using var pipeline = new Pipeline(fixture.Server.Url, servers.Source.Url) { SourceToken = new Secret(fixture.Server.Token) };

        var refused = await Assert.ThrowsAsync<RejectedException>(() => pipeline.RunAsync());

        Assert.Contains("sources are InfluxDB 1.x and 2.x", refused.Message, StringComparison.Ordinal);
    }

    private static async Task MakeAsync(Influx3Server server)
    {
        using var http = new HttpClient();
        http.DefaultRequestHeaders.TryAddWithoutValidation("Authorization", $"Bearer {server.Token}");
        using var content = new StringContent("""{"db":"d"}""");
        using var made = await http.PostAsync(new Uri(server.Url, "/api/v3/configure/database"), content);
        Assert.Equal(System.Net.HttpStatusCode.Created, made.StatusCode);
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
