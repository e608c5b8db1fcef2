using System.Globalization;
using Aws;
using Cli.Deployed;
using Spectre.Console;

namespace Cli.Tests;

public sealed class WatchViewTests : IDisposable
{
    private const double Start = 1795510800;

    private readonly StringWriter output = new(CultureInfo.InvariantCulture) { NewLine = "\n" };

    [Fact]
    public async Task Lines_tell_the_state_every_10_seconds_and_each_Map_at_its_end()
    {
        var view = View(
            Picture("Plan", entered: 2),
            Picture("Plan", entered: 2),
            Picture("Export", entered: 21, Map("Export", ExecutionStatus.Running, total: 1500, succeeded: 0, running: 4)),
            Picture("Import", entered: 33, Map("Export", ExecutionStatus.Succeeded, total: 1500, succeeded: 1500), Map("Import", ExecutionStatus.Running, total: 3, succeeded: 1, running: 2)),
            Picture("Import", entered: 33, Map("Export", ExecutionStatus.Succeeded, total: 1500, succeeded: 1500), Map("Import", ExecutionStatus.Running, total: 3, succeeded: 2, running: 1)),
            Picture("Failed", entered: 52, Map("Export", ExecutionStatus.Succeeded, total: 1500, succeeded: 1500), Map("Import", ExecutionStatus.Failed, total: 3, succeeded: 2, failed: 1))
                with
            { Execution = Execution(ExecutionStatus.Failed) });

        var last = await view.WithLinesAsync(output, CancellationToken.None);

        Assert.Equal(ExecutionStatus.Failed, last.Execution.Status);
        Assert.Equal("""
            Plan: for 00:00:03
            Plan: for 00:00:13
            Export: 0 of 1,500 chunks, 4 running, for 00:00:04
            Export: 1,500 of 1,500 chunks, SUCCEEDED
            Import: 1 of 3 chunks, 2 running, for 00:00:02
            Import: 2 of 3 chunks, 1 running, for 00:00:12
            Import: 2 of 3 chunks, 1 failed, FAILED

            """, output.ToString());
    }

    [Fact]
    public async Task Bars_have_a_row_for_each_Map()
    {
        var console = AnsiConsole.Create(new AnsiConsoleSettings
        {
            Ansi = AnsiSupport.Yes,
            Interactive = InteractionSupport.Yes,
            ColorSystem = ColorSystemSupport.NoColors,
            Out = new AnsiConsoleOutput(output),
        });
        console.Profile.Width = 120;
        var view = View(
            Picture("Import", entered: 1, Map("Export", ExecutionStatus.Succeeded, total: 4, succeeded: 4), Map("Import", ExecutionStatus.Running, total: 4, succeeded: 1, running: 3)),
            Picture("Succeeded", entered: 9, Map("Export", ExecutionStatus.Succeeded, total: 4, succeeded: 4), Map("Import", ExecutionStatus.Succeeded, total: 4, succeeded: 4))
                with
            { Execution = Execution(ExecutionStatus.Succeeded) });

        await view.WithBarsAsync(console, CancellationToken.None);

        var rows = output.ToString().Split('\n').TakeLast(6).ToList();
        Assert.Contains(rows, row => row.Contains("SUCCEEDED", StringComparison.Ordinal));
        Assert.Contains(rows, row => row.Contains("Export 4 of 4 chunks", StringComparison.Ordinal) && row.Contains("100%", StringComparison.Ordinal));
        Assert.Contains(rows, row => row.Contains("Import 4 of 4 chunks", StringComparison.Ordinal) && row.Contains("100%", StringComparison.Ordinal));
    }

    [Fact]
    public async Task An_AWS_that_does_not_answer_for_a_while_does_not_end_the_watching()
    {
        var calls = 0;
        var view = new WatchView(
            _ => ++calls switch
            {
                1 => Task.FromResult(Picture("Plan", entered: 2)),
                2 => throw new HttpRequestException("no route"),
                _ => Task.FromResult(Picture("Succeeded", entered: 9) with { Execution = Execution(ExecutionStatus.Succeeded) }),
            },
            Clock());

        await view.WithLinesAsync(output, CancellationToken.None);

        Assert.Equal("Plan: for 00:00:03\nAWS did not answer (no route), asking again\n", output.ToString());
    }

    [Fact]
    public async Task An_AWS_that_does_not_answer_at_all_ends_it()
    {
        var view = new WatchView(_ => throw new HttpRequestException("no route"), Clock());

        await Assert.ThrowsAsync<HttpRequestException>(() => view.WithLinesAsync(output, CancellationToken.None));
    }

    [Fact]
    public async Task Ctrl_c_ends_only_the_watching_and_says_so()
    {
        using var stop = new CancellationTokenSource();
        var view = new WatchView(
            _ =>
            {
                stop.Cancel();
                return Task.FromResult(Picture("Plan", entered: 2));
            },
            TimeProvider.System);

        var exitCode = await WatchCommand.EndAsync("dev", DeployedAws.Arn("one"), view.WithLinesAsync(TextWriter.Null, stop.Token), output);

        Assert.Equal(6, exitCode);
        Assert.Equal("no longer watched; the execution goes on. Watch it again: influx-migrate watch --env dev one\nend it: influx-migrate stop --env dev one\n", output.ToString());
    }

    public void Dispose() => output.Dispose();

    private static SkippingTime Clock() => new(DateTimeOffset.FromUnixTimeSeconds((long)Start + 5));

    private static WatchView View(params ExecutionPicture[] pictures)
    {
        var next = 0;
        return new WatchView(_ => Task.FromResult(pictures[next++]), Clock());
    }

    private static Execution Execution(string status) => new() { ExecutionArn = DeployedAws.Arn("one"), Name = "one", Status = status, StartDate = Start };

    private static ExecutionPicture Picture(string state, int entered, params MapPicture[] maps) =>
        new() { Execution = Execution(ExecutionStatus.Running), State = state, Entered = Start + entered, Maps = maps };

    private static MapPicture Map(string label, string status, int total, int succeeded, int running = 0, int failed = 0) => new(label, new MapRun
    {
        MapRunArn = label,
        Status = status,
        ItemCounts = new MapRunItemCounts { Total = total, Succeeded = succeeded, Running = running, Failed = failed },
    });
}
