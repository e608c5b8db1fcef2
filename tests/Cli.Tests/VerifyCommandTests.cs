using System.Globalization;
using System.Text;
using TestServers;

namespace Cli.Tests;

/// <summary><c>influx-migrate verify</c> between two real servers.</summary>
public sealed class VerifyCommandTests : IAsyncLifetime
{
    private const long First = 1_750_000_000_000_000_000;

    private InfluxdProcess source = null!;
    private InfluxdProcess destination = null!;

    public async ValueTask InitializeAsync()
    {
        source = await InfluxdProcess.StartAsync();
        destination = await InfluxdProcess.StartAsync();
        var lines = new StringBuilder();
        for (var i = 0; i < 100; i++)
            lines.Append(CultureInfo.InvariantCulture, $"cpu,host=a v={i}i {First + i}\nmem free={i} {First + i}\n");
        foreach (var server in new[] { source.Url, destination.Url })
        {
            await PostAsync(server, "/query", new FormUrlEncodedContent([KeyValuePair.Create("q", "CREATE DATABASE d")]));
            await PostAsync(server, "/write?db=d", new StringContent(lines.ToString()));
        }
    }

    public async ValueTask DisposeAsync()
    {
        await source.DisposeAsync();
        await destination.DisposeAsync();
    }

    [Fact]
    public async Task Equal_servers_end_with_0_and_a_line_per_measurement()
    {
        var (exitCode, output) = await VerifyAsync();

        Assert.Equal(0, exitCode);
        Assert.Contains("cpu: equal, 1 window, 100 field values", output, StringComparison.Ordinal);
        Assert.Contains("mem: equal, 1 window, 100 field values", output, StringComparison.Ordinal);
        Assert.Contains("Equal: the field values are the same at both ends (2 measurements, 2 windows", output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("content")]
    [InlineData("counts")]
    public async Task A_removed_point_ends_with_4_and_is_shown_with_window_and_kind(string mode)
    {
        await PostAsync(destination.Url, "/query?db=d", new FormUrlEncodedContent([KeyValuePair.Create("q", $"DELETE FROM cpu WHERE time = {First}")]));

        var (exitCode, output) = await VerifyAsync("--verify", mode);

        Assert.Equal(4, exitCode);
        Assert.Contains("cpu: 1 missing in 1 window of 1 (100 field values at the source, 99 at the destination)", output, StringComparison.Ordinal);
        Assert.Contains("[2025-06-15T15:06:40Z, ", output, StringComparison.Ordinal);
        Assert.Contains("mem: equal", output, StringComparison.Ordinal);
        Assert.Contains("Different: 1 window of 2 (", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_only_the_destination_has_is_shown_and_no_difference_where_it_may_hold_more()
    {
        await PostAsync(destination.Url, "/write?db=d", new StringContent($"cpu,host=b v=1i {First}"));

        var strict = await VerifyAsync();
        var lenient = await VerifyAsync("--existing", "reuse");

        Assert.Equal((4, 0), (strict.ExitCode, lenient.ExitCode));
        Assert.All([strict.Output, lenient.Output], output => Assert.Contains("1 extra at the destination", output, StringComparison.Ordinal));
        Assert.Contains("Equal: the destination has all field values of the source, and further ones in 1 window (", lenient.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_point_that_is_missing_is_named_by_its_series_and_field()
    {
        await PostAsync(destination.Url, "/query?db=d", new FormUrlEncodedContent([KeyValuePair.Create("q", $"DELETE FROM cpu WHERE time = {First}")]));

        var (_, output) = await VerifyAsync();

        Assert.Contains("    missing: cpu,host=a v at 2025-06-15T15:06:40Z\n", output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Many_differences_are_summed_up_and_all_of_them_are_in_a_file_that_is_named_or_shown_if_asked_for(bool verbose)
    {
        const int Measurements = 30;
        const int Weeks = 12;
        var lines = new StringBuilder();
        for (var i = 0; i < Measurements * Weeks; i++)
            lines.Append(CultureInfo.InvariantCulture, $"m{i % Measurements:D2} v=1i {First + (i / Measurements * 7L * 86_400_000_000_000)}\n");
        await PostAsync(source.Url, "/write?db=d", new StringContent(lines.ToString()));
        using var command = new CommandRun();

        var (exitCode, output) = await command.RunAsync(
            ["verify", "--src-host", source.Url.GetLeftPart(UriPartial.Authority), "--dest-host", destination.Url.GetLeftPart(UriPartial.Authority), "--src-bucket", "d", .. verbose ? ["--verbose"] : Array.Empty<string>()]);

        Assert.Equal(4, exitCode);
        Assert.EndsWith($"Different: {Measurements * Weeks} windows of {(Measurements * Weeks) + 2} ({Measurements + 2} measurements, {(Measurements * Weeks) + 2} windows, {(Measurements * Weeks) + 200} field values of the source)\n", output, StringComparison.Ordinal);
        var whole = verbose ? output : await File.ReadAllTextAsync(Assert.Single(Directory.EnumerateFiles(command.Folder, "influx-verify-*.txt")), TestContext.Current.CancellationToken);
        Assert.Equal(Measurements * Weeks, whole.Split("    missing: m").Length - 1);
        Assert.Contains("mem: equal", whole, StringComparison.Ordinal);
        if (verbose)
        {
            Assert.Empty(Directory.EnumerateFiles(command.Folder));
            return;
        }
        Assert.True(output.Split('\n').Length < 200, output);
        Assert.Contains($"  and {Weeks - 3} further windows\n", output, StringComparison.Ordinal);
        Assert.Contains("10 further measurements with differences\n2 further measurements without any\nall of it: ", output, StringComparison.Ordinal);
        Assert.Contains($"{command.Folder}/influx-verify-", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_destination_without_the_bucket_ends_with_3()
    {
        var (exitCode, output) = await VerifyAsync("--dest-bucket", "other");

        Assert.Equal(3, exitCode);
        Assert.Contains("the destination shows no bucket 'other'", output, StringComparison.Ordinal);
    }

    private Task<(int ExitCode, string Output)> VerifyAsync(params string[] arguments) => CliProcess.RunAsync(
        ["verify", "--src-host", source.Url.GetLeftPart(UriPartial.Authority), "--dest-host", destination.Url.GetLeftPart(UriPartial.Authority), "--src-bucket", "d", .. arguments]);

    private static async Task PostAsync(Uri server, string path, HttpContent content)
    {
        using (content)
        {
            using var client = new HttpClient();
            using var answer = await client.PostAsync(new Uri(server, path), content);
            answer.EnsureSuccessStatusCode();
        }
    }
}
