using System.CommandLine;
using Cli.Deployed;
using Influx;
using Migration;
using static Influx.ShownText;

namespace Cli;

/// <summary>Shows a finished run.</summary>
internal static class ReportCommand
{
    public static Command Create()
    {
        var place = new Argument<string>("DIR") { Description = "The staging folder of the run, or with --env the execution's name or ARN." };
        var environment = DeployedCommand.Environment(required: false);
        var command = new Command("report", "Shows a finished run.") { place, environment };
        command.SetAction((parsed, cancellationToken) => parsed.GetValue(environment) is { } name
            ? DeployedCommand.RunAsync(name, deployed => DeployedReport.RunAsync(deployed, parsed.GetValue(place)!, cancellationToken))
            : RunAsync(parsed.GetValue(place)!, cancellationToken));
        return command;
    }

    /// <summary>Prints the verdict, the numbers and what is not across.</summary>
    public static async Task ShowAsync(MigrationReport report)
    {
        var output = Console.Out;
        await output.WriteLineAsync($"{report.Verdict}: {report.Sentence}");
        await output.WriteLineAsync($"{report.Points:N0} points, {report.FieldValues:N0} field values exported; {report.ExpiredPoints:N0} points were older than the destination's retention");
        foreach (var warning in report.Warnings)
            await output.WriteLineAsync($"warning: {warning}");
        foreach (var remark in report.Remarks.Where(remark => remark.Hidden != HiddenPart.None))
            await output.WriteLineAsync($"not shown by the source: {Line(remark.Bucket)} {Line(remark.Measurement)}: {Line(remark.Text)}");
        foreach (var left in report.LeftOut)
            await output.WriteLineAsync($"left out at {left.Stage}: {left.FieldValues:N0} values of {Line(left.Measurement)}: {Line(left.Reason)} (such as {Line(left.Example)}; all in {left.Object})");
        foreach (var difference in report.Differences)
            await output.WriteLineAsync($"differs: {Line(difference.Measurement)} {new TimeRange(difference.Start, difference.Stop)}: {difference.Missing:N0} missing, {difference.Extra:N0} extra, {difference.Changed:N0} changed{Why(difference)}");
        if (report.FurtherFieldValues > 0)
            await output.WriteLineAsync($"the destination holds {report.FurtherFieldValues:N0} further field values in these windows");
        if (report.Stop is { } stop)
            await output.WriteLineAsync($"{stop.Failure}\nresume with: {stop.ResumeWith}");
        await output.WriteLineAsync(Place(report));
    }

    // Where no field value differs, the words are all there is.
    private static string Why(WindowDifference difference) =>
        difference.Missing + difference.Extra + difference.Changed == 0 ? $" ({Line(string.Join("; ", difference.Examples))})" : "";

    /// <summary>Where the report is.</summary>
    public static string Place(MigrationReport report) =>
        $"report: {report.Staging}/{StagingLayout.ReportHtml} (for programs: {StagingLayout.ReportJson})";

    private static async Task<int> RunAsync(string folder, CancellationToken cancellationToken)
    {
        try
        {
            using var store = FolderStore.OpenForReading(folder);
            var report = await store.ReadJsonAsync(StagingLayout.ReportJson, MigrationJson.Default.MigrationReport, cancellationToken)
                ?? throw new FileNotFoundException("there is none");
            await ShowAsync(report);
            return RunErrors.Map(report.Verdict);
        }
        catch (Exception failure) when (failure is IOException or StagingException)
        {
            await Console.Error.WriteLineAsync($"'{folder}' holds no readable {StagingLayout.ReportJson}: {failure.Message}");
            return ExitCodes.WrongInput;
        }
    }
}
