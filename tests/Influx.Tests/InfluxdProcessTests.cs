using TestServers;

namespace Influx.Tests;

public sealed class InfluxdProcessTests
{
    [Fact]
    public async Task Real_influxd_starts_on_a_free_port_and_says_its_version()
    {
        await using var server = await InfluxdProcess.StartAsync();
        using var client = new HttpClient();

        using var answer = await client.GetAsync(new Uri(server.Url, "/ping"));

        Assert.StartsWith("1.6.7", Assert.Single(answer.Headers.GetValues("X-Influxdb-Version")), StringComparison.Ordinal);
    }
}
