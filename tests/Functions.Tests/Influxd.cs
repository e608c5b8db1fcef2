using System.Globalization;
using System.Text;

namespace Functions.Tests;

/// <summary>Calls of a real influxd from a test.</summary>
internal static class Influxd
{
    public static async Task<string> QueryAsync(Uri server, string statement, string user = "")
    {
        using var client = new HttpClient();
        using var body = new FormUrlEncodedContent([KeyValuePair.Create("q", statement)]);
        using var answer = await client.PostAsync(new Uri(server, $"/query?db=d{user}"), body);
        var text = await answer.Content.ReadAsStringAsync();
        Assert.DoesNotContain("error", text, StringComparison.Ordinal);
        return text;
    }

    public static async Task WriteAsync(Uri server, string database, string lines)
    {
        using var client = new HttpClient();
        using var body = new StringContent(lines, Encoding.UTF8);
        using var answer = await client.PostAsync(new Uri(server, $"/write?db={database}"), body);
        Assert.True(answer.IsSuccessStatusCode, await answer.Content.ReadAsStringAsync());
    }

    /// <summary>Two measurements over some weeks, with every type.</summary>
    public static string Sample(int points)
    {
        var lines = new StringBuilder("log s=\"a\\\"b\\\\c\",ok=true,n=9223372036854775807i 5\n");
        for (var i = 0; i < points; i++)
            lines.Append(CultureInfo.InvariantCulture, $"cpu,host=h{i % 5} v={i * 0.25},n={i}i {1_750_000_000_000_000_000 + (i * 600_000_000_000L)}\n");
        return lines.ToString();
    }
}
