using Influx;
using TestServers;

namespace Migration.Tests;

/// <summary>Migrations out of and into 2.x servers, which answer by their orgs, tokens and mappings.</summary>
public sealed class Influx2MigrationTests(TwoInflux2Servers servers) : IClassFixture<TwoInflux2Servers>
{
    [Fact]
    public async Task Unsigned_values_and_a_type_that_changes_between_shards_keep_their_types()
    {
        var name = await servers.NewBucketAsync("""
            m,t=a u=18446744073709551615u,i=-1i,f=1.5,s="x",b=true 1750000000000000000
            m u=1u 1750000000000000001
            mix v=1u 1000000000000000000
            mix v="text" 1750000000000000000
            """);
        using var pipeline = servers.Pipeline(name);

        var report = await pipeline.RunAsync();

        Assert.Equal((Verdict.Verified, 4L, 8L), (report.Verdict, report.Points, report.FieldValues));
        const string All = "SELECT * FROM m, mix GROUP BY *";
        Assert.Equal(await servers.Source.QueryAsync(name, All), await servers.Destination.QueryAsync(name, All));
        Assert.Contains("[\"u\",\"unsigned\"]", await servers.Destination.QueryAsync(name, "SHOW FIELD KEYS"), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(VerifyMode.Content)]
    [InlineData(VerifyMode.Counts)]
    public async Task Integers_of_both_kinds_in_one_field_keep_their_types_whatever_their_values(VerifyMode mode)
    {
        // Weeks of small integers, small unsigned values, ones of which the first is large, and a field that is of one kind only.
        var lines = string.Join('\n', "0i 0u 127i 127u 300u -5i 200i 200u".Split(' ')
            .Select((value, week) => $"m v={value},w=5u {Week(week, 0)}\nm v={(value[^1] == 'i' ? "7i" : "7u")} {Week(week, 1)}"));
        var name = await servers.NewBucketAsync(lines);
        using var pipeline = servers.Pipeline(name);
        pipeline.Request = pipeline.Request with { Verify = mode };

        var report = await pipeline.RunAsync();

        Assert.Equal((Verdict.Verified, 16L, 24L), (report.Verdict, report.Points, report.FieldValues));
        for (var week = 0; week < 8; week++)
        {
            var query = $"SELECT v FROM m WHERE time >= {Week(week, 0)} AND time < {Week(week, 2)}";
            Assert.Equal(await servers.Source.QueryAsync(name, query), await servers.Destination.QueryAsync(name, query));
            var probe = $"SELECT \"v\", \"v\" - 128 FROM m WHERE time >= {Week(week, 1)} AND time < {Week(week, 2)}";
            Assert.Equal(await servers.Source.QueryAsync(name, probe), await servers.Destination.QueryAsync(name, probe));
        }
        Assert.False((await pipeline.CompareAsync()).Different);

        static long Week(int week, int day) => 1_750_032_000_000_000_000 + (((week * 7) + day) * 86_400_000_000_000L);
    }

    [Fact]
    public async Task What_InfluxQL_does_not_show_is_named_and_the_rest_is_moved()
    {
        var name = await servers.NewBucketAsync("""
            m,t=a _name=1i,v=2.5 1750000000000000000
            back\\,comma,t=a v=1i 1750000000000000000
            _tags,t=a v=1i 1750000000000000000
            """);
        using var pipeline = servers.Pipeline(name);

        var report = await pipeline.RunAsync();

        Assert.Equal((Verdict.Incomplete, 2L, 2L), (report.Verdict, report.Points, report.FieldValues));
        Assert.Equal(
            [("back,comma", HiddenPart.Measurement), ("m", HiddenPart.Field)],
            report.Remarks.Select(remark => (remark.Measurement, remark.Hidden)).Order());
    }

    [Fact]
    public async Task Retention_and_shard_group_duration_are_copied()
    {
        var name = await servers.NewBucketAsync("m v=1i", TimeSpan.FromDays(40), TimeSpan.FromHours(6));
        using var pipeline = servers.Pipeline(name);

        var report = await pipeline.RunAsync();

        Assert.Equal((Verdict.Verified, 0L), (report.Verdict, report.ExpiredPoints));
        var made = servers.Destination.BucketOf("org1", name);
        Assert.Equal((40L * 86_400, 6L * 3_600), (made.RetentionSeconds, made.ShardGroupSeconds));
    }

    [Fact]
    public async Task Unsigned_values_are_rejected_with_the_reason_where_the_destination_is_a_1x_server()
    {
        var name = await servers.NewBucketAsync("m u=7u,v=1i 1750000000000000000");
        await using var destination = await InfluxdProcess.StartAsync();
        using var pipeline = new Pipeline(servers.Source.Url, destination.Url) { SourceToken = servers.Pipeline(name).SourceToken };
        pipeline.Request = pipeline.Request with { Source = pipeline.Request.Source with { Bucket = name } };

        var report = await pipeline.RunAsync();

        Assert.Equal(Verdict.Quarantined, report.Verdict);
        var left = Assert.Single(report.LeftOut);
        Assert.Equal(("export", "m", 1L), (left.Stage, left.Measurement, left.FieldValues));
        Assert.Contains("unsigned", left.Reason, StringComparison.Ordinal);
        Assert.Equal(1, report.FieldValues);
    }

    [Fact]
    public async Task A_source_older_than_2_5_is_refused_with_the_mapping_that_helps_and_then_read_by_it()
    {
        await using var old = await Influx2Server.StartAsync(new Influx2Options { Version = "v2.4.0" });
        await old.WriteAsync("org1", "bucket1", "m v=1i 1750000000000000000");
        using var pipeline = servers.Pipeline("bucket1", old.Url, new Secret(old.OperatorToken));
        pipeline.Request = pipeline.Request with { Destination = pipeline.Request.Destination with { Bucket = "from-2-4" }, AllowBroadToken = true };

        var refused = await Assert.ThrowsAsync<RejectedException>(() => pipeline.RunAsync());
        old.AddMapping(old.BucketOf("org1", "bucket1"), "mapped", "autogen");
        var report = await pipeline.RunAsync();

        Assert.Equal(RejectionKind.Unmapped, refused.Kind);
        Assert.Contains("InfluxDB 2.4.0 answers InfluxQL only through an explicit mapping", refused.Message, StringComparison.Ordinal);
        Assert.Contains("POST /api/v2/dbrps", refused.Message, StringComparison.Ordinal);
        Assert.Equal((Verdict.Verified, 1L), (report.Verdict, report.Points));
    }

    [Fact]
    public async Task A_bucket_whose_name_another_mapping_shadows_is_read_by_its_own_mapping_or_not_at_all()
    {
        var other = await servers.NewBucketAsync("m v=1i 1");
        var name = await servers.NewBucketAsync("m v=2i 1");
        servers.Source.AddMapping(servers.Source.BucketOf("org1", other), name, "autogen");
        using var pipeline = servers.Pipeline(name);

        var refused = await Assert.ThrowsAsync<RejectedException>(() => pipeline.RunAsync());
        servers.Source.AddMapping(servers.Source.BucketOf("org1", name), name + "-own", "rp");
        var report = await pipeline.RunAsync();

        Assert.Contains("shadows its name", refused.Message, StringComparison.Ordinal);
        Assert.Equal(Verdict.Verified, report.Verdict);
        Assert.Contains("[[1,2]]", await servers.Destination.QueryAsync(name, "SELECT v FROM m"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_bucket_without_points_is_a_success_and_stands_at_the_destination()
    {
        var name = await servers.NewBucketAsync("");
        using var pipeline = servers.Pipeline(name);

        var report = await pipeline.RunAsync();

        Assert.Equal((Verdict.Verified, 0L), (report.Verdict, report.Points));
        Assert.Equal(name, servers.Destination.BucketOf("org1", name).Name);
    }
}

/// <summary>Two 2.x servers for all tests of a class, each of which takes buckets of its own.</summary>
public sealed class TwoInflux2Servers : IAsyncLifetime
{
    private int buckets;

    public Influx2Server Source { get; private set; } = null!;

    public Influx2Server Destination { get; private set; } = null!;

    public async ValueTask InitializeAsync()
    {
        Source = await Influx2Server.StartAsync();
        Destination = await Influx2Server.StartAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await Source.DisposeAsync();
        await Destination.DisposeAsync();
    }

    /// <summary>Makes a bucket in the source's first org and fills it.</summary>
    public async Task<string> NewBucketAsync(string lines, TimeSpan? retention = null, TimeSpan? shardGroup = null)
    {
        var name = $"bucket-{Interlocked.Increment(ref buckets)}";
        await Source.AddBucketAsync("org1", name, retention, shardGroup);
        if (lines.Length > 0)
            await Source.WriteAsync("org1", name, lines);
        return name;
    }

    /// <summary>A migration of a bucket of the source, or of another server in its place, with tokens that can do just that.</summary>
    internal Pipeline Pipeline(string bucket, Uri? source = null, Secret? token = null)
    {
        var org = Destination.Org.Id;
        var pipeline = new Pipeline(source ?? Source.Url, Destination.Url)
        {
            SourceToken = token ?? new Secret(Source.CreateToken("org1", Permission.Read("buckets", Source.Org.Id, Source.BucketOf("org1", bucket).Id))),
            DestinationToken = new Secret(Destination.CreateToken(
                "org1", Permission.Read("buckets", org), Permission.Write("buckets", org), Permission.Read("orgs", id: org))),
        };
        pipeline.Request = pipeline.Request with { Source = pipeline.Request.Source with { Bucket = bucket } };
        return pipeline;
    }
}
