using System.Globalization;
using System.Text;
using TestServers;

namespace Benchmarks;

/// <summary>
/// The data that is moved: 4 measurements, 2,500 points of each host, 10 fields a point of every type but strings and of
/// several precisions. More field values are more hosts, so that a run of another size differs in size only.
/// </summary>
internal static class Sample
{
    private const int Fields = 10;
    private const int Measurements = 4;
    private const int PointsPerSeries = 2_500;
    private const int PointsPerRequest = 10_000;

    // Two weeks, so that there are three shard groups.
    private static readonly long Step = TimeSpan.FromDays(14).Ticks * 100 / PointsPerSeries;
    private static readonly DateTimeOffset Start = new(2025, 6, 2, 0, 0, 0, TimeSpan.Zero);

    /// <summary>Fills a database of a 1.x server.</summary>
    /// <returns>How many field values it then holds.</returns>
    public static async Task<long> LoadAsync(InfluxdProcess server, string database, long fieldValues)
    {
        using var client = new HttpClient { BaseAddress = server.Url, Timeout = TimeSpan.FromMinutes(2) };
        await Databases.CreateAsync(client, database);
        var allSeries = (int)(fieldValues / Fields / PointsPerSeries);
        var text = new StringBuilder();
        var random = new Random(1);
        var pending = 0;
        for (var i = 0L; i < PointsPerSeries; i++)
        {
            for (var series = 0; series < allSeries; series++)
            {
                Append(text, random, series, (Start.ToUnixTimeSeconds() * 1_000_000_000) + (i * Step), i);
                if (++pending == PointsPerRequest)
                    await SendAsync();
            }
        }
        await SendAsync();
        return (long)allSeries * PointsPerSeries * Fields;

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
