namespace Benchmarks;

/// <summary>Makes and drops databases of a 1.x server.</summary>
internal static class Databases
{
    public static Task CreateAsync(HttpClient client, string name) => AskAsync(client, $"CREATE DATABASE {name}");

    public static Task DropAsync(HttpClient client, string name) => AskAsync(client, $"DROP DATABASE {name}");

    private static async Task AskAsync(HttpClient client, string query)
    {
        using var answer = await client.PostAsync(
            new Uri("/query", UriKind.Relative), new FormUrlEncodedContent([new KeyValuePair<string, string>("q", query)]));
        var text = await answer.EnsureSuccessStatusCode().Content.ReadAsStringAsync();
        if (text.Contains("\"error\"", StringComparison.Ordinal))
            throw new InvalidOperationException($"{query}: {text}");
    }
}
