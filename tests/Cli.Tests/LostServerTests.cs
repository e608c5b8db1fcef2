using TestServers;

namespace Cli.Tests;

/// <summary>How a run ends that a server stops answering: by whether it was ever reached.</summary>
public sealed class LostServerTests(SourceServer source) : IClassFixture<SourceServer>, IAsyncLifetime
{
    private readonly CommandRun command = new();
    private InfluxdProcess destination = null!;

    public async ValueTask InitializeAsync() => destination = await InfluxdProcess.StartAsync();

    public async ValueTask DisposeAsync()
    {
        command.Dispose();
        await destination.DisposeAsync();
    }

    [Theory]
    [InlineData("source", 0, 3)]
    [InlineData("source", 1, 6)]
    [InlineData("source", 9, 6)]
    [InlineData("destination", 0, 3)]
    [InlineData("destination", 1, 6)]
    public async Task A_server_that_is_lost_while_planning_is_a_stop_and_one_that_was_never_there_a_refusal(string role, int skip, int exitCode)
    {
        await using var proxy = await FaultProxy.StartAsync(role == "source" ? source.Url : destination.Url);
        // An answer at once for each try, as a dead server's would have the test wait for the back-off.
        var rule = proxy.On(skip: skip, times: int.MaxValue).Answer(503, "", ("Retry-After", "0"));

        var (code, output) = await command.MigrateAsync(
            role == "source" ? proxy.Url : source.Url, role == "source" ? destination.Url : proxy.Url, "--src-bucket", "d");

        Assert.Equal(exitCode, code);
        Assert.Contains($"at the {role} ", output, StringComparison.Ordinal);
        Assert.Contains("warning: plan: retry 1 in ", output, StringComparison.Ordinal);
        Assert.Equal(exitCode == 6, output.Contains("resume with", StringComparison.Ordinal));
        Assert.Equal(skip == 0 ? 4 : 11, rule.Hits);
    }

    [Fact]
    public async Task A_page_of_a_proxy_for_a_write_ends_with_3_and_nothing_counts_as_written()
    {
        await using var proxy = await FaultProxy.StartAsync(destination.Url);
        proxy.On("POST", "/write", times: int.MaxValue).AnswerPage();

        var (code, output) = await command.MigrateAsync(source.Url, proxy.Url, "--src-bucket", "d", "--verify", "none");

        Assert.Equal(3, code);
        Assert.Contains("is there a proxy before the server?", output, StringComparison.Ordinal);
        Assert.DoesNotContain("Unverified", output, StringComparison.Ordinal);
        Assert.False(Directory.Exists(Path.Combine(command.Staging, "quarantine")));
    }
}
