using System.Net;
using System.Text;
using TestServers;

namespace Influx.Tests;

public sealed class Influx3ServerTests : IAsyncLifetime
{
    private readonly HttpClient client = new(new SocketsHttpHandler { UseProxy = false });
    private Influx3Server server = null!;

    public async ValueTask InitializeAsync()
    {
        server = await Influx3Server.StartAsync();
        client.BaseAddress = server.Url;
        client.DefaultRequestHeaders.TryAddWithoutValidation("Authorization", $"Bearer {server.Token}");
    }

    public async ValueTask DisposeAsync()
    {
        client.Dispose();
        await server.DisposeAsync();
    }

    [Fact]
    public async Task Ping_needs_the_token_and_says_the_version()
    {
        using var stranger = new HttpClient();

        using var refused = await stranger.GetAsync(new Uri(server.Url, "/ping"));
        using var answer = await client.GetAsync(new Uri("/ping", UriKind.Relative));

        Assert.Equal(HttpStatusCode.Unauthorized, refused.StatusCode);
        Assert.Empty(await refused.Content.ReadAsByteArrayAsync());
        Assert.False(refused.Headers.Contains("X-Influxdb-Version"));
        Assert.StartsWith("3.", Assert.Single(answer.Headers.GetValues("X-Influxdb-Version")), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Double_backslash_in_a_tag_value_is_one_and_unsigned_values_stay()
    {
        Assert.Equal(HttpStatusCode.NoContent, await WriteAsync("m,t=C:\\\\dir u=18446744073709551615u 1"));

        var rows = await client.GetStringAsync(new Uri($"/query?db=db1&epoch=ns&q={Uri.EscapeDataString("SELECT * FROM m")}", UriKind.Relative));

        Assert.Contains("[[1,\"C:\\\\dir\",18446744073709551615]]", rows, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("m f=1i 2")]
    [InlineData("m,f=tag g=1 2")]
    [InlineData("m f=1. 2")]
    [InlineData("m f=.5 2")]
    [InlineData("m f=1,f=2 2")]
    [InlineData("m,t=a\\ f=1 2")]
    public async Task Bad_line_refuses_the_whole_body(string line)
    {
        await WriteAsync("m f=1 1");

        Assert.Equal(HttpStatusCode.BadRequest, await WriteAsync("good f=1 1\n" + line));
        Assert.DoesNotContain("good", await client.GetStringAsync(new Uri("/query?db=db1&q=SHOW%20MEASUREMENTS", UriKind.Relative)), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Body_above_10_mib_is_413() =>
        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, await WriteAsync("#" + new string('x', 10 * 1024 * 1024)));

    [Theory]
    [InlineData("with space", HttpStatusCode.BadRequest)]
    [InlineData("-x", HttpStatusCode.BadRequest)]
    [InlineData("db/rp", HttpStatusCode.NoContent)]
    public async Task Database_names_have_rules(string name, HttpStatusCode status) => Assert.Equal(status, await WriteAsync("m f=1 1", name));

    [Fact]
    public async Task Database_is_made_once()
    {
        Assert.Equal(HttpStatusCode.Created, await ConfigureAsync());
        Assert.Equal(HttpStatusCode.Conflict, await ConfigureAsync());
    }

    private async Task<HttpStatusCode> ConfigureAsync()
    {
        using var content = new StringContent("{\"db\":\"made\"}", Encoding.UTF8, "application/json");
        using var answer = await client.PostAsync(new Uri("/api/v3/configure/database", UriKind.Relative), content);
        return answer.StatusCode;
    }

    private async Task<HttpStatusCode> WriteAsync(string lines, string database = "db1")
    {
        using var content = new StringContent(lines);
        using var answer = await client.PostAsync(new Uri($"/api/v2/write?bucket={Uri.EscapeDataString(database)}", UriKind.Relative), content);
        return answer.StatusCode;
    }
}
