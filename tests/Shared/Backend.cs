using System.Text.Json.Nodes;

namespace TestServers;

/// <summary>The real influxd that keeps the points and runs InfluxQL behind a test server; one database per bucket.</summary>
internal sealed class Backend : IAsyncDisposable
{
    /// <summary>Where lines are sent that are to be refused, to learn the real server's words for it.</summary>
    internal const string Scratch = "_scratch";

    private readonly InfluxdProcess process;
    private readonly HttpClient client;

    private Backend(InfluxdProcess process)
    {
        this.process = process;
        client = new HttpClient(new SocketsHttpHandler { UseProxy = false }) { BaseAddress = process.Url, Timeout = TimeSpan.FromMinutes(5) };
    }

    internal static async Task<Backend> StartAsync()
    {
        var backend = new Backend(await InfluxdProcess.StartAsync());
        await backend.CommandAsync($"CREATE DATABASE \"{Scratch}\"");
        return backend;
    }

    internal Task CreateAsync(Bucket bucket) => CommandAsync(
        $"CREATE DATABASE \"{bucket.Id}\" WITH DURATION {Duration(bucket.RetentionSeconds)} REPLICATION 1 SHARD DURATION {bucket.ShardGroupSeconds}s NAME \"autogen\"");

    internal Task ChangeAsync(Bucket bucket) => CommandAsync(
        $"ALTER RETENTION POLICY \"autogen\" ON \"{bucket.Id}\" DURATION {Duration(bucket.RetentionSeconds)} SHARD DURATION {bucket.ShardGroupSeconds}s");

    internal Task DropAsync(string database) => CommandAsync($"DROP DATABASE \"{database}\"");

    /// <summary>Sends a query and returns as soon as the answer starts.</summary>
    internal async Task<HttpResponseMessage> QueryAsync(
        string query, IEnumerable<KeyValuePair<string, string>> parameters, string? accept = null, CancellationToken cancellationToken = default)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/query");
        request.Content = new FormUrlEncodedContent([new("q", query), .. parameters]);
        if (accept is not null)
            request.Headers.TryAddWithoutValidation("Accept", accept);
        return await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
    }

    /// <summary>Runs a query and returns its answer as JSON.</summary>
    internal async Task<JsonObject> JsonAsync(string query, string? database = null)
    {
        var parameters = database is null ? [] : new KeyValuePair<string, string>[] { new("db", database) };
        using var answer = await QueryAsync(query, parameters);
        return (JsonObject)JsonNode.Parse(await answer.Content.ReadAsStringAsync())!;
    }

    /// <summary>Runs a command that must succeed.</summary>
    internal async Task CommandAsync(string query, string? database = null)
    {
        var answer = await JsonAsync(query, database);
        var error = answer.Text("error") ?? (answer["results"]?[0] as JsonObject)?.Text("error");
        if (error is not null)
            throw new InvalidOperationException($"the backend refused {query}: {error}");
    }

    /// <summary>Writes lines; returns null, or the server's error text.</summary>
    internal async Task<string?> WriteAsync(string database, ReadOnlyMemory<byte> lines, string precision)
    {
        using var content = new ReadOnlyMemoryContent(lines);
        using var answer = await client.PostAsync(new Uri($"/write?db={database}&precision={precision}", UriKind.Relative), content);
        if (answer.IsSuccessStatusCode)
            return null;
        return (JsonNode.Parse(await answer.Content.ReadAsStringAsync()) as JsonObject)?.Text("error") ?? answer.ReasonPhrase;
    }

    public async ValueTask DisposeAsync()
    {
        client.Dispose();
        await process.DisposeAsync();
    }

    private static string Duration(long seconds) => seconds == 0 ? "INF" : $"{seconds}s";
}
