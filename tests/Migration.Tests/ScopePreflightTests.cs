using Influx;
using TestServers;

namespace Migration.Tests;

/// <summary>What is refused of a token before anything is written: too little, and much more than the migration needs.</summary>
public sealed class ScopePreflightTests(TwoInflux2Servers servers) : IClassFixture<TwoInflux2Servers>
{
    private const string Line = "m v=1i 1750000000000000000";

    [Theory]
    [InlineData("operator", "reads the tokens of its server")]
    [InlineData("all access", "has access to all that its org holds")]
    [InlineData("read all", "reads every bucket of its org")]
    [InlineData("read and write", "which a source is only read from")]
    [InlineData("reads the users", "reads the users of its server")]
    public async Task A_source_token_that_can_do_much_more_is_refused_with_the_command_that_makes_a_right_one(string kind, string words)
    {
        var name = await servers.NewBucketAsync(Line);
        using var pipeline = servers.Pipeline(name);
        pipeline.SourceToken = new Secret(SourceToken(kind, name));

        var refused = await Assert.ThrowsAsync<RejectedException>(() => pipeline.RunAsync());

        Assert.Equal(RejectionKind.Token, refused.Kind);
        Assert.Contains("the source's token can do much more than this migration needs", refused.Message, StringComparison.Ordinal);
        Assert.Contains(words, refused.Message, StringComparison.Ordinal);
        Assert.Contains($"influx-migrate token create --print --role source --host {servers.Source.Url.GetLeftPart(UriPartial.Authority)} --bucket {name}", refused.Message, StringComparison.Ordinal);
        Assert.Contains("--allow-broad-token", refused.Message, StringComparison.Ordinal);
        Assert.Empty(Directory.EnumerateFiles(pipeline.Folder, "plan.json"));
        Assert.DoesNotContain(servers.Destination.Requests, request => request.Target.Contains(name, StringComparison.Ordinal) && request is { Method: "POST", Status: < 400 });
    }

    [Theory]
    [InlineData("operator", true, "reads the tokens of its server")]
    [InlineData("all access", true, "has access to all that its org holds")]
    [InlineData("buckets of the org", false, "may make buckets and write all of its org")]
    public async Task A_destination_token_that_can_do_much_more_is_refused(string kind, bool creates, string words)
    {
        var name = await servers.NewBucketAsync(Line);
        var org = servers.Destination.Org.Id;
        if (!creates)
            await servers.Destination.AddBucketAsync("org1", name);
        using var pipeline = servers.Pipeline(name);
        pipeline.Request = pipeline.Request with { Existing = creates ? ExistingBucket.Fail : ExistingBucket.Reuse };
        pipeline.DestinationToken = kind switch
        {
            "operator" => new Secret(servers.Destination.OperatorToken),
            "all access" => new Secret(servers.Destination.CreateToken("org1", AllAccess(org))),
            _ => pipeline.DestinationToken,
        };

        var refused = await Assert.ThrowsAsync<RejectedException>(() => pipeline.RunAsync());

        Assert.Contains("the destination's token can do much more than this migration needs", refused.Message, StringComparison.Ordinal);
        Assert.Contains(words, refused.Message, StringComparison.Ordinal);
        Assert.Equal(creates, refused.Message.Contains("--create-buckets", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_broad_token_that_is_allowed_is_a_warning_that_the_report_repeats()
    {
        var name = await servers.NewBucketAsync(Line);
        using var pipeline = servers.Pipeline(name);
        pipeline.SourceToken = new Secret(servers.Source.OperatorToken);
        pipeline.Request = pipeline.Request with { AllowBroadToken = true };

        var report = await pipeline.RunAsync();

        Assert.Equal(Verdict.Verified, report.Verdict);
        Assert.Contains("the source's token can do much more", Assert.Single(report.Warnings), StringComparison.Ordinal);
        Assert.Contains("--allow-broad-token", await File.ReadAllTextAsync(Path.Combine(pipeline.Folder, StagingLayout.ReportHtml)), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_token_that_also_reads_another_bucket_is_only_remarked_on()
    {
        var (other, name) = (await servers.NewBucketAsync(""), await servers.NewBucketAsync(Line));
        for (var i = 0; i < 3; i++)
            await servers.NewBucketAsync("");
        using var pipeline = servers.Pipeline(name);
        pipeline.SourceToken = new Secret(servers.Source.CreateToken("org1", Reads(other), Reads(name)));

        var report = await pipeline.RunAsync();

        Assert.Equal(Verdict.Verified, report.Verdict);
        Assert.Contains($"also reads '{other}'", Assert.Single(report.Warnings), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_run_that_is_resumed_with_another_token_checks_that_one()
    {
        var name = await servers.NewBucketAsync(Line);
        using var pipeline = servers.Pipeline(name);
        await pipeline.RunAsync();
        var (source, destination) = (pipeline.SourceToken, pipeline.DestinationToken);

        var again = await pipeline.RunAsync();
        pipeline.SourceToken = new Secret(servers.Source.OperatorToken);
        var refusedSource = await Assert.ThrowsAsync<RejectedException>(() => pipeline.RunAsync());
        (pipeline.SourceToken, pipeline.DestinationToken) = (source, new Secret(servers.Destination.OperatorToken));
        var refusedDestination = await Assert.ThrowsAsync<RejectedException>(() => pipeline.RestoreAsync());
        pipeline.DestinationToken = destination;

        Assert.Equal((Verdict.Verified, Verdict.Verified), (again.Verdict, (await pipeline.RestoreAsync()).Verdict));
        Assert.Contains("the source's token", refusedSource.Message, StringComparison.Ordinal);
        Assert.Contains("the destination's token", refusedDestination.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task An_inactive_token_is_told_from_an_empty_server(bool atTheSource)
    {
        var name = await servers.NewBucketAsync(Line);
        using var pipeline = servers.Pipeline(name);
        (atTheSource ? servers.Source : servers.Destination).Deactivate((atTheSource ? pipeline.SourceToken : pipeline.DestinationToken)!.Reveal());

        var refused = await Assert.ThrowsAsync<RejectedException>(() => pipeline.RunAsync());

        Assert.Contains(atTheSource ? "the source's token is inactive" : "the destination's token is inactive", refused.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("inactive", "the source's token is inactive")]
    [InlineData("no rights", "shows neither a bucket nor an org")]
    public async Task A_full_migration_of_a_token_that_sees_nothing_is_no_success(string kind, string words)
    {
        await using var source = await Influx2Server.StartAsync();
        var token = source.CreateToken("org1", Permission.Read("tasks"));
        if (kind == "inactive")
            source.Deactivate(token);
        using var pipeline = servers.Pipeline(await servers.NewBucketAsync(""), source.Url, new Secret(token));
        pipeline.Request = pipeline.Request with { Full = true, Source = pipeline.Request.Source with { Bucket = null } };

        var refused = await Assert.ThrowsAsync<RejectedException>(() => pipeline.RunAsync());

        Assert.Contains(words, refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_full_migration_of_a_server_that_is_empty_is_complete()
    {
        await using var source = await Influx2Server.StartAsync();
        await source.RemoveBucketAsync(source.BucketOf("org1", "bucket1"));
        var token = source.CreateToken("org1", Permission.Read("buckets", source.Org.Id), Permission.Read("orgs", id: source.Org.Id));
        using var pipeline = servers.Pipeline(await servers.NewBucketAsync(""), source.Url, new Secret(token));
        pipeline.Request = pipeline.Request with { Full = true, Source = pipeline.Request.Source with { Bucket = null } };

        var report = await pipeline.RunAsync();

        Assert.Equal((Verdict.Verified, 0L), (report.Verdict, report.Points));
    }

    [Fact]
    public async Task The_preflight_changes_nothing_at_either_server()
    {
        var name = await servers.NewBucketAsync(Line);
        var existing = await servers.Destination.AddBucketAsync("org1", name);
        using var pipeline = servers.Pipeline(name);
        pipeline.Request = pipeline.Request with { Existing = ExistingBucket.Reuse };
        pipeline.DestinationToken = new Secret(servers.Destination.CreateToken(
            "org1", Permission.Read("buckets", existing.OrgId, existing.Id), Permission.Write("buckets", existing.OrgId, existing.Id)));
        var before = (servers.Source.Changes().Count(), servers.Destination.Changes().Count());

        var plan = await pipeline.PlanAsync();

        Assert.Empty(plan.Warnings);
        Assert.Equal(before.Item1, servers.Source.Changes().Count());
        // The one success is an empty write, which holds no point.
        Assert.Equal([$"/api/v2/write?org={existing.OrgId}&bucket={existing.Id}&precision=ns"], servers.Destination.Changes().Skip(before.Item2));
        Assert.DoesNotContain("\"m\"", await servers.Destination.QueryAsync(name, "SHOW MEASUREMENTS"), StringComparison.Ordinal);
    }

    private static Permission[] AllAccess(string org) =>
    [
        Permission.Read("buckets", org), Permission.Write("buckets", org), Permission.Read("tasks", org), Permission.Write("tasks", org),
        Permission.Read("secrets", org), Permission.Write("secrets", org), Permission.Read("orgs", id: org),
    ];

    private Permission Reads(string bucket) => Permission.Read("buckets", servers.Source.Org.Id, servers.Source.BucketOf("org1", bucket).Id);

    private string SourceToken(string kind, string bucket)
    {
        var server = servers.Source;
        var (org, id) = (server.Org.Id, server.BucketOf("org1", bucket).Id);
        return kind switch
        {
            "operator" => server.OperatorToken,
            "all access" => server.CreateToken("org1", AllAccess(org)),
            "read all" => server.CreateToken("org1", Permission.Read("buckets", org)),
            "read and write" => server.CreateToken("org1", Permission.Read("buckets", org, id), Permission.Write("buckets", org, id)),
            _ => server.CreateToken("org1", Permission.Read("buckets", org, id), Permission.Read("users")),
        };
    }
}
