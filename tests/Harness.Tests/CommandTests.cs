using Functions;
using Migration;
using TestServers;

namespace Harness.Tests;

/// <summary>The real command against the deployed shape: the stacks' outputs, executions and map runs are answered by an AWS that is not ours.</summary>
public sealed class CommandTests : IDisposable
{
    private readonly ShapeFixture fixture;
    private readonly CommandRun command = new();

    public CommandTests(ShapeFixture fixture)
    {
        this.fixture = fixture;
        foreach (var (name, value) in fixture.Shape.ClientVariables)
            command.Variables[name] = value;
    }

    public void Dispose() => command.Dispose();

    [Fact]
    public async Task The_command_drives_an_execution_from_its_start_to_its_report()
    {
        var execution = await StartAsync("commanded");
        var watched = await RunAsync(0, "watch", execution);
        var status = await RunAsync(0, "status", execution);
        var latest = await RunAsync(0, "status");
        var report = await RunAsync(0, "report", execution);

        Assert.Contains("Verified", watched, StringComparison.Ordinal);
        Assert.StartsWith("SUCCEEDED after 00:", Line(status, "status"), StringComparison.Ordinal);
        Assert.Equal(("4 of 4 chunks", "4 of 4 chunks", "4 of 4 chunks"), (Line(status, "Export"), Line(status, "Import"), Line(status, "Verify")));
        Assert.StartsWith("SUCCEEDED ", latest.Split('\n').First(line => line.EndsWith(execution, StringComparison.Ordinal)), StringComparison.Ordinal);
        Assert.Contains("384 points, 4,224 field values", report, StringComparison.Ordinal);
        Assert.Equal(ShapeFixture.Points * 11, await fixture.CountAsync("commanded"));
    }

    [Fact]
    public async Task The_command_redrives_an_execution_that_failed()
    {
        var import = fixture.Shape[HandlerNames.Import];
        import.Intercept = (_, _) => DeployedShapeTests.Failed(ErrorNames.Refused, "the destination's token may not write this bucket");
        var failed = await StartAsync("redriven");
        var watched = await RunAsync(3, "watch", failed);
        import.Intercept = null;
        var imports = import.Payloads.Count;

        var redriven = Line(await RunAsync(0, "redrive", failed), "name");
        var report = await RunAsync(0, "watch", redriven);

        Assert.Contains("may not write this bucket", watched, StringComparison.Ordinal);
        Assert.NotEqual(failed, redriven);
        Assert.Contains("Verified", report, StringComparison.Ordinal);
        Assert.Equal((4, ShapeFixture.Points * 11), (import.Payloads.Count - imports, await fixture.CountAsync("redriven")));
    }

    private async Task<string> StartAsync(string destinationBucket)
    {
        var file = Path.Combine(command.Folder, "input.json");
        await File.WriteAllTextAsync(file, ShapeFixture.Input(destinationBucket).ToJsonString());
        return Line(await RunAsync(0, "start", "--input", file), "name");
    }

    private async Task<string> RunAsync(int expected, string verb, params string[] arguments)
    {
        var (exitCode, output) = await command.RunAsync([verb, "--env", "dev", .. arguments]);
        Assert.True(exitCode == expected, $"{verb} ended with {exitCode}:\n{output}");
        return output;
    }

    private static string Line(string output, string title) =>
        output.Split('\n').First(line => line.StartsWith(title + " ", StringComparison.Ordinal))[title.Length..].Trim();
}
