using Influx;
using TestServers;

namespace Migration.Tests;

/// <summary>All buckets of all orgs (<c>--full</c>).</summary>
public sealed class FullMigrationTests
{
    private static readonly string[] OddNames = ["db/rp", "a/b/c", "50%", "with space", "plus+and&eq=?#", "数据 ünï", "semi;colon'quote", "back\\slash"];

    [Fact]
    public async Task A_hundred_and_one_buckets_of_two_orgs_arrive_under_their_names_in_their_orgs()
    {
        await using var source = await Influx2Server.StartAsync();
        await using var destination = await Influx2Server.StartAsync(new Influx2Options { Bucket = "made-by-setup" });
        var (second, _) = (await source.AddOrgAsync("org/2 ü"), await destination.AddOrgAsync("org/2 ü"));
        foreach (var name in OddNames)
            await FillAsync(source, "org1", name, 1);
        await FillAsync(source, second.Name, "db/rp", 2);
        await source.WriteAsync("org1", "bucket1", "m v=1i 7");
        // Most hold nothing, which is quick, and stand behind the first pages of 20 and of 100.
        for (var i = OddNames.Length + 2; i < 101; i++)
            await source.AddBucketAsync(i % 2 == 0 ? "org1" : second.Name, $"z{i:D3}");
        using var pipeline = Full(source, destination);

        var report = await pipeline.RunAsync();

        Assert.Equal((Verdict.Verified, (long)OddNames.Length + 2), (report.Verdict, report.Points));
        foreach (var name in OddNames)
            Assert.Contains("[[7,1]]", await destination.QueryAsync(Database(name), SelectFrom(name)), StringComparison.Ordinal);
        Assert.Equal(101, destination.Requests.Count(request => request is { Method: "POST", Target: "/api/v2/buckets", Status: 201 }));
        var moved = destination.BucketOf(second.Name, "db/rp");
        Assert.Contains(destination.Requests, request => request.Target.Contains($"bucket={moved.Id}", StringComparison.Ordinal) && request.Status == 204);
        Assert.Equal("z100", destination.BucketOf("org1", "z100").Name);
    }

    [Fact]
    public async Task A_bucket_map_renames_some_and_an_org_that_the_destination_lacks_is_named()
    {
        await using var source = await Influx2Server.StartAsync();
        await using var destination = await Influx2Server.StartAsync(new Influx2Options { Bucket = "made-by-setup" });
        await source.WriteAsync("org1", "bucket1", "m v=1i 7");
        using var pipeline = Full(source, destination);
        pipeline.Request = pipeline.Request with { BucketMap = new Dictionary<string, string> { ["bucket1"] = "renamed" } };

        var report = await pipeline.RunAsync();
        await source.AddOrgAsync("elsewhere");
        await source.AddBucketAsync("elsewhere", "b");
        using var again = Full(source, destination);
        var refused = await Assert.ThrowsAsync<RejectedException>(() => again.RunAsync());

        Assert.Equal((Verdict.Verified, "renamed"), (report.Verdict, Assert.Single(report.Measurements).DestinationBucket));
        Assert.Contains("elsewhere", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Buckets_of_one_name_in_two_orgs_are_not_poured_together()
    {
        await using var source = await Influx2Server.StartAsync();
        await using var destination = await Influx2Server.StartAsync(new Influx2Options { Bucket = "made-by-setup" });
        var second = await source.AddOrgAsync("org2");
        await source.AddBucketAsync(second.Name, "bucket1");
        using var pipeline = Full(source, destination);
        pipeline.Request = pipeline.Request with { Destination = pipeline.Request.Destination with { Org = "org1" } };

        var refused = await Assert.ThrowsAsync<RejectedException>(() => pipeline.RunAsync());

        Assert.Contains("2 source buckets would go to 'bucket1'", refused.Message, StringComparison.Ordinal);
        Assert.Empty(destination.Changes());
    }

    [Fact]
    public async Task A_name_that_stands_in_two_orgs_needs_the_org()
    {
        await using var source = await Influx2Server.StartAsync();
        await using var destination = await Influx2Server.StartAsync(new Influx2Options { Bucket = "made-by-setup" });
        var second = await source.AddOrgAsync("org2");
        await FillAsync(source, second.Name, "bucket1", 5);
        using var pipeline = Full(source, destination);
        pipeline.Request = pipeline.Request with { Full = false, Source = pipeline.Request.Source with { Bucket = "bucket1" } };

        var refused = await Assert.ThrowsAsync<RejectedException>(() => pipeline.RunAsync());
        pipeline.Request = pipeline.Request with { Source = pipeline.Request.Source with { Org = "org2" } };
        var report = await pipeline.RunAsync();

        Assert.Contains("in 2 orgs", refused.Message, StringComparison.Ordinal);
        Assert.Equal((Verdict.Verified, 1L), (report.Verdict, report.Points));
    }

    [Theory]
    [InlineData("v2.7.1")]
    [InlineData("v2.9.1")]
    public async Task Buckets_of_one_name_in_two_orgs_arrive_each_with_its_own_points_and_no_token_is_left(string version)
    {
        await using var source = await Influx2Server.StartAsync(new Influx2Options { Version = version });
        await using var destination = await Influx2Server.StartAsync(new Influx2Options { Version = version, Bucket = "made-by-setup" });
        await source.AddOrgAsync("org2");
        await destination.AddOrgAsync("org2");
        await source.WriteAsync("org1", "bucket1", "m v=1i 7");
        await FillAsync(source, "org2", "bucket1", 2);
        using var pipeline = Full(source, destination);

        var report = await pipeline.RunAsync();

        Assert.Equal((Verdict.Verified, 2L), (report.Verdict, report.Points));
        Assert.Contains("[[7,1]]", await destination.QueryAsync("bucket1", "SELECT v FROM m"), StringComparison.Ordinal);
        Assert.Equal((1, 1), (await TokensAsync(source), await TokensAsync(destination)));
        var reader = destination.CreateToken("org2", Permission.Read("buckets", destination.BucketOf("org2", "bucket1").OrgId));
        using var answer = await Influx2Setup.SendAsync(destination.Url, HttpMethod.Get, "/query?db=bucket1&epoch=ns&q=SELECT%20v%20FROM%20m", reader, content: null);
        Assert.Contains("[[7,2]]", await answer.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_token_that_reads_several_orgs_but_may_make_none_is_told_so()
    {
        await using var source = await Influx2Server.StartAsync();
        await using var destination = await Influx2Server.StartAsync(new Influx2Options { Bucket = "made-by-setup" });
        await source.AddOrgAsync("org2");
        await FillAsync(source, "org2", "other", 2);
        using var pipeline = Full(source, destination);
        pipeline.Request = pipeline.Request with { Full = false, Source = pipeline.Request.Source with { Bucket = "other" } };
        pipeline.SourceToken = new Secret(source.CreateToken("org1", Permission.Read("buckets"), Permission.Read("orgs")));

        var refused = await Assert.ThrowsAsync<RejectedException>(() => pipeline.RunAsync());

        Assert.Equal(RejectionKind.Token, refused.Kind);
        Assert.Contains("give a token that was made in that org", refused.Message, StringComparison.Ordinal);
        Assert.Empty(destination.Changes());
    }

    [Fact]
    public async Task Every_database_and_retention_policy_of_a_1x_server_arrives_under_its_name()
    {
        string[] names = ["plain", "sp ace", "q\"uote", "50%", "数据", "semi;colon'quote"];
        await using var source = await InfluxdProcess.StartAsync();
        await using var destination = await InfluxdProcess.StartAsync();
        foreach (var name in names)
        {
            await Pipeline.QueryAsync(source.Url, $"CREATE DATABASE {InfluxQl.Identifier(name)} WITH DURATION 0s SHARD DURATION 1d NAME \"rp\"");
            await Pipeline.WriteAsync(source.Url, "m v=1i 7", Uri.EscapeDataString(name));
        }
        await Pipeline.QueryAsync(source.Url, "CREATE RETENTION POLICY \"two \\\"2\\\"\" ON \"plain\" DURATION 0s REPLICATION 1 SHARD DURATION 2h");
        await Pipeline.WriteAsync(source.Url, "m v=2i 7", "plain&rp=" + Uri.EscapeDataString("two \"2\""));
        using var pipeline = new Pipeline(source.Url, destination.Url);
        pipeline.Request = pipeline.Request with { Full = true, Source = pipeline.Request.Source with { Bucket = null } };

        var report = await pipeline.RunAsync();

        Assert.Equal((Verdict.Verified, 7L), (report.Verdict, report.Points));
        Assert.Equal(await NamesAsync(source.Url), await NamesAsync(destination.Url));
    }

    private static Pipeline Full(Influx2Server source, Influx2Server destination)
    {
        var pipeline = new Pipeline(source.Url, destination.Url)
        {
            SourceToken = new Secret(source.OperatorToken),
            DestinationToken = new Secret(destination.OperatorToken),
        };
        // What reads several orgs, or makes tokens in them, is an operator's.
        pipeline.Request = pipeline.Request with { Full = true, AllowBroadToken = true, Source = pipeline.Request.Source with { Bucket = null } };
        return pipeline;
    }

    private static async Task FillAsync(Influx2Server server, string org, string bucket, int value)
    {
        await server.AddBucketAsync(org, bucket);
        await server.WriteAsync(org, bucket, $"m v={value}i 7");
    }

    private static async Task<int> TokensAsync(Influx2Server server)
    {
        using var answer = await Influx2Setup.SendAsync(server.Url, HttpMethod.Get, "/api/v2/authorizations", server.OperatorToken, content: null);
        using var list = System.Text.Json.JsonDocument.Parse(await answer.Content.ReadAsStringAsync());
        return list.RootElement.GetProperty("authorizations").GetArrayLength();
    }

    // What the server's own mapping makes of a name: the part before the first slash is the database.
    private static string Database(string bucket) => bucket.Split('/')[0];

    private static string SelectFrom(string bucket)
    {
        var slash = bucket.IndexOf('/', StringComparison.Ordinal);
        return slash < 0 ? "SELECT v FROM m" : $"SELECT v FROM {InfluxQl.Identifier(bucket[(slash + 1)..])}.m";
    }

    private static async Task<List<string>> NamesAsync(Uri url)
    {
        using var client = await ServerDetector.ConnectAsync(new ServerOptions { Url = url }, TimeProvider.System, CancellationToken.None);
        var buckets = await client.ListBucketsAsync(CancellationToken.None);
        return [.. buckets.Select(bucket => $"{bucket.Name} {bucket.ShardGroupDuration}").Order(StringComparer.Ordinal)];
    }
}
