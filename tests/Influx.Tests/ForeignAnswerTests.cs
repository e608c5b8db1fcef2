using TestServers;

namespace Influx.Tests;

/// <summary>What comes with a success and is no answer of an InfluxDB is an error in words: never a write that is done, never an empty list.</summary>
public sealed class ForeignAnswerTests(RealServer real)
{
    private const string Proxy = "is there a proxy before the server?";

    [Theory]
    [InlineData(200, FaultBodies.Page, "text/html", "<title>Sign in</title>")]
    [InlineData(200, "", "", "The answer is empty")]
    [InlineData(202, "{}", "application/json", "{}")]
    [InlineData(206, "a\u001b[2Jb", "text/plain", @"a\x1b[2Jb")]
    public async Task A_write_is_done_with_204_and_nothing_else(int status, string body, string type, string words)
    {
        await using var second = await Influx2Server.StartAsync();
        await using var third = await Influx3Server.StartAsync();
        foreach (var (url, token) in ((Uri, string?)[])[(real.Url, null), (second.Url, second.OperatorToken), (third.Url, third.Token)])
        {
            await using var proxy = await FaultProxy.StartAsync(url);
            using var client = await Clients.ConnectAsync(proxy.Url, token);
            var bucket = await BucketAsync(client);
            proxy.On(request => request.Path.Value!.EndsWith("write", StringComparison.Ordinal)).Answer(status, body, type.Length == 0 ? [] : [("Content-Type", type)]);

            var refused = await Assert.ThrowsAsync<RejectedException>(() => client.WriteAsync(bucket, "m v=1 1\n"));

            Assert.Equal(RejectionKind.NotInflux, refused.Kind);
            Assert.Contains($"at the source {proxy.Url.GetLeftPart(UriPartial.Authority)} was answered {status} with ", refused.Message, StringComparison.Ordinal);
            Assert.Contains(type.Length == 0 ? "no content type" : $"content of the type '{type}'", refused.Message, StringComparison.Ordinal);
            Assert.Contains(Proxy, refused.Message, StringComparison.Ordinal);
            Assert.Contains(words, refused.Message, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData(400)]
    [InlineData(404)]
    [InlineData(422)]
    public async Task A_page_that_refuses_a_write_says_nothing_about_its_lines(int status)
    {
        await using var proxy = await FaultProxy.StartAsync(real.Url);
        using var client = await Clients.ConnectAsync(proxy.Url, null);
        var bucket = await BucketAsync(client);
        proxy.On("POST", "/write").AnswerPage(status);

        var refused = await Assert.ThrowsAsync<RejectedException>(() => client.WriteAsync(bucket, "m v=1 1\n"));

        Assert.Equal(RejectionKind.NotInflux, refused.Kind);
        Assert.Contains(Proxy, refused.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(FaultBodies.Page, "text/html", "")]
    [InlineData("", "", "")]
    [InlineData("", "application/x-msgpack", "")]
    [InlineData("{\"results\":[]}", "application/json", "")]
    [InlineData("{\"results\":[]}", "application/x-msgpack", "")]
    [InlineData("\u0080", "application/x-msgpack", "")]
    [InlineData("\u0081\u00a7results\u0090", "application/x-msgpack", "")]
    [InlineData("\u0081\u00a7results\u0091\u0080", "application/x-msgpack", "gzip")]
    public async Task A_query_is_answered_with_its_media_type_and_its_form(string body, string type, string encoding)
    {
        await using var second = await Influx2Server.StartAsync();
        foreach (var (url, token) in ((Uri, string?)[])[(real.Url, null), (second.Url, second.OperatorToken)])
        {
            await using var proxy = await FaultProxy.StartAsync(url);
            using var client = await Clients.ConnectAsync(proxy.Url, token);
            var bucket = await BucketAsync(client);
            proxy.On("POST", "/query").Answer(async context =>
            {
                if (type.Length > 0)
                    context.Response.ContentType = type;
                if (encoding.Length > 0)
                    context.Response.Headers.ContentEncoding = encoding;
                await context.Response.Body.WriteAsync(System.Text.Encoding.Latin1.GetBytes(body));
            });

            var refused = await Assert.ThrowsAnyAsync<Exception>(
                () => client.ReadAsync(bucket, "SHOW FIELD KEYS", TestContext.Current.CancellationToken));

            // What names the right type may be an InfluxDB that was stopped in the middle.
            if (type == "application/x-msgpack" && encoding.Length == 0)
                Assert.IsType<TransientException>(refused);
            else
                Assert.Equal(RejectionKind.NotInflux, Assert.IsType<RejectedException>(refused).Kind);
            Assert.Contains(Proxy, refused.Message, StringComparison.Ordinal);
            Assert.Contains("SHOW FIELD KEYS", refused.Message, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("/api/v2/buckets")]
    [InlineData("/api/v2/orgs")]
    [InlineData("/api/v2/dbrps")]
    [InlineData("/api/v2/users")]
    [InlineData("/api/v2/authorizations")]
    public async Task A_list_of_another_shape_is_never_an_empty_one(string path)
    {
        await using var server = await Influx2Server.StartAsync();
        await using var proxy = await FaultProxy.StartAsync(server.Url);
        using var client = await Clients.ConnectAsync(proxy.Url, server.OperatorToken);
        var bucket = await client.FindBucketAsync("org1", "bucket1", TestContext.Current.CancellationToken);
        (string Body, string Type)[] others =
        [
            (FaultBodies.Page, "text/html"), ("", ""), ("{}", "application/json"), ("[]", "application/json"), ("null", "application/json"),
            ("""{"buckets":null,"orgs":null,"content":null,"users":null,"authorizations":null}""", "application/json"),
            ("""{"buckets":[{}],"orgs":[{}],"content":[{}],"users":[{}],"authorizations":[{}]}""", "application/json"),
            ("""{"buckets":[],"orgs":[],"content":[],"users":[],"authorizations":[]}""", "text/plain"),
        ];

        foreach (var (body, type) in others)
        {
            var rule = proxy.On("GET", path).Answer(200, body, type.Length == 0 ? [] : [("Content-Type", type)]);

            var refused = await Assert.ThrowsAsync<RejectedException>(() => AskAllAsync(client, bucket!));

            Assert.Equal((1, RejectionKind.NotInflux), (rule.Hits, refused.Kind));
            Assert.Contains(Proxy, refused.Message, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("POST", 200)]
    [InlineData("PATCH", 200)]
    [InlineData("PATCH", 204)]
    public async Task A_change_is_made_only_with_its_own_answer(string method, int status)
    {
        await using var server = await Influx2Server.StartAsync();
        await using var proxy = await FaultProxy.StartAsync(server.Url);
        using var client = await Clients.ConnectAsync(proxy.Url, server.OperatorToken);
        var bucket = await client.FindBucketAsync("org1", "bucket1", TestContext.Current.CancellationToken);
        proxy.On(method).Answer(status, status == 204 ? "" : FaultBodies.Page, ("Content-Type", "text/html"));

        var refused = await Assert.ThrowsAsync<RejectedException>(() => method == "PATCH"
            ? client.SetRetentionAsync(bucket!, TimeSpan.FromDays(30), TestContext.Current.CancellationToken)
            : client.CreateBucketAsync(new BucketPlan("new", "org1", "autogen", TimeSpan.Zero, TimeSpan.FromDays(7)), TestContext.Current.CancellationToken));

        Assert.Equal(RejectionKind.NotInflux, refused.Kind);
    }

    [Theory]
    [InlineData("POST", "/api/v2/authorizations", 200)]
    [InlineData("PATCH", null, 200)]
    [InlineData("DELETE", null, 200)]
    [InlineData("POST", "/api/v2/write", 200)]
    public async Task A_change_of_tokens_is_made_only_with_its_own_answer(string method, string? path, int status)
    {
        await using var server = await Influx2Server.StartAsync();
        await using var proxy = await FaultProxy.StartAsync(server.Url);
        using var tokens = new Influx2Tokens(
            new ServerOptions { Url = proxy.Url, ReadToken = (_, _) => new(new Secret(server.OperatorToken)) }, TimeProvider.System);
        var bucket = server.BucketOf("org1", "bucket1");
        var made = await tokens.CreateAsync(
            bucket.OrgId, userId: null, "one", [new TokenRight("read", "buckets", bucket.OrgId, bucket.Id)], TestContext.Current.CancellationToken);
        proxy.On(method, path).AnswerPage(status);

        var refused = await Assert.ThrowsAsync<RejectedException>(() => (method, path) switch
        {
            ("PATCH", _) => tokens.DeactivateAsync(made.Id, TestContext.Current.CancellationToken),
            ("DELETE", _) => tokens.DeleteAsync(made.Id, TestContext.Current.CancellationToken),
            (_, "/api/v2/write") => tokens.MayWriteAsync(bucket.OrgId, bucket.Id, TestContext.Current.CancellationToken),
            _ => tokens.CreateAsync(bucket.OrgId, userId: null, "two", [new TokenRight("read", "buckets", bucket.OrgId, bucket.Id)], TestContext.Current.CancellationToken),
        });

        Assert.Equal(RejectionKind.NotInflux, refused.Kind);
    }

    [Fact]
    public async Task A_page_tells_nothing_about_what_a_token_may()
    {
        await using var server = await Influx2Server.StartAsync();
        await using var second = await FaultProxy.StartAsync(server.Url);
        await using var first = await FaultProxy.StartAsync(real.Url);
        using var v2 = await Clients.ConnectAsync(second.Url, server.OperatorToken);
        using var v1 = await Clients.ConnectAsync(first.Url, null);
        var bucket = await v2.FindBucketAsync("org1", "bucket1", TestContext.Current.CancellationToken);
        second.On("POST", "/api/v2/write").AnswerPage();
        first.On("GET", "/query").AnswerPage();

        foreach (var ask in (Func<Task>[])[() => ScopeAsync(v2, bucket!), () => ScopeAsync(v1, new Bucket { Name = "d", Database = "d" })])
            Assert.Equal(RejectionKind.NotInflux, (await Assert.ThrowsAsync<RejectedException>(ask)).Kind);
    }

    [Fact]
    public async Task A_page_in_the_place_of_a_server_is_shown_by_its_first_words()
    {
        await using var proxy = await FaultProxy.StartAsync(real.Url);
        proxy.On(times: int.MaxValue).AnswerPage();

        var refused = await Assert.ThrowsAsync<RejectedException>(() => Clients.ConnectAsync(proxy.Url, null));

        Assert.Equal(RejectionKind.NotInflux, refused.Kind);
        Assert.Contains("GET /ping 200 with content of the type 'text/html'", refused.Message, StringComparison.Ordinal);
        Assert.Contains(Proxy, refused.Message, StringComparison.Ordinal);
        Assert.Contains("<title>Sign in</title>", refused.Message, StringComparison.Ordinal);
    }

    private static Task<TokenScope> ScopeAsync(IInfluxClient client, Bucket bucket) =>
        client.ScopeAsync(new TokenNeed(TokenRole.Source, [bucket], CreatesIn: []), TestContext.Current.CancellationToken);

    private static async Task AskAllAsync(IInfluxClient client, Bucket bucket)
    {
        await client.ListBucketsAsync(TestContext.Current.CancellationToken);
        await client.OrgNameAsync(bucket.OrgId, TestContext.Current.CancellationToken);
        await ScopeAsync(client, bucket);
    }

    private static async Task<Bucket> BucketAsync(IInfluxClient client) => client.Version.Family switch
    {
        ServerFamily.V2 => (await client.FindBucketAsync("org1", "bucket1", TestContext.Current.CancellationToken))!,
        ServerFamily.V3 => new Bucket { Name = "d", Database = "d" },
        _ => new Bucket { Name = "foreign", Database = "foreign", RetentionPolicy = "autogen" },
    };
}
