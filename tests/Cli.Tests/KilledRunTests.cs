using System.Diagnostics;
using System.Globalization;
using System.Text;
using TestServers;

namespace Cli.Tests;

public sealed class KilledRunTests
{
    private const int Measurements = 60;
    private const int PointsEach = 400;
    private const string Staging = "it's staged";

    [Fact]
    public async Task A_run_that_is_killed_in_export_and_in_import_ends_complete_when_it_is_started_again()
    {
        await using var source = await InfluxdProcess.StartAsync();
        await using var destination = await InfluxdProcess.StartAsync();
        await LoadAsync(source.Url);
        var folder = Directory.CreateTempSubdirectory("killed-");
        try
        {
            await using var gate = await FaultProxy.StartAsync(destination.Url);
            var held = "export";
            Hold(gate, passing: 0, () => held == "export");
            await KillWhenAsync(source.Url, gate.Url, folder, "export");
            held = "import";
            Hold(gate, passing: 1, () => held == "import");
            await KillWhenAsync(source.Url, gate.Url, folder, "import");
            held = "";

            using var last = Start(source.Url, gate.Url, folder);
            var output = await last.StandardOutput.ReadToEndAsync();
            await last.WaitForExitAsync();

            Assert.Equal(0, last.ExitCode);
            Assert.Contains("skipped what an earlier run had finished: 60 exports", output, StringComparison.Ordinal);
            Assert.Contains($"{Measurements * PointsEach:N0} points", output, StringComparison.Ordinal);
            Assert.Equal(Measurements * PointsEach, await CountAsync(destination.Url));
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    [Fact]
    public async Task Ctrl_c_ends_with_6_and_the_way_to_go_on()
    {
        await using var source = await InfluxdProcess.StartAsync();
        await using var destination = await InfluxdProcess.StartAsync();
        await LoadAsync(source.Url);
        var folder = Directory.CreateTempSubdirectory("stopped-");
        try
        {
            await using var gate = await FaultProxy.StartAsync(destination.Url);
            var held = true;
            Hold(gate, passing: 1, () => held);
            using var run = Start(source.Url, gate.Url, folder);
            await FirstReceiptAsync(run, folder, "import");

            using (var interrupt = Process.Start("kill", ["-INT", run.Id.ToString(CultureInfo.InvariantCulture)]))
                await interrupt.WaitForExitAsync();
            var error = await run.StandardError.ReadToEndAsync();
            await run.WaitForExitAsync();
            held = false;

            Assert.Equal(6, run.ExitCode);
            Assert.Contains("\"Stopped\"", await File.ReadAllTextAsync(Path.Combine(folder.FullName, Staging, "report.json")), StringComparison.Ordinal);
            // The very command line, so that it can be copied as it stands; the folder's name has a blank and a quote.
            var again = error[(error.IndexOf("resume with: ", StringComparison.Ordinal) + "resume with: ".Length)..].Split('\n')[0];
            using var resumed = Process.Start(new ProcessStartInfo("sh", ["-c", again]) { UseShellExecute = false, RedirectStandardOutput = true })!;
            var output = await resumed.StandardOutput.ReadToEndAsync();
            await resumed.WaitForExitAsync();
            Assert.Equal(0, resumed.ExitCode);
            Assert.Contains("skipped what an earlier run had finished: 60 exports", output, StringComparison.Ordinal);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    [Fact]
    public async Task A_token_that_is_refused_in_the_middle_ends_with_3_and_says_what_stays()
    {
        await using var source = await InfluxdProcess.StartAsync();
        await using var destination = await InfluxdProcess.StartAsync();
        await LoadAsync(source.Url);
        var folder = Directory.CreateTempSubdirectory("refused-");
        try
        {
            await using var proxy = await FaultProxy.StartAsync(destination.Url);
            proxy.On("POST", "/write", skip: 10, times: 1_000).Answer(401, """{"error":"authorization failed"}""");

            using var run = Start(source.Url, proxy.Url, folder);
            var error = await run.StandardError.ReadToEndAsync();
            await run.WaitForExitAsync();

            Assert.Equal(3, run.ExitCode);
            Assert.Contains("authorization failed", error, StringComparison.Ordinal);
            Assert.Contains("of 60 chunks 60 are exported", error, StringComparison.Ordinal);
            Assert.Contains("all of it stays", error, StringComparison.Ordinal);
            Assert.Contains("when that is mended, resume with: ", error, StringComparison.Ordinal);
            Assert.DoesNotContain("before anything was written", error, StringComparison.Ordinal);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    // The run can't be over before its end: after so many writes each one waits at a gate that is never opened.
    private static void Hold(FaultProxy gate, int passing, Func<bool> holds) =>
        gate.On(request => holds() && request.Path == "/write", skip: passing, times: int.MaxValue).PassAfter(() => Task.Delay(Timeout.Infinite));

    private static async Task KillWhenAsync(Uri source, Uri destination, DirectoryInfo folder, string stage)
    {
        using var run = Start(source, destination, folder);
        await FirstReceiptAsync(run, folder, stage);
        run.Kill();
        await run.WaitForExitAsync();
        Assert.NotEqual(0, run.ExitCode);
        Assert.False(File.Exists(Path.Combine(folder.FullName, Staging, "report.json")));
    }

    private static async Task FirstReceiptAsync(Process run, DirectoryInfo folder, string stage)
    {
        var receipts = Path.Combine(folder.FullName, Staging, "receipts", stage);
        var clock = Stopwatch.StartNew();
        while (!Directory.Exists(receipts) || !Directory.EnumerateFiles(receipts, "*.json").Any())
        {
            Assert.False(run.HasExited, "the run ended before it could be stopped");
            Assert.True(clock.Elapsed < TimeSpan.FromMinutes(5), $"no {stage} receipt within five minutes");
            await Task.Delay(2);
        }
    }

    private static Process Start(Uri source, Uri destination, DirectoryInfo folder) => Process.Start(new ProcessStartInfo(
        "dotnet",
        [
            "exec", Path.Combine(AppContext.BaseDirectory, "influx-migrate.dll"), "migrate", "--src-host", source.GetLeftPart(UriPartial.Authority),
            "--dest-host", destination.GetLeftPart(UriPartial.Authority), "--src-bucket", "d", "--dir-name", Path.Combine(folder.FullName, Staging),
        ])
    {
        UseShellExecute = false,
        RedirectStandardOutput = true,
        RedirectStandardError = true,
    })!;

    private static async Task LoadAsync(Uri server)
    {
        using var client = new HttpClient();
        using var create = new FormUrlEncodedContent([KeyValuePair.Create("q", "CREATE DATABASE d")]);
        using var created = await client.PostAsync(new Uri(server, "/query"), create);
        var lines = new StringBuilder();
        for (var measurement = 0; measurement < Measurements; measurement++)
        {
            for (var point = 0; point < PointsEach; point++)
                lines.Append(CultureInfo.InvariantCulture, $"m{measurement:D2} v={point}i {1_750_000_000_000_000_000 + (point * 1_000_000_000L)}\n");
        }
        using var body = new StringContent(lines.ToString());
        using var written = await client.PostAsync(new Uri(server, "/write?db=d"), body);
        written.EnsureSuccessStatusCode();
    }

    private static async Task<long> CountAsync(Uri server)
    {
        using var client = new HttpClient();
        var text = await client.GetStringAsync(new Uri(server, "/query?db=d&q=" + Uri.EscapeDataString("SELECT count(v) FROM /.*/")));
        using var answer = System.Text.Json.JsonDocument.Parse(text);
        return answer.RootElement.GetProperty("results")[0].GetProperty("series").EnumerateArray()
            .Sum(series => series.GetProperty("values")[0][1].GetInt64());
    }
}
