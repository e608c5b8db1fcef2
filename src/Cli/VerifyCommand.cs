using System.CommandLine;
using Influx;
using Migration;

namespace Cli;

/// <summary>Compares two live servers and moves nothing.</summary>
internal static class VerifyCommand
{
    public static Command Create()
    {
        var options = new Options();
        var command = new Command(
            "verify",
            "Compares two live servers, window by window, and moves nothing. What only the destination holds is a difference unless --existing reuse "
            + $"says that it may hold more; what either server receives during the comparison may show as one. {Settings.Help}\n\n{ExitCodes.Table}");
        options.AddComparedTo(command);
        command.SetAction((parsed, cancellationToken) => RunAsync(options, parsed, cancellationToken));
        return command;
    }

    private static async Task<int> RunAsync(Options options, ParseResult parsed, CancellationToken cancellationToken)
    {
        var progress = new MigrationProgress();
        try
        {
            var request = options.Read(parsed);
            if (request.Verify == VerifyMode.None)
                throw new InputException("--verify none compares nothing: leave it out, or give content or counts");
            await MigrateCommand.WarnAsync(request);
            // Comparing uses no store; reading opens no folder.
            using var store = FolderStore.OpenForReading(".");
            var run = new MigrationRun(MigrateCommand.Context(request, store, progress, new ConsoleLogger(options.LogLevel(parsed))));
            var report = await ProgressView.RunAsync(progress, TimeProvider.System, () => run.CompareAsync(cancellationToken));
            await ShowAsync(report);
            return report.Different ? ExitCodes.Different : ExitCodes.Complete;
        }
#pragma warning disable CA1031 // The one boundary: every failure becomes an exit code and a sentence.
        catch (Exception failure)
#pragma warning restore CA1031
        {
            var error = RunErrors.Map(failure, progress.Plan.Finished, stopped: null, CommandLine.OfThisProcess());
            await Console.Error.WriteLineAsync(error.Sentence);
            return error.ExitCode;
        }
    }

    private static async Task ShowAsync(ComparisonReport report)
    {
        var output = Console.Out;
        await output.WriteLineAsync($"source       {report.Source.Url} (InfluxDB {report.Source.Version})\ndestination  {report.Destination.Url} (InfluxDB {report.Destination.Version})");
        foreach (var measurement in report.Measurements)
        {
            await output.WriteLineAsync($"{measurement.SourceBucket} -> {measurement.DestinationBucket}  {measurement.Measurement}: {Words(measurement)}");
            foreach (var difference in measurement.Differences)
            {
                await output.WriteLineAsync($"  {new TimeRange(difference.Start, difference.Stop)}: {Amounts(difference.Missing, difference.Extra, difference.Changed)}");
                foreach (var example in difference.Examples)
                    await output.WriteLineAsync($"    {example}");
            }
        }
        var differing = report.Measurements.SelectMany(measurement => measurement.Differences).ToList();
        var kind = report.Request.Verify == VerifyMode.Counts ? "counts of field values" : "field values";
        var windows = report.Measurements.Sum(measurement => measurement.Windows);
        var compared = $"{Counted(report.Measurements.Count, "measurement")}, {Counted(windows, "window")}, {report.Measurements.Sum(measurement => measurement.SourceFieldValues):N0} field values of the source";
        await output.WriteLineAsync(
            report.Different ? $"Different: {Counted(differing.Count(report.IsDifferent), "window")} of {windows:N0} ({compared})"
            : differing.Count > 0 ? $"Equal: the destination has all {kind} of the source, and further ones in {Counted(differing.Count, "window")} ({compared})"
            : $"Equal: the {kind} are the same at both ends ({compared})");
    }

    private static string Words(MeasurementComparison measurement)
    {
        var differences = measurement.Differences;
        return differences.Count == 0
            ? $"equal, {Counted(measurement.Windows, "window")}, {measurement.SourceFieldValues:N0} field values"
            : $"{Amounts(differences.Sum(one => one.Missing), differences.Sum(one => one.Extra), differences.Sum(one => one.Changed))} in {Counted(differences.Count, "window")} of {measurement.Windows:N0} "
                + $"({measurement.SourceFieldValues:N0} field values at the source, {measurement.DestinationFieldValues:N0} at the destination)";
    }

    private static string Amounts(long missing, long extra, long changed) => missing + extra + changed == 0 ? "other digests" : string.Join(", ", new[]
    {
        (Count: missing, Kind: "missing"), (Count: extra, Kind: "extra at the destination"), (Count: changed, Kind: "changed"),
    }.Where(amount => amount.Count > 0).Select(amount => $"{amount.Count:N0} {amount.Kind}"));

    private static string Counted(long count, string one) => count == 1 ? $"1 {one}" : $"{count:N0} {one}s";
}
