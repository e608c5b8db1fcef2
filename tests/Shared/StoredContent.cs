using System.Globalization;
using System.Text;
using System.Text.Json;

namespace TestServers;

/// <summary>
/// What a real 1.x server holds, as text, read by nothing of ours: plain HTTP and JSON, shard by shard, since a field has one type
/// within a shard only.
/// </summary>
public static class StoredContent
{
    private static readonly HttpClient Client = new(new SocketsHttpHandler { UseProxy = false });

    /// <summary>The points and the types of all fields; empty where there is no such database.</summary>
    public static async Task<string> ReadAsync(Uri server, string database)
    {
        using var names = await QueryAsync(server, database, "SHOW MEASUREMENTS;SHOW FIELD KEYS;SHOW SHARDS");
        var results = names.RootElement.GetProperty("results");
        if (!results[0].TryGetProperty("series", out var measurements))
            return "";
        var windows = Windows(results[2], database);
        var statements = new StringBuilder();
        foreach (var measurement in measurements[0].GetProperty("values").EnumerateArray())
        {
            foreach (var window in windows)
                statements.Append(CultureInfo.InvariantCulture, $"SELECT *::field FROM {Quoted(measurement[0].GetString()!)}{window} GROUP BY *;");
        }
        using var points = await QueryAsync(server, database, statements.ToString().TrimEnd(';'));
        return results[1].GetRawText() + points.RootElement.GetRawText();
    }

    /// <summary>Runs statements at a server.</summary>
    public static async Task<JsonDocument> QueryAsync(Uri server, string database, string statements)
    {
        using var form = new FormUrlEncodedContent([KeyValuePair.Create("q", statements)]);
        using var answer = await Client.PostAsync(new Uri(server, $"/query?epoch=ns&db={Uri.EscapeDataString(database)}"), form);
        var text = await answer.Content.ReadAsStringAsync();
        if (!answer.IsSuccessStatusCode)
            throw new InvalidOperationException(text);
        return JsonDocument.Parse(text);
    }

    /// <summary>Writes line protocol.</summary>
    public static async Task WriteAsync(Uri server, string database, string lines)
    {
        using var body = new StringContent(lines, Encoding.UTF8);
        using var answer = await Client.PostAsync(new Uri(server, $"/write?db={Uri.EscapeDataString(database)}"), body);
        if (!answer.IsSuccessStatusCode)
            throw new InvalidOperationException(await answer.Content.ReadAsStringAsync());
    }

    // The first and the last have no bound: SHOW SHARDS cuts the ends of time to whole seconds.
    private static List<string> Windows(JsonElement shards, string database)
    {
        var groups = shards.GetProperty("series").EnumerateArray()
            .Where(series => series.GetProperty("name").GetString() == database)
            .SelectMany(series => series.GetProperty("values").EnumerateArray())
            .Select(row => (Start: row[4].GetString()!, Stop: row[5].GetString()!))
            .Distinct()
            .OrderBy(group => group.Start, StringComparer.Ordinal)
            .ToList();
        return [.. groups.Select((group, i) => string.Join(
            " AND ", new[] { i > 0 ? $"time >= '{group.Start}'" : "", i < groups.Count - 1 ? $"time < '{group.Stop}'" : "" }.Where(bound => bound.Length > 0)))
            .Select(bounds => bounds.Length > 0 ? " WHERE " + bounds : "")];
    }

    private static string Quoted(string name) =>
        $"\"{name.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal).Replace("\n", "\\n", StringComparison.Ordinal)}\"";
}
