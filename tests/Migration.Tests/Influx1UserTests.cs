using System.Net.Http.Headers;
using System.Text;
using Influx;
using TestServers;

namespace Migration.Tests;

/// <summary>A real 1.x server that asks for users and passwords.</summary>
public sealed class Influx1UserTests(ServerWithUsers server) : IClassFixture<ServerWithUsers>
{
    [Fact]
    public async Task A_user_who_may_only_read_is_enough_at_the_source()
    {
        await using var destination = await InfluxdProcess.StartAsync();
        using var pipeline = new Pipeline(server.Url, destination.Url) { SourceToken = new Secret("reader:read pass:1") };

        var report = await pipeline.RunAsync();

        // SHOW SHARDS is for admins only: the field whose type changes is read hour by hour.
        Assert.Equal((Verdict.Verified, 4L, 4L), (report.Verdict, report.Points, report.FieldValues));
    }

    [Fact]
    public async Task An_admin_at_the_destination_creates_the_database_and_a_user_with_all_rights_fills_it()
    {
        using var first = new Pipeline(server.Open.Url, server.Url) { DestinationToken = new Secret(ServerWithUsers.Admin) };
        first.Request = first.Request with { Destination = first.Request.Destination with { Bucket = "made" }, AllowBroadToken = true };
        using var second = new Pipeline(server.Open.Url, server.Url) { DestinationToken = new Secret("owner:owner-pass") };
        second.Request = first.Request with { Existing = ExistingBucket.Reuse, AllowBroadToken = false };

        var made = await first.RunAsync();
        await server.CommandAsync("GRANT ALL ON made TO owner");
        var filled = await second.RunAsync();

        Assert.Equal((Verdict.Verified, Verdict.Verified), (made.Verdict, filled.Verdict));
        Assert.Equal(1, filled.Points);
    }

    [Theory]
    [InlineData(ServerWithUsers.Admin, "is an admin, who may do everything")]
    [InlineData("both:both-pass", "may write 'd', which a source is only read from")]
    public async Task A_user_at_the_source_who_may_do_more_than_read_is_refused(string token, string words)
    {
        using var pipeline = new Pipeline(server.Url, server.Open.Url) { SourceToken = new Secret(token) };
        pipeline.Request = pipeline.Request with { Destination = pipeline.Request.Destination with { Bucket = "never-made" } };

        var refused = await Assert.ThrowsAsync<RejectedException>(() => pipeline.RunAsync());

        Assert.Contains(words, refused.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("never-made", await CommandRun.QueryAsync(server.Open.Url, "SHOW DATABASES"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_user_without_rights_is_told_from_an_empty_server()
    {
        using var pipeline = new Pipeline(server.Url, server.Open.Url) { SourceToken = new Secret("nobody:nobody-pass") };
        pipeline.Request = pipeline.Request with { Full = true, Source = pipeline.Request.Source with { Bucket = null } };

        var refused = await Assert.ThrowsAsync<RejectedException>(() => pipeline.RunAsync());

        Assert.Contains("the source's user sees no database", refused.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("nobody:nobody-pass", "GRANT READ ON \"d\" TO \"nobody\"")]
    [InlineData("writer:writer-pass", "GRANT READ ON \"d\" TO \"writer\"")]
    [InlineData("reader:wrong", "INFLUX_SRC_TOKEN")]
    [InlineData(null, "no token is given: set INFLUX_SRC_TOKEN")]
    [InlineData("no-colon", "user:password")]
    public async Task A_user_without_rights_at_the_source_is_told_what_is_missing(string? token, string words)
    {
        using var pipeline = new Pipeline(server.Url, server.Open.Url) { SourceToken = token is null ? null : new Secret(token) };
        pipeline.Request = pipeline.Request with { Destination = pipeline.Request.Destination with { Bucket = "unused" } };

        var refused = await Assert.ThrowsAsync<RejectedException>(() => pipeline.RunAsync());

        Assert.Contains(words, refused.Message, StringComparison.Ordinal);
        Assert.All(["nobody-pass", "writer-pass"], password => Assert.DoesNotContain(password, refused.ToString(), StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("reader:read pass:1", "new", ExistingBucket.Fail)]
    [InlineData("writer:writer-pass", "d", ExistingBucket.Reuse)]
    [InlineData("reader:read pass:1", "d", ExistingBucket.Reuse)]
    public async Task A_user_without_rights_at_the_destination_is_told_what_is_missing(string token, string bucket, ExistingBucket existing)
    {
        using var pipeline = new Pipeline(server.Open.Url, server.Url) { DestinationToken = new Secret(token) };
        pipeline.Request = pipeline.Request with { Destination = pipeline.Request.Destination with { Bucket = bucket }, Existing = existing };

        var refused = await Assert.ThrowsAsync<RejectedException>(() => pipeline.RunAsync());

        Assert.Equal(RejectionKind.Token, refused.Kind);
        Assert.Contains($"CREATE DATABASE \"{bucket}\"; GRANT ALL ON \"{bucket}\" TO \"{token.Split(':')[0]}\"", refused.Message, StringComparison.Ordinal);
    }
}

/// <summary>A server with users and a field whose type changes in the bucket d, and one without users that has one point in d.</summary>
public sealed class ServerWithUsers : IAsyncLifetime
{
    public const string Admin = "admin:admin-pass";

    private InfluxdProcess process = null!;

    public Uri Url => process.Url;

    public InfluxdProcess Open { get; private set; } = null!;

    public async ValueTask InitializeAsync()
    {
        process = await InfluxdProcess.StartAsync(new InfluxdOptions { Auth = true });
        Open = await InfluxdProcess.StartAsync();
        await CommandAsync("CREATE USER admin WITH PASSWORD 'admin-pass' WITH ALL PRIVILEGES");
        await CommandAsync("CREATE DATABASE d WITH DURATION 0s SHARD DURATION 1d NAME rp");
        foreach (var (user, password) in new[] { ("reader", "read pass:1"), ("writer", "writer-pass"), ("owner", "owner-pass"), ("nobody", "nobody-pass"), ("both", "both-pass") })
            await CommandAsync($"CREATE USER {user} WITH PASSWORD '{password}'");
        await CommandAsync("GRANT READ ON d TO reader");
        await CommandAsync("GRANT WRITE ON d TO writer");
        await CommandAsync("GRANT ALL ON d TO both");
        const string Lines = "m v=1i 1000000000000000000\nm v=1.5 1100000000000000000\nm v=\"s\" 1200000000000000000\nm v=true 1300000000000000000";
        using var written = await SendAsync("/write?db=d", new StringContent(Lines));
        Assert.True(written.IsSuccessStatusCode);
        await Pipeline.QueryAsync(Open.Url, "CREATE DATABASE d");
        await Pipeline.WriteAsync(Open.Url, "m v=1i 7");
    }

    public async ValueTask DisposeAsync()
    {
        await process.DisposeAsync();
        await Open.DisposeAsync();
    }

    /// <summary>Runs a statement as the admin.</summary>
    public async Task CommandAsync(string statement)
    {
        using var answer = await SendAsync("/query", new FormUrlEncodedContent([KeyValuePair.Create("q", statement)]));
        Assert.DoesNotContain("error", await answer.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    private async Task<HttpResponseMessage> SendAsync(string path, HttpContent content)
    {
        using var client = new HttpClient();
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(Url, path)) { Content = content };
        request.Headers.Authorization = new AuthenticationHeaderValue("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes(Admin)));
        return await client.SendAsync(request);
    }
}
