using System.Globalization;
using System.Text;
using TestServers;

namespace Benchmarks;

/// <summary>The data that is moved: 4 measurements of 50 hosts, 10 fields a point of every type but strings and of several precisions.</summary>
internal static class Sample
{
    private const int Fields = 10;
    private const int Measurements = 4;
    private const int Hosts = 50;
    private const int PointsPerRequest = 10_000;

    // Two weeks of data whatever the number of points, so that a run has the same shard groups.
    private static readonly TimeSpan Span = TimeSpan.FromDays(14);
    private static readonly DateTimeOffset Start = new(2025, 6, 2, 0, 0, 0, TimeSpan.Zero);

    /// <summary>Fills a database of a 1.x server.</summary>
    /// <returns>How many field values it then holds.</returns>
    public static async Task<long> LoadAsync(InfluxdProcess server, string database, long fieldValues)
    {
        using var client = new HttpClient { BaseAddress = server.Url, Timeout = TimeSpan.FromMinutes(2) };
        await Databases.CreateAsync(client, database);
        var perSeries = fieldValues / Fields / Measurements / Hosts;
        var step = Span.Ticks * 100 / perSeries;
        var text = new StringBuilder();
        var random = new Random(1);
        var pending = 0;
        for (var i = 0L; i < perSeries; i++)
        {
            for (var series = 0; series < Measurements * Hosts; series++)
            {
                Append(text, random, series, (Start.ToUnixTimeSeconds() * 1_000_000_000) + (i * step), i);
                if (++pending == PointsPerRequest)
                    await SendAsync();
            }
        }
        await SendAsync();
        return perSeries * Fields * Measurements * Hosts;

        async Task SendAsync()
        {
            using var answer = await client.PostAsync(
                new Uri($"/write?db={database}", UriKind.Relative), new StringContent(text.ToString()));
            answer.EnsureSuccessStatusCode();
            text.Clear();
            pending = 0;
        }
    }

    private static void Append(StringBuilder text, Random random, int series, long time, long i) =>
        text.Append(
            CultureInfo.InvariantCulture,
            $"plant{series % Measurements},host=host{series / Measurements:D3},line=l{series % 7},site=north temperature={20 + (random.Next(900) / 100.0)},pressure={1000 + (random.Next(500) / 10.0)},humidity={random.Next(1000) / 10.0},vibration={random.NextDouble()},voltage={230 + (random.Next(80) / 10.0)},current={random.Next(10_000) / 1000.0},load={random.Next(400) / 100.0},cycles={i}i,errors={random.Next(3)}i,running={(random.Next(20) > 0 ? "true" : "false")} {time}\n");
}
