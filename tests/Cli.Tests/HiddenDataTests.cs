using TestServers;

namespace Cli.Tests;

/// <summary>The command where a real source does not show all that it has, or not what is asked for.</summary>
public sealed class HiddenDataTests
{
    private const long Time = 1_700_000_000_000_000_000;

    [Fact]
    public async Task What_the_source_does_not_show_ends_with_5_and_is_named_by_every_command()
    {
        await using var source = await SourceAsync();
        await using var destination = await InfluxdProcess.StartAsync();
        var folder = Directory.CreateTempSubdirectory("hidden-").FullName;
        try
        {
            var plan = await RunAsync("migrate", source, destination, "--dry-run");
            var migrated = await RunAsync("migrate", source, destination, "--dir-name", folder);
            var report = await CliProcess.RunAsync("report", folder);
            var verified = await RunAsync("verify", source, destination);
            var without = await RunAsync("verify", source, destination, "--exclude-measurement", "_ser*", "--exclude-measurement", "m");

            Assert.Equal((0, 5, 5, 5, 0), (plan.ExitCode, migrated.ExitCode, report.ExitCode, verified.ExitCode, without.ExitCode));
            Assert.Contains("can't be moved: d m: the field '_name'", plan.Output, StringComparison.Ordinal);
            Assert.Contains("Incomplete: Complete but for 1 measurement and 1 field that the source does not show: ", migrated.Output, StringComparison.Ordinal);
            Assert.Contains("not shown by the source: d _series: ", report.Output, StringComparison.Ordinal);
            Assert.Contains("not compared: source d m: the field '_name'", verified.Output, StringComparison.Ordinal);
            Assert.Contains("Incomplete: the source does not show 1 measurement and 1 field that it has", verified.Output, StringComparison.Ordinal);
            Assert.DoesNotContain("Incomplete", without.Output, StringComparison.Ordinal);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Fact]
    public async Task A_measurement_that_is_not_there_ends_with_2_and_the_nearest_name()
    {
        await using var source = await SourceAsync();
        await using var destination = await InfluxdProcess.StartAsync();

        var migrated = await RunAsync("migrate", source, destination, "--measurement", "fines", "--dry-run");
        var both = await RunAsync("migrate", source, destination, "--measurement", "fine", "--exclude-measurement", "f*", "--dry-run");

        Assert.Equal((2, 2), (migrated.ExitCode, both.ExitCode));
        Assert.Contains("nothing matched --measurement fines: the nearest that is there is 'fine', of 3", migrated.Output, StringComparison.Ordinal);
        Assert.Contains("'fine' is asked for with --measurement and left out with --exclude-measurement", both.Output, StringComparison.Ordinal);
    }

    private static Task<(int ExitCode, string Output)> RunAsync(string command, InfluxdProcess source, InfluxdProcess destination, params string[] more) =>
        CliProcess.RunAsync([command, "--src-host", source.Url.GetLeftPart(UriPartial.Authority), "--src-bucket", "d", "--dest-host", destination.Url.GetLeftPart(UriPartial.Authority), .. more]);

    private static async Task<InfluxdProcess> SourceAsync()
    {
        var server = await InfluxdProcess.StartAsync();
        using var client = new HttpClient { BaseAddress = server.Url };
        using var create = new FormUrlEncodedContent([KeyValuePair.Create("q", "CREATE DATABASE d")]);
        using var made = await client.PostAsync(new Uri("/query", UriKind.Relative), create);
        using var lines = new StringContent($"fine a=1i {Time}\nm a=1i,_name=2i {Time}\n_series a=1i {Time}");
        using var written = await client.PostAsync(new Uri("/write?db=d", UriKind.Relative), lines);
        Assert.True(written.IsSuccessStatusCode, await written.Content.ReadAsStringAsync());
        return server;
    }
}
