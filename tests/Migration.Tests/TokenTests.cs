using Influx;
using TestServers;

namespace Migration.Tests;

/// <summary>What a server refuses, and what the person is told to do about it.</summary>
public sealed class TokenTests(TwoInflux2Servers servers) : IClassFixture<TwoInflux2Servers>
{
    private const string Line = "m v=1i 1750000000000000000";

    [Fact]
    public async Task The_least_rights_that_the_messages_name_are_enough()
    {
        var name = await servers.NewBucketAsync(Line);
        var bucket = servers.Source.BucketOf("org1", name);
        var org = servers.Destination.Org.Id;
        using var pipeline = servers.Pipeline(name);
        pipeline.SourceToken = new Secret(servers.Source.CreateToken("org1", Permission.Read("buckets", bucket.OrgId, bucket.Id)));
        pipeline.DestinationToken = new Secret(servers.Destination.CreateToken(
            "org1", Permission.Read("buckets", org), Permission.Write("buckets", org), Permission.Read("orgs", id: org)));

        var report = await pipeline.RunAsync();

        Assert.Equal((Verdict.Verified, 1L), (report.Verdict, report.Points));
    }

    [Fact]
    public async Task A_token_that_may_not_read_the_bucket_is_told_the_permission_and_the_request_that_grants_it()
    {
        var name = await servers.NewBucketAsync(Line);
        using var pipeline = servers.Pipeline(name);
        pipeline.SourceToken = new Secret(servers.Source.CreateToken("org1", Permission.Read("buckets", servers.Source.Org.Id, servers.Source.BucketOf("org1", "bucket1").Id)));

        var refused = await Assert.ThrowsAsync<RejectedException>(() => pipeline.RunAsync());

        Assert.Contains($"'{name}'", refused.Message, StringComparison.Ordinal);
        Assert.Contains("POST /api/v2/authorizations", refused.Message, StringComparison.Ordinal);
        Assert.Contains("""{"action":"read","resource":{"type":"buckets","orgID":"<org id>","id":"<bucket id>"}}""", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_token_that_may_not_create_the_bucket_is_told_the_permissions_with_the_orgs_id_as_id()
    {
        var name = await servers.NewBucketAsync(Line);
        var org = servers.Destination.Org.Id;
        using var pipeline = servers.Pipeline(name);
        pipeline.DestinationToken = new Secret(servers.Destination.CreateToken("org1", Permission.Read("buckets", org), Permission.Read("orgs", id: org)));

        var refused = await Assert.ThrowsAsync<RejectedException>(() => pipeline.RunAsync());

        Assert.Equal(RejectionKind.Token, refused.Kind);
        Assert.Contains($$$"""{"action":"write","resource":{"type":"buckets","orgID":"{{{org}}}"}}""", refused.Message, StringComparison.Ordinal);
        Assert.Contains($$$"""{"action":"read","resource":{"type":"orgs","id":"{{{org}}}"}}""", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_token_that_may_read_but_not_write_an_existing_bucket_is_told_the_request_that_grants_it()
    {
        var name = await servers.NewBucketAsync(Line);
        var bucket = await servers.Destination.AddBucketAsync("org1", name);
        using var pipeline = servers.Pipeline(name);
        pipeline.Request = pipeline.Request with { Existing = ExistingBucket.Reuse };
        pipeline.DestinationToken = new Secret(servers.Destination.CreateToken("org1", Permission.Read("buckets", bucket.OrgId, bucket.Id)));

        var refused = await Assert.ThrowsAsync<RejectedException>(() => pipeline.RunAsync());

        Assert.Contains("403 insufficient permissions for write", refused.Message, StringComparison.Ordinal);
        Assert.Contains("""{"action":"write","resource":{"type":"buckets","orgID":"<org id>","id":"<bucket id>"}}""", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_token_that_sees_no_org_is_told_that_an_org_is_granted_by_id()
    {
        var name = await servers.NewBucketAsync(Line);
        var org = servers.Destination.Org.Id;
        using var pipeline = servers.Pipeline(name);
        // The usual mistake: orgID instead of id grants nothing.
        pipeline.DestinationToken = new Secret(servers.Destination.CreateToken(
            "org1", Permission.Read("buckets", org), Permission.Write("buckets", org), Permission.Read("orgs", orgId: org)));

        var refused = await Assert.ThrowsAsync<RejectedException>(() => pipeline.RunAsync());
        pipeline.Request = pipeline.Request with { Destination = pipeline.Request.Destination with { Org = org } };
        using var byId = servers.Pipeline(name);
        byId.DestinationToken = pipeline.DestinationToken;
        byId.Request = pipeline.Request;
        var report = await byId.RunAsync();

        Assert.Contains("""{"action":"read","resource":{"type":"orgs","id":"<org id>"}} ("id", not "orgID")""", refused.Message, StringComparison.Ordinal);
        Assert.Equal(Verdict.Verified, report.Verdict);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task An_unknown_org_is_named(bool atTheSource)
    {
        var name = await servers.NewBucketAsync(Line);
        using var pipeline = servers.Pipeline(name);
        var request = pipeline.Request;
        pipeline.Request = atTheSource
            ? request with { Source = request.Source with { Org = "nowhere" } }
            : request with { Destination = request.Destination with { Org = "nowhere" } };

        var refused = await Assert.ThrowsAsync<RejectedException>(() => pipeline.RunAsync());

        Assert.Contains("organization name \"nowhere\" not found", refused.Message, StringComparison.Ordinal);
        Assert.Contains(atTheSource ? "source" : "destination", refused.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_token_that_a_server_does_not_know_is_refused_and_not_shown(bool atTheSource)
    {
        const string Wrong = "not-a-real-token";
        var name = await servers.NewBucketAsync(Line);
        using var pipeline = servers.Pipeline(name);
        if (atTheSource)
            pipeline.SourceToken = new Secret(Wrong);
        else
            pipeline.DestinationToken = new Secret(Wrong);

        var refused = await Assert.ThrowsAsync<RejectedException>(() => pipeline.RunAsync());

        Assert.Equal(RejectionKind.Token, refused.Kind);
        Assert.Contains(atTheSource ? "INFLUX_SRC_TOKEN" : "INFLUX_DEST_TOKEN", refused.Message, StringComparison.Ordinal);
        Assert.DoesNotContain(Wrong, refused.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_token_that_is_revoked_in_mid_run_is_read_again_once(bool rotated)
    {
        var name = await servers.NewBucketAsync(Line);
        var bucket = servers.Source.BucketOf("org1", name);
        var (old, fresh) = (NewToken(), NewToken());
        await using var proxy = await FaultProxy.StartAsync(servers.Source.Url);
        using var pipeline = servers.Pipeline(name, proxy.Url, new Secret(old));
        var queries = 0;
        proxy.On(request =>
        {
            // In the middle of planning.
            if (request.Path != "/query" || ++queries != 3)
                return false;
            servers.Source.RevokeToken(old);
            pipeline.SourceToken = new Secret(rotated ? fresh : old);
            return false;
        });

        var run = () => pipeline.RunAsync();

        if (rotated)
            Assert.Equal((Verdict.Verified, 1L), ((await run()).Verdict, 1L));
        else
            Assert.Equal(RejectionKind.Token, (await Assert.ThrowsAsync<RejectedException>(run)).Kind);

        string NewToken() => servers.Source.CreateToken("org1", Permission.Read("buckets", bucket.OrgId, bucket.Id));
    }

    [Theory]
    [InlineData("/ping", 301)]
    [InlineData("/api/v2/buckets", 302)]
    [InlineData("/query", 307)]
    [InlineData("/query", 308)]
    public async Task A_redirect_is_refused_and_the_other_host_gets_nothing(string path, int status)
    {
        var name = await servers.NewBucketAsync(Line);
        await using var other = await FaultProxy.StartAsync(servers.Source.Url);
        await using var proxy = await FaultProxy.StartAsync(servers.Source.Url);
        proxy.On(path: path).Answer(status, "", ("Location", new Uri(other.Url, path).AbsoluteUri));
        using var pipeline = servers.Pipeline(name, proxy.Url);

        var refused = await Assert.ThrowsAsync<RejectedException>(() => pipeline.RunAsync());

        Assert.Contains($"redirects to {other.Url}", refused.Message, StringComparison.Ordinal);
        Assert.Equal(0, other.Requests);
    }
}
