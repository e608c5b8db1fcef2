using Migration;
using Spectre.Console;

namespace Cli;

/// <summary>Shows what the stages count: bars on a terminal, else a line per stage every 10 seconds.</summary>
internal static class ProgressView
{
    private static readonly TimeSpan BarInterval = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan LineInterval = TimeSpan.FromSeconds(10);

    /// <summary>Runs work and shows its progress.</summary>
    public static Task<T> RunAsync<T>(MigrationProgress progress, TimeProvider time, Func<Task<T>> work) =>
        Console.IsErrorRedirected || Console.IsOutputRedirected ? WithLinesAsync(progress, time, work, Console.Error) : WithBarsAsync(progress, time, work);

    /// <summary>Runs work and writes a line for each stage under way, every 10 seconds.</summary>
    public static async Task<T> WithLinesAsync<T>(MigrationProgress progress, TimeProvider time, Func<Task<T>> work, TextWriter output)
    {
        var running = work();
        while (!await EndsWithinAsync(running, LineInterval, time))
        {
            foreach (var stage in progress.Stages.Where(stage => stage.Started && !stage.Finished))
                await output.WriteLineAsync(Line(stage, time));
        }
        return await running;
    }

    private static async Task<T> WithBarsAsync<T>(MigrationProgress progress, TimeProvider time, Func<Task<T>> work) =>
        await AnsiConsole.Progress()
            .Columns(new TaskDescriptionColumn(), new ProgressBarColumn(), new PercentageColumn(), new RemainingTimeColumn())
            .StartAsync(async view =>
            {
                var bars = progress.Stages.ToDictionary(stage => stage, stage => view.AddTask(stage.Name, autoStart: false));
                var running = work();
                bool ended;
                do
                {
                    ended = await EndsWithinAsync(running, BarInterval, time);
                    foreach (var (stage, bar) in bars)
                        Update(stage, bar, time);
                }
                while (!ended);
                return await running;
            });

    private static void Update(StageProgress stage, ProgressTask bar, TimeProvider time)
    {
        if (!stage.Started)
            return;
        if (!bar.IsStarted)
            bar.StartTask();
        bar.Description = stage.Retrying is null ? $"{stage.Name} {Rate(stage, time):N0} points/s" : $"{stage.Name} retrying";
        bar.MaxValue = Math.Max(1, stage.TotalFieldValues);
        bar.Value = stage.Finished ? bar.MaxValue : stage.FieldValues + stage.SkippedFieldValues;
    }

    private static string Line(StageProgress stage, TimeProvider time) =>
        $"{stage.Name}: {stage.DoneChunks + stage.SkippedChunks:N0} of {stage.TotalChunks:N0} chunks, {stage.Points:N0} points, {Rate(stage, time):N0} points/s"
        + (stage.Retrying is { } cause ? $", retrying after: {cause}" : "");

    private static double Rate(StageProgress stage, TimeProvider time) => stage.Points / Math.Max(stage.Elapsed(time).TotalSeconds, 0.001);

    private static async Task<bool> EndsWithinAsync(Task running, TimeSpan wait, TimeProvider time)
    {
        var pause = Task.Delay(wait, time);
        return await Task.WhenAny(running, pause) == running;
    }
}
