using System.Text.Json;
using Influx;
using TestServers;

namespace Migration.Tests;

/// <summary>Names that a destination can't have, and names that are changed on the way.</summary>
public sealed class DestinationNameTests
{
    private static readonly string[] Names =
    [
        "plain", "a.b", ".", "..", "", " ", "_x", "a\"b", "a'b", "a\\b", "tab\t", "a\u00a0b", "a\u00adb", "\u3000", "\ue000", "é\u0301", "温", "😀",
        new('x', 255), new('x', 256), new('é', 127), new('é', 128), "a/b", "a/b/c", "/a", "a/", "a/b\\c", "-a", "9a", "a b", "a-b_c",
    ];

    [Fact]
    public async Task Names_are_judged_as_a_real_1_6_7_judges_them()
    {
        await using var server = await InfluxdProcess.StartAsync();
        foreach (var name in Names)
        {
            var (database, policy) = name.Split('/', 2) is [var first, var second] ? (first, second) : (name, "autogen");

            var answer = await CommandRun.QueryAsync(server.Url, $"CREATE DATABASE {InfluxQl.Identifier(database)} WITH DURATION 0s NAME {InfluxQl.Identifier(policy)}");

            Assert.True(answer.Contains("error", StringComparison.Ordinal) == BucketNames.Reason(Dialect.V1, name) is not null, $"'{name}': {answer} {BucketNames.Reason(Dialect.V1, name)}");
        }
    }

    [Fact]
    public async Task Names_are_judged_as_2_7_1_judged_them()
    {
        await using var server = await Influx2Server.StartAsync();
        // The server takes an empty name; a bucket without one is not found again.
        foreach (var name in Names.Where(name => name.Length > 0))
        {
            using var content = new StringContent(JsonSerializer.Serialize(new { orgID = server.Org.Id, name }));

            using var answer = await Influx2Setup.SendAsync(server.Url, HttpMethod.Post, "/api/v2/buckets", server.OperatorToken, content);

            Assert.True(answer.IsSuccessStatusCode == BucketNames.Reason(Dialect.V2, name) is null, $"'{name}': {(int)answer.StatusCode} {BucketNames.Reason(Dialect.V2, name)}");
        }
    }

    [Theory]
    [InlineData("a-b_c", true)]
    [InlineData("9/b", true)]
    [InlineData("a b", false)]
    [InlineData("_a", false)]
    [InlineData("a/b/c", false)]
    [InlineData("温", false)]
    [InlineData("a.b", false)]
    [InlineData("", false)]
    public void Names_are_judged_as_InfluxDB_3_is_written_to(string name, bool possible) =>
        Assert.Equal(possible, BucketNames.Reason(Dialect.V3, name) is null);

    [Fact]
    public async Task Every_name_that_the_destination_can_not_have_is_told_at_once_and_before_the_first_bucket_is_made()
    {
        await using var source = await InfluxdProcess.StartAsync();
        await using var destination = await Influx2Server.StartAsync(new Influx2Options { Bucket = "made-by-setup" });
        string[] names = ["aa", "b\"b", "_c=d"];
        foreach (var name in names)
        {
            await Pipeline.QueryAsync(source.Url, $"CREATE DATABASE {InfluxQl.Identifier(name)}");
            await Pipeline.WriteAsync(source.Url, "m v=1i 7", Uri.EscapeDataString(name));
        }
        using var pipeline = Full(source.Url, destination.Url, destination);

        var refused = await Assert.ThrowsAsync<RejectedException>(() => pipeline.RunAsync());
        var changes = destination.Changes().ToList();
        pipeline.Request = pipeline.Request with { BucketMap = new Dictionary<string, string> { ["b\"b"] = "bb", ["_c=d"] = "c" } };
        var report = await pipeline.RunAsync();

        Assert.Contains("the destination can't have a bucket 'b\"b': a bucket's name holds no '\"' in 2.x. Name another one: --bucket-map 'b\"b=NAME'", refused.Message, StringComparison.Ordinal);
        Assert.Contains("the destination can't have a bucket '_c=d': a bucket's name starts with no '_' in 2.x. Name another one: --bucket-map '_c\\=d=NAME'", refused.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("'aa'", refused.Message, StringComparison.Ordinal);
        Assert.Empty(changes);
        Assert.Equal((Verdict.Verified, 3L), (report.Verdict, report.Points));
        Assert.Contains("[[7,1]]", await destination.QueryAsync("c", "SELECT v FROM m"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_bucket_that_an_earlier_run_made_stays_its_own_under_a_changed_map_until_points_are_in_it()
    {
        await using var source = await Influx2Server.StartAsync();
        await using var destination = await Influx2Server.StartAsync(new Influx2Options { Bucket = "made-by-setup" });
        await using var proxy = await FaultProxy.StartAsync(destination.Url);
        var broken = true;
        proxy.On(request => broken && request.Path == "/api/v2/write", times: int.MaxValue).Answer(403, """{"code":"forbidden","message":"insufficient permissions for write"}""");
        foreach (var name in (string[])["a", "b"])
        {
            await source.AddBucketAsync("org1", name);
            await source.WriteAsync("org1", name, $"m v={(name == "a" ? 1 : 2)}i 7");
        }
        using var pipeline = Full(source.Url, proxy.Url, destination);
        pipeline.SourceToken = new Secret(source.OperatorToken);

        await Assert.ThrowsAsync<RejectedException>(() => pipeline.RunAsync());
        var made = (destination.BucketOf("org1", "a").Id, destination.BucketOf("org1", "b").Id);
        broken = false;
        // One gets the name of the other's bucket, and that one a new name.
        pipeline.Request = pipeline.Request with { BucketMap = new Dictionary<string, string> { ["a"] = "b", ["b"] = "new" } };
        var report = await pipeline.RunAsync();
        var again = await pipeline.RunAsync();
        pipeline.Request = pipeline.Request with { BucketMap = new Dictionary<string, string>() };
        var refused = await Assert.ThrowsAsync<RejectedException>(() => pipeline.RunAsync());

        Assert.Equal((Verdict.Verified, Verdict.Verified, 2L), (report.Verdict, again.Verdict, report.Points));
        Assert.Equal(made, (destination.BucketOf("org1", "a").Id, destination.BucketOf("org1", "b").Id));
        Assert.Contains("[[7,1]]", await destination.QueryAsync("b", "SELECT v FROM m"), StringComparison.Ordinal);
        Assert.Contains("[[7,2]]", await destination.QueryAsync("new", "SELECT v FROM m"), StringComparison.Ordinal);
        Assert.Contains("'a' went to 'b' when an earlier run wrote points of it there", refused.Message, StringComparison.Ordinal);
        Assert.Contains("'b' went to 'new'", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_bucket_of_somebody_else_stays_theirs_under_a_changed_map()
    {
        await using var source = await Influx2Server.StartAsync();
        await using var destination = await Influx2Server.StartAsync(new Influx2Options { Bucket = "theirs" });
        await using var proxy = await FaultProxy.StartAsync(destination.Url);
        var broken = true;
        proxy.On(request => broken && request.Path == "/api/v2/write", times: int.MaxValue).Answer(403, """{"code":"forbidden","message":"insufficient permissions for write"}""");
        await source.WriteAsync("org1", "bucket1", "m v=1i 7");
        using var pipeline = Full(source.Url, proxy.Url, destination);
        pipeline.SourceToken = new Secret(source.OperatorToken);

        await Assert.ThrowsAsync<RejectedException>(() => pipeline.RunAsync());
        broken = false;
        pipeline.Request = pipeline.Request with { BucketMap = new Dictionary<string, string> { ["bucket1"] = "theirs" } };
        var refused = await Assert.ThrowsAsync<RejectedException>(() => pipeline.RunAsync());

        Assert.Contains("the destination already has a bucket 'theirs'", refused.Message, StringComparison.Ordinal);
    }

    private static Pipeline Full(Uri source, Uri url, Influx2Server destination)
    {
        var pipeline = new Pipeline(source, url) { DestinationToken = new Secret(destination.OperatorToken) };
        pipeline.Request = pipeline.Request with
        {
            Full = true,
            AllowBroadToken = true,
            Source = pipeline.Request.Source with { Bucket = null },
            Destination = pipeline.Request.Destination with { Org = "org1" },
        };
        return pipeline;
    }
}
