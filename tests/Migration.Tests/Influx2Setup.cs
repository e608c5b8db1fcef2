using System.Text;
using TestServers;

namespace Migration.Tests;

/// <summary>What tests do to a 2.x test server from outside, as its operator.</summary>
internal static class Influx2Setup
{
    public static async Task WriteAsync(this Influx2Server server, string org, string bucket, string lines)
    {
        var path = $"/api/v2/write?org={Uri.EscapeDataString(org)}&bucket={Uri.EscapeDataString(bucket)}&precision=ns";
        using var content = new StringContent(lines, Encoding.UTF8);
        using var answer = await SendAsync(server.Url, HttpMethod.Post, path, server.OperatorToken, content);
        Assert.True(answer.IsSuccessStatusCode, await answer.Content.ReadAsStringAsync());
    }

    /// <summary>The answer to an InfluxQL query as JSON text with times in nanoseconds.</summary>
    public static async Task<string> QueryAsync(this Influx2Server server, string database, string query)
    {
        var path = $"/query?db={Uri.EscapeDataString(database)}&epoch=ns&q={Uri.EscapeDataString(query)}";
        using var answer = await SendAsync(server.Url, HttpMethod.Get, path, server.OperatorToken, content: null);
        return await answer.Content.ReadAsStringAsync();
    }

    public static async Task<HttpResponseMessage> SendAsync(Uri server, HttpMethod method, string path, string token, HttpContent? content)
    {
        using var client = new HttpClient();
        using var request = new HttpRequestMessage(method, new Uri(server, path)) { Content = content };
        request.Headers.TryAddWithoutValidation("Authorization", $"Token {token}");
        return await client.SendAsync(request);
    }

    /// <summary>The targets of the requests that changed something at a server.</summary>
    public static IEnumerable<string> Changes(this Influx2Server server) => server.Requests
        .Where(request => request.Status < 400)
        .Where(request => request.Method is "PATCH" or "DELETE" || (request.Method == "POST" && !request.Target.StartsWith("/query", StringComparison.Ordinal)))
        .Select(request => request.Target);
}
