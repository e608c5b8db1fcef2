using System.Diagnostics;
using System.Globalization;
using System.Text;
using TestServers;

namespace Cli.Tests;

/// <summary>
/// The real command, killed with <c>kill -9</c> at a request of a known number: the proxy before the server kills it itself, before the
/// server has seen the request or when its answer is on the way. Started again, it ends complete.
/// </summary>
public sealed class KilledProcessTests(KilledProcessTests.Servers servers) : IClassFixture<KilledProcessTests.Servers>
{
    private const string Database = "d";

    [Theory]
    [InlineData("source", "SHOW FIELD KEYS", 1, true)]
    [InlineData("source", "SELECT count", 2, false)]
    [InlineData("destination", "CREATE DATABASE", 1, false)]
    [InlineData("destination", "CREATE DATABASE", 1, true)]
    [InlineData("source", "SELECT *", 1, true)]
    [InlineData("source", "SELECT *", 6, false)]
    [InlineData("destination", "/write", 1, false)]
    [InlineData("destination", "/write", 1, true)]
    [InlineData("destination", "/write", 5, true)]
    [InlineData("destination", "/write", 9, false)]
    [InlineData("destination", "SELECT *", 1, true)]
    [InlineData("destination", "SELECT *", 7, false)]
    public async Task A_process_that_is_killed_at_a_request_ends_complete_when_it_is_started_again(string end, string at, int number, bool answered)
    {
        var folder = Directory.CreateTempSubdirectory("killed-");
        var started = new TaskCompletionSource<Process>();
        await using var source = await FaultProxy.StartAsync(servers.Source.Url);
        await using var destination = await FaultProxy.StartAsync(servers.Destination.Url);
        // An empty write is a question for the token's rights.
        var rule = (end == "source" ? source : destination).On(
            request => FaultProxy.StatementOf(request).StartsWith(at, StringComparison.Ordinal) || (request.Path.Value == at && request.ContentLength > 0), skip: number - 1);
        if (answered)
        {
            rule.Change(body =>
            {
                Kill(started.Task.GetAwaiter().GetResult());
                return body;
            });
        }
        else
        {
            rule.Answer(async context =>
            {
                Kill(await started.Task);
                context.Abort();
            });
        }
        try
        {
            using var killed = Start(source.Url, destination.Url, folder);
            started.SetResult(killed);
            await killed.WaitForExitAsync();
            var reported = File.Exists(Path.Combine(folder.FullName, "report.json"));
            using var again = Start(source.Url, destination.Url, folder);
            var output = await again.StandardOutput.ReadToEndAsync();
            await again.WaitForExitAsync();

            Assert.Equal((1, 128 + 9, false), (rule.Hits, killed.ExitCode, reported));
            Assert.True(again.ExitCode == 0, $"{again.ExitCode}: {output}");
            Assert.Equal(servers.Content, await StoredContent.ReadAsync(servers.Destination.Url, Database));
        }
        finally
        {
            using (await StoredContent.QueryAsync(servers.Destination.Url, "", $"DROP DATABASE {Database}"))
                folder.Delete(recursive: true);
        }
    }

    private static void Kill(Process run)
    {
        run.Kill();
        run.WaitForExit();
    }

    private static Process Start(Uri source, Uri destination, DirectoryInfo folder) => Process.Start(new ProcessStartInfo(
        "dotnet",
        [
            "exec", Path.Combine(AppContext.BaseDirectory, "influx-migrate.dll"), "migrate", "--src-host", source.GetLeftPart(UriPartial.Authority),
            "--dest-host", destination.GetLeftPart(UriPartial.Authority), "--src-bucket", Database, "--dir-name", folder.FullName,
        ])
    {
        UseShellExecute = false,
        RedirectStandardOutput = true,
    })!;

    /// <summary>Two real servers for all kills, with six measurements of two days in the source.</summary>
    public sealed class Servers : IAsyncLifetime
    {
        public InfluxdProcess Source { get; private set; } = null!;

        public InfluxdProcess Destination { get; private set; } = null!;

        public string Content { get; private set; } = "";

        public async ValueTask InitializeAsync()
        {
            Source = await InfluxdProcess.StartAsync();
            Destination = await InfluxdProcess.StartAsync();
            var lines = new StringBuilder();
            for (var point = 0; point < 240; point++)
                lines.Append(CultureInfo.InvariantCulture, $"m{point % 6},host=h{point % 5} v={point}i,s=\"é{point}\" {1_750_032_000_000_000_000 + (point * 600_000_000_000L)}\n");
            using (await StoredContent.QueryAsync(Source.Url, "", $"CREATE DATABASE {Database} WITH DURATION 0s SHARD DURATION 1d NAME \"rp\""))
                await StoredContent.WriteAsync(Source.Url, Database, lines.ToString());
            Content = await StoredContent.ReadAsync(Source.Url, Database);
        }

        public async ValueTask DisposeAsync()
        {
            await Source.DisposeAsync();
            await Destination.DisposeAsync();
        }
    }
}
