using Aws;
using Spectre.Console;

namespace Cli.Deployed;

/// <summary>Shows an execution until it ends: a bar for each Map on a terminal, else a line for its state every 10 seconds.</summary>
/// <param name="take">Takes a picture.</param>
/// <param name="time">The clock.</param>
internal sealed class WatchView(Func<CancellationToken, Task<ExecutionPicture>> take, TimeProvider time)
{
    private static readonly TimeSpan BarInterval = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan LineInterval = TimeSpan.FromSeconds(10);

    /// <summary>Shows it on the console.</summary>
    /// <returns>The last picture.</returns>
    public Task<ExecutionPicture> RunAsync(CancellationToken cancellationToken) =>
        Console.IsErrorRedirected || Console.IsOutputRedirected ? WithLinesAsync(Console.Error, cancellationToken) : WithBarsAsync(AnsiConsole.Console, cancellationToken);

    /// <summary>Writes a line for the state every 10 seconds, and one for each Map at its end.</summary>
    public async Task<ExecutionPicture> WithLinesAsync(TextWriter output, CancellationToken cancellationToken)
    {
        var told = new HashSet<string>(StringComparer.Ordinal);
        return await FollowAsync(
            LineInterval,
            async picture =>
            {
                foreach (var map in picture.Maps.Where(map => map.Run.Status != ExecutionStatus.Running && told.Add($"{map.Run.MapRunArn} {picture.Execution.RedriveCount}")))
                    await output.WriteLineAsync($"{map.Label}: {ExecutionText.Chunks(map)}, {map.Run.Status}");
                if (picture.IsRunning)
                    await output.WriteLineAsync(Line(picture));
            },
            problem => output.WriteLineAsync(problem),
            cancellationToken);
    }

    /// <summary>Draws a bar for each Map.</summary>
    public async Task<ExecutionPicture> WithBarsAsync(IAnsiConsole console, CancellationToken cancellationToken) =>
        await console.Progress()
            .Columns(new TaskDescriptionColumn(), new ProgressBarColumn(), new PercentageColumn(), new ElapsedTimeColumn())
            .StartAsync(async view =>
            {
                var state = view.AddTask("…", maxValue: 1);
                state.IsIndeterminate = true;
                var bars = new Dictionary<string, ProgressTask>(StringComparer.Ordinal);
                return await FollowAsync(
                    BarInterval,
                    picture =>
                    {
                        state.Description = Terminal.Shown(picture.IsRunning ? picture.State ?? picture.Execution.Status : picture.Execution.Status);
                        if (!picture.IsRunning)
                            state.StopTask();
                        foreach (var map in picture.Maps)
                            Update(map, bars, view);
                        return Task.CompletedTask;
                    },
                    problem =>
                    {
                        state.Description = Terminal.Shown(problem);
                        return Task.CompletedTask;
                    },
                    cancellationToken);
            });

    private static void Update(MapPicture map, Dictionary<string, ProgressTask> bars, ProgressContext view)
    {
        if (!bars.TryGetValue(map.Run.MapRunArn, out var bar))
            bars.Add(map.Run.MapRunArn, bar = view.AddTask(Terminal.Shown(map.Label)));
        bar.Description = Terminal.Shown($"{map.Label} {ExecutionText.Chunks(map)}");
        bar.MaxValue = Math.Max(1, map.Run.ItemCounts.Total);
        bar.Value = map.Run.ItemCounts.Succeeded;
        if (map.Run.Status != ExecutionStatus.Running)
            bar.StopTask();
    }

    private string Line(ExecutionPicture picture)
    {
        var lasts = ExecutionText.Duration(ExecutionText.Now(time) - picture.Entered);
        return picture.Maps.LastOrDefault(map => map.Label == picture.State && map.Run.Status == ExecutionStatus.Running) is { } map
            ? $"{map.Label}: {ExecutionText.Chunks(map)}, for {lasts}"
            : picture.State is { } state ? $"{state}: for {lasts}" : picture.Execution.Status;
    }

    private async Task<ExecutionPicture> FollowAsync(
        TimeSpan interval, Func<ExecutionPicture, Task> show, Func<string, Task> tell, CancellationToken cancellationToken)
    {
        ExecutionPicture? last = null;
        while (true)
        {
            try
            {
                last = await take(cancellationToken);
                await show(last);
                if (!last.IsRunning)
                    return last;
            }
            catch (Exception failure) when (last is not null && DeployedCommand.IsTransient(failure))
            {
                // The execution goes on whether AWS answers or not.
                await tell($"AWS did not answer ({failure.Message}), asking again");
            }
            await Task.Delay(interval, time, cancellationToken);
        }
    }
}
