using System.Net.Security;
using System.Text.Json;
using Microsoft.Extensions.Time.Testing;
using Migration;
using TestServers;

namespace Cli.Tests;

/// <summary>How the command moves and shows, beside a plain run.</summary>
public sealed class ModeTests(SourceServer source) : IClassFixture<SourceServer>
{
    [Fact]
    public async Task A_dry_run_prints_the_plan_and_writes_nothing()
    {
        await using var destination = await InfluxdProcess.StartAsync();
        using var command = new CommandRun();

        var (exitCode, output) = await command.MigrateAsync(source.Url, destination.Url, "--src-bucket", "d", "--dest-bucket", "there", "--dry-run");

        Assert.Equal(0, exitCode);
        Assert.Contains("d -> there  cpu: 1 chunks, 1 windows, about 3,000 field values", output, StringComparison.Ordinal);
        Assert.Contains("nothing was written", output, StringComparison.Ordinal);
        Assert.False(Directory.Exists(command.Staging));
        Assert.DoesNotContain("there", await CommandRun.QueryAsync(destination.Url, "SHOW DATABASES"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_dry_run_names_a_destination_bucket_that_would_stop_the_run()
    {
        using var command = new CommandRun();

        var (exitCode, output) = await command.MigrateAsync(source.Url, source.Url, "--src-bucket", "d", "--dest-bucket", "empty", "--dry-run");

        Assert.Equal(0, exitCode);
        Assert.Contains("the destination already has a bucket 'empty'", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Verify_none_is_complete_and_the_report_says_that_the_proof_was_left_out()
    {
        await using var destination = await InfluxdProcess.StartAsync();
        using var command = new CommandRun();

        var (exitCode, output) = await command.MigrateAsync(source.Url, destination.Url, "--src-bucket", "d", "--verify", "none");

        Assert.Equal(0, exitCode);
        Assert.Contains("not verified", output, StringComparison.Ordinal);
        using var report = JsonDocument.Parse(await File.ReadAllTextAsync(Path.Combine(command.Staging, "report.json")));
        Assert.Equal("Unverified", report.RootElement.GetProperty("verdict").GetString());
        Assert.Contains("--verify none", await File.ReadAllTextAsync(Path.Combine(command.Staging, "report.html")), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Skip_verify_warns_in_the_log_and_in_the_report()
    {
        await using var destination = await InfluxdProcess.StartAsync();
        using var command = new CommandRun();

        var (exitCode, output) = await command.MigrateAsync(source.Url, destination.Url, "--src-bucket", "empty", "--skip-verify");

        Assert.Equal(0, exitCode);
        Assert.Contains("warning: the servers' certificates are not checked (--skip-verify)", output, StringComparison.Ordinal);
        Assert.Contains("--skip-verify", await File.ReadAllTextAsync(Path.Combine(command.Staging, "report.json")), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Plain_http_beyond_this_machine_warns_before_the_run_and_in_the_report()
    {
        await using var destination = await InfluxdProcess.StartAsync();
        using var command = new CommandRun();

        // Whatever is asked of the name goes to the source on this machine.
        (command.Variables["http_proxy"], command.Variables["no_proxy"]) = (source.Url.AbsoluteUri, "127.0.0.1");
        var (exitCode, output) = await command.MigrateAsync(new Uri("http://influx.example.com:8086"), destination.Url, "--src-bucket", "empty");

        Assert.Equal(0, exitCode);
        Assert.Contains("warning: the source is reached over plain http: whoever is on the way reads its token and the points", output, StringComparison.Ordinal);
        Assert.DoesNotContain("the destination is reached over plain http", output, StringComparison.Ordinal);
        Assert.Contains("the source is reached over plain http", await File.ReadAllTextAsync(Path.Combine(command.Staging, "report.json")), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Authorities_that_the_system_is_told_of_by_ssl_cert_file_are_trusted_without_an_option()
    {
        using var authority = new TestAuthority();
        using var certificate = authority.Issue();
        await using var secure = await FaultProxy.StartAsync(source.Url, new SslServerAuthenticationOptions { ServerCertificate = certificate });
        await using var destination = await InfluxdProcess.StartAsync();
        using var command = new CommandRun();
        command.Variables["SSL_CERT_FILE"] = authority.CaFile;

        var (exitCode, _) = await command.MigrateAsync(secure.Url, destination.Url, "--src-bucket", "empty");

        Assert.Equal(0, exitCode);
    }

    [Fact]
    public async Task Without_a_terminal_each_running_stage_gets_one_line_every_10_seconds()
    {
        var time = new FakeTimeProvider();
        var progress = new MigrationProgress();
        var done = new TaskCompletionSource<int>();
        using var lines = new StringWriter();

        var view = ProgressView.WithLinesAsync(progress, time, () => done.Task, lines);
        progress.Export.Start(time, 4, 1_000);
        progress.Export.Add(300, 600);
        time.Advance(TimeSpan.FromSeconds(9.9));
        var early = lines.ToString();
        time.Advance(TimeSpan.FromSeconds(0.1));
        var first = lines.ToString();
        time.Advance(TimeSpan.FromSeconds(10));
        var second = lines.ToString();
        done.SetResult(7);

        Assert.Equal(7, await view);
        Assert.Equal("", early);
        Assert.Equal("export: 0 of 4 chunks, 300 points, 30 points/s\n", first);
        Assert.Equal(first + "export: 0 of 4 chunks, 300 points, 15 points/s\n", second);
    }
}
