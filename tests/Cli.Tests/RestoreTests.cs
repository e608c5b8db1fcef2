using TestServers;

namespace Cli.Tests;

public sealed class RestoreTests(SourceServer source) : IClassFixture<SourceServer>
{
    [Fact]
    public async Task A_staging_folder_knows_the_request_that_it_is_gone_on_with()
    {
        await using var destination = await InfluxdProcess.StartAsync();
        await using var proxy = await FaultProxy.StartAsync(destination.Url);
        await using var sourceProxy = await FaultProxy.StartAsync(source.Url);
        var refuses = true;
        proxy.On(request => refuses && request.Path == "/write", times: int.MaxValue).Answer(401, """{"error":"authorization failed"}""");
        using var command = new CommandRun();

        var stopped = await command.MigrateAsync(sourceProxy.Url, proxy.Url, "--src-bucket", "d", "--dest-bucket", "there", "--measurement", "cpu");
        refuses = false;
        var asked = sourceProxy.Requests;
        var restored = await command.RunAsync("migrate", "--retry-restore-dir", command.Staging);

        Assert.Equal((3, 0), (stopped.ExitCode, restored.ExitCode));
        Assert.Contains("Verified: ", restored.Output, StringComparison.Ordinal);
        Assert.Equal(asked, sourceProxy.Requests);
        Assert.Contains("3000", await CommandRun.QueryAsync(destination.Url, "SELECT count(*) FROM there..cpu"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Another_request_than_the_staging_folder_has_is_refused()
    {
        await using var destination = await InfluxdProcess.StartAsync();
        using var command = new CommandRun();
        await command.MigrateAsync(source.Url, destination.Url, "--src-bucket", "empty");

        var (exitCode, output) = await command.RunAsync("migrate", "--retry-restore-dir", command.Staging, "--dest-host", "http://127.0.0.1:1");

        Assert.Equal(2, exitCode);
        Assert.Contains("belongs to another migration", output, StringComparison.Ordinal);
    }
}
