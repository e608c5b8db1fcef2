using System.CommandLine;
using Influx;
using Microsoft.Extensions.Logging;
using Migration;
using static Influx.ShownText;

namespace Cli;

/// <summary>Moves buckets on this machine.</summary>
internal static class MigrateCommand
{
    public static Command Create()
    {
        var options = new Options();
        var command = new DetailedCommand("migrate", "Moves buckets and verifies them.", Settings.Help);
        options.AddTo(command);
        command.SetAction((parsed, cancellationToken) => RunAsync(options, parsed, cancellationToken));
        return command;
    }

    private static async Task<int> RunAsync(Options options, ParseResult parsed, CancellationToken cancellationToken)
    {
        var progress = new MigrationProgress();
        MigrationRun? run = null;
        try
        {
            var known = options.RestoreDir(parsed) is { } restored ? await StoreFactory.ReadRequestAsync(restored, options.S3Bucket(parsed), options.AllowUnownedBucket(parsed), cancellationToken) : null;
            var request = options.Read(parsed, known);
            await WarnAsync(request);
            return options.DryRun(parsed)
                ? await ShowPlanAsync(request, progress, cancellationToken)
                : await MigrateAsync(options, parsed, request, progress, made => run = made, cancellationToken);
        }
#pragma warning disable CA1031 // The one boundary: every failure becomes an exit code and a sentence.
        catch (Exception failure)
#pragma warning restore CA1031
        {
            var error = RunErrors.Map(failure, progress.Plan.Started, run?.StoppedReport, CommandLine.OfThisProcess());
            await Console.Error.WriteLineAsync(error.Sentence);
            if (run?.StoppedReport is { } stopped)
                await Console.Error.WriteLineAsync(ReportCommand.Place(stopped));
            return error.ExitCode;
        }
    }

    private static async Task<int> MigrateAsync(
        Options options, ParseResult parsed, MigrationRequest request, MigrationProgress progress, Action<MigrationRun> begins, CancellationToken cancellationToken)
    {
        var folder = options.Folder(parsed, request);
        var restore = options.RestoreDir(parsed) is not null;
        var (opened, warnings) = await StoreFactory.OpenAsync(
            folder, options.S3Bucket(parsed), options.AllowUnownedBucket(parsed), options.AllowUnhardenedBucket(parsed), cancellationToken);
        using var store = opened;
        var run = new MigrationRun(Context(request, store, progress, new ConsoleLogger(options.LogLevel(parsed))) with { Warnings = warnings });
        begins(run);
        var report = await ProgressView.RunAsync(
            progress, TimeProvider.System, () => restore ? run.RestoreAsync(cancellationToken) : run.RunAsync(cancellationToken));
        var skipped = progress.Export.SkippedChunks + progress.Import.SkippedChunks + progress.Verify.SkippedChunks;
        if (skipped > 0)
            await Console.Out.WriteLineAsync($"skipped what an earlier run had finished: {progress.Export.SkippedChunks} exports, {progress.Import.SkippedChunks} imports, {progress.Verify.SkippedChunks} verifications");
        await ReportCommand.ShowAsync(report);
        return RunErrors.Map(report.Verdict);
    }

    private static async Task<int> ShowPlanAsync(MigrationRequest request, MigrationProgress progress, CancellationToken cancellationToken)
    {
        // Planning uses no store; reading opens no folder.
        using var store = FolderStore.OpenForReading(".");
        var plan = await new MigrationRun(Context(request, store, progress, new ConsoleLogger(LogLevel.Warning))).PlanAsync(cancellationToken);
        await Console.Out.WriteLineAsync($"source       {plan.Source.Url} (InfluxDB {plan.Source.Version})\ndestination  {plan.Destination.Url} (InfluxDB {plan.Destination.Version})");
        foreach (var group in plan.Chunks.GroupBy(chunk => (chunk.Bucket, chunk.Measurement)))
        {
            var windows = group.SelectMany(chunk => chunk.Windows).ToList();
            var range = new TimeRange(windows.Min(window => window.Start), windows.Max(window => window.Stop));
            await Console.Out.WriteLineAsync(
                $"{Line(plan.Buckets[group.Key.Bucket].Source.Name)} -> {Line(plan.Buckets[group.Key.Bucket].DestinationName)}  {Line(group.Key.Measurement)}: "
                + $"{group.Count():N0} chunks, {windows.Count:N0} windows, about {group.Sum(chunk => chunk.FieldValues):N0} field values, {range}");
        }
        foreach (var warning in plan.Warnings)
            await Console.Out.WriteLineAsync($"warning: {Line(warning)}");
        foreach (var conflict in plan.Conflicts)
            await Console.Out.WriteLineAsync($"would stop the run: {Line(conflict)}");
        foreach (var remark in plan.Remarks)
            await Console.Out.WriteLineAsync($"{(remark.Hidden != HiddenPart.None ? "can't be moved" : remark.Rejects ? "will be rejected" : "note")}: {Line(remark.Bucket)} {Line(remark.Measurement)}: {Line(remark.Text)}");
        if (plan.Unmatched.Count > 0)
            await Console.Out.WriteLineAsync($"nothing matched {Line(string.Join(", ", plan.Unmatched))}");
        await Console.Out.WriteLineAsync($"{plan.Chunks.Count:N0} chunks, about {plan.Chunks.Sum(chunk => chunk.FieldValues):N0} field values; nothing was written");
        return ExitCodes.Complete;
    }

    /// <summary>Says what the person asked for and should know.</summary>
    public static async Task WarnAsync(MigrationRequest request)
    {
        if (request.SkipVerify)
            await Console.Error.WriteLineAsync("warning: the servers' certificates are not checked (--skip-verify)");
        foreach (var exposure in request.Exposures())
            await Console.Error.WriteLineAsync($"warning: {exposure}");
    }

    /// <summary>What a run of this command works with.</summary>
    public static RunContext Context(MigrationRequest request, IStagingStore store, MigrationProgress progress, ILogger logger) => new()
    {
        Request = request,
        Store = store,
        ReadSourceToken = (_, _) => new(Settings.SourceToken()),
        ReadDestinationToken = (_, _) => new(Settings.DestinationToken()),
        ResumeWith = CommandLine.OfThisProcess(),
        SourceTokenName = Settings.SourceTokenName,
        DestinationTokenName = Settings.DestinationTokenName,
        Logger = logger,
        Progress = progress,
    };
}
