using System.Net;
using System.Text;
using TestServers;

namespace Influx.Tests;

public sealed class FaultProxyTests : IAsyncLifetime
{
    private readonly HttpClient client = new(new SocketsHttpHandler { UseProxy = false });
    private Influx2Server server = null!;
    private FaultProxy proxy = null!;

    public async ValueTask InitializeAsync()
    {
        server = await Influx2Server.StartAsync();
        proxy = await FaultProxy.StartAsync(server.Url);
        client.BaseAddress = proxy.Url;
        client.DefaultRequestHeaders.TryAddWithoutValidation("Authorization", $"Token {server.OperatorToken}");
    }

    public async ValueTask DisposeAsync()
    {
        client.Dispose();
        await proxy.DisposeAsync();
        await server.DisposeAsync();
    }

    [Fact]
    public async Task Requests_that_no_rule_takes_pass_through_with_query_and_body()
    {
        using var written = await WriteAsync("m f=1 1");
        var read = await client.GetStringAsync(Query("SELECT f FROM m"));

        Assert.Equal(HttpStatusCode.NoContent, written.StatusCode);
        Assert.Equal("v2.7.1", Assert.Single(written.Headers.GetValues("X-Influxdb-Version")));
        Assert.Contains("[1,1]", read, StringComparison.Ordinal);
        Assert.Equal(2, proxy.Requests);
    }

    [Fact]
    public async Task Rules_can_ask_for_the_statement_of_a_form_which_then_still_reaches_the_server()
    {
        var rule = proxy.On(request => FaultProxy.StatementOf(request).StartsWith("SHOW DATA", StringComparison.Ordinal), times: int.MaxValue);
        using var form = new FormUrlEncodedContent([KeyValuePair.Create("q", "SHOW DATABASES")]);

        using var asked = await client.PostAsync(new Uri("/query", UriKind.Relative), form);
        await client.GetStringAsync(new Uri("/query?q=SHOW%20DATABASES", UriKind.Relative));
        await client.GetStringAsync(Query("SELECT f FROM m"));

        Assert.Contains("databases", await asked.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        Assert.Equal(2, rule.Hits);
    }

    [Fact]
    public async Task Connection_cut_before_leaves_nothing_at_the_server()
    {
        var rule = proxy.On("POST", "/api/v2/write").CutBefore();

        await Assert.ThrowsAsync<HttpRequestException>(() => WriteAsync("m f=1 1"));

        Assert.Equal(1, rule.Hits);
        Assert.Empty(server.Requests);
    }

    [Fact]
    public async Task Connection_cut_after_loses_the_answer_but_not_the_points()
    {
        proxy.On("POST", "/api/v2/write").CutAfter();

        await Assert.ThrowsAsync<HttpRequestException>(() => WriteAsync("m f=1 1"));

        Assert.Equal(204, Assert.Single(server.Requests).Status);
        Assert.Contains("[1,1]", await client.GetStringAsync(Query("SELECT f FROM m")), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Canned_answer_comes_as_often_as_asked_for_and_not_more()
    {
        var rule = proxy.On("POST", "/api/v2/write", skip: 1, times: 2).Answer(429, "{}", ("Retry-After", "7"));
        var statuses = new List<int>();

        for (var i = 0; i < 4; i++)
        {
            using var answer = await WriteAsync("m f=1 1");
            statuses.Add((int)answer.StatusCode);
            Assert.Equal(statuses[^1] == 429, answer.Headers.RetryAfter is not null);
        }

        Assert.Equal([204, 429, 429, 204], statuses);
        Assert.Equal(2, rule.Hits);
    }

    [Fact]
    public async Task Truncated_answer_ends_without_a_terminator()
    {
        using var written = await WriteAsync("m f=1 1\nm f=2 2\n");
        proxy.On(path: "/query").Truncate(20);
        using var answer = await client.GetAsync(Query("SELECT f FROM m"), HttpCompletionOption.ResponseHeadersRead);
        await using var body = await answer.Content.ReadAsStreamAsync();
        var start = new byte[20];

        await body.ReadExactlyAsync(start);

        Assert.Equal("{\"results\":[{\"statem", Encoding.UTF8.GetString(start));
        await Assert.ThrowsAsync<HttpIOException>(async () => await body.ReadExactlyAsync(new byte[1]));
    }

    [Fact]
    public async Task Slow_answer_is_overtaken_by_the_clients_deadline()
    {
        proxy.On(path: "/ping").Slow(TimeSpan.FromMinutes(5));
        using var deadline = new CancellationTokenSource(TimeSpan.FromMilliseconds(100));

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => client.GetAsync(new Uri("/ping", UriKind.Relative), deadline.Token));
    }

    [Fact]
    public async Task Corrupt_gzip_can_not_be_unpacked()
    {
        using var written = await WriteAsync("m f=1 1");
        proxy.On(path: "/query").CorruptGzip();
        using var unpacking = new HttpClient(new SocketsHttpHandler { AutomaticDecompression = DecompressionMethods.GZip, UseProxy = false });
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(proxy.Url, Query("SELECT f FROM m")));
        request.Headers.TryAddWithoutValidation("Authorization", $"Token {server.OperatorToken}");

        using var answer = await unpacking.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);

        await Assert.ThrowsAnyAsync<Exception>(() => answer.Content.ReadAsStringAsync());
    }

    [Fact]
    public async Task Counts_how_many_requests_were_under_way_at_once()
    {
        var allAreHere = new TaskCompletionSource();
        var here = 0;
        proxy.On(path: "/ping", times: 3).PassAfter(() =>
        {
            if (Interlocked.Increment(ref here) == 3)
                allAreHere.SetResult();
            return allAreHere.Task;
        });

        var answers = await Task.WhenAll(Enumerable.Range(0, 3).Select(_ => client.GetAsync(new Uri("/ping", UriKind.Relative))));

        Assert.All(answers, answer => Assert.Equal(HttpStatusCode.NoContent, answer.StatusCode));
        Assert.Equal(3, proxy.MaxConcurrentRequests);
        Assert.All(answers, answer => answer.Dispose());
    }

    [Fact]
    public async Task Share_of_the_requests_is_drawn_in_the_same_order_for_the_same_seed()
    {
        var first = await DrawnAsync(seed: 7);
        var second = await DrawnAsync(seed: 7);

        Assert.Equal(first, second);
        Assert.NotEqual(first, await DrawnAsync(seed: 8));
        Assert.InRange(first.Count(status => status == 503), 1, 15);

        async Task<List<int>> DrawnAsync(int seed)
        {
            await using var sometimes = await FaultProxy.StartAsync(server.Url);
            sometimes.On(path: "/ping", times: int.MaxValue).Answer(503).Sometimes(0.3, seed);
            var statuses = new List<int>();
            for (var i = 0; i < 20; i++)
            {
                using var answer = await client.GetAsync(new Uri(sometimes.Url, "/ping"));
                statuses.Add((int)answer.StatusCode);
            }
            return statuses;
        }
    }

    [Fact]
    public async Task Changed_body_comes_with_the_head_of_the_servers_answer()
    {
        proxy.On(path: "/health").Change(body => [.. Encoding.UTF8.GetBytes("other "), .. body]);

        using var answer = await client.GetAsync(new Uri("/health", UriKind.Relative));

        Assert.Equal("application/json", answer.Content.Headers.ContentType?.MediaType);
        Assert.StartsWith("other {", await answer.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Answers_of_no_server_never_end()
    {
        proxy.On(path: "/endless").Endless(500, "text/plain", "first ", number => $"{number} ");
        proxy.On(path: "/drip").Drip(200, "text/plain", "ab", TimeSpan.FromMilliseconds(1));
        proxy.On(path: "/stuck").NeverEnd(400, "application/json", "{");
        proxy.On(path: "/silent").NeverAnswer();

        Assert.StartsWith("first 0 1 2 ", await StartAsync("/endless", 200_000), StringComparison.Ordinal);
        Assert.Equal("abbbb", await StartAsync("/drip", 5));
        Assert.Equal("{", await StartAsync("/stuck", 1));
        using var deadline = new CancellationTokenSource(TimeSpan.FromMilliseconds(200));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => client.GetAsync(new Uri("/silent", UriKind.Relative), deadline.Token));

        async Task<string> StartAsync(string path, int length)
        {
            using var answer = await client.GetAsync(new Uri(path, UriKind.Relative), HttpCompletionOption.ResponseHeadersRead);
            await using var body = await answer.Content.ReadAsStreamAsync();
            var start = new byte[length];
            await body.ReadExactlyAsync(start);
            return Encoding.UTF8.GetString(start);
        }
    }

    private static Uri Query(string query) => new($"/query?db=bucket1&epoch=ns&q={Uri.EscapeDataString(query)}", UriKind.Relative);

    private async Task<HttpResponseMessage> WriteAsync(string lines)
    {
        using var content = new StringContent(lines);
        return await client.PostAsync(new Uri("/api/v2/write?org=org1&bucket=bucket1", UriKind.Relative), content);
    }
}
