using System.CommandLine;
using Migration;

namespace Cli;

/// <summary>Compares two live servers and moves nothing.</summary>
internal static class VerifyCommand
{
    public static Command Create()
    {
        var options = new Options();
        var verbose = new Option<bool>("--verbose") { Description = "Shows every measurement and window, instead of where most differs." };
        var command = new DetailedCommand(
            "verify",
            "Compares two live servers, window by window, and moves nothing.",
            "What only the destination holds is a difference unless --existing reuse says that it may hold more; what either server receives\n"
            + $"during the comparison may show as one.\n{Settings.Help}");
        options.AddComparedTo(command);
        command.Add(verbose);
        command.SetAction((parsed, cancellationToken) => RunAsync(options, parsed, parsed.GetValue(verbose), cancellationToken));
        return command;
    }

    private static async Task<int> RunAsync(Options options, ParseResult parsed, bool verbose, CancellationToken cancellationToken)
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
            await new VerifyView(report).ShowAsync(Console.Out, verbose);
            return report.Different ? ExitCodes.Different : report.Incomplete ? ExitCodes.NotAll : ExitCodes.Complete;
        }
#pragma warning disable CA1031 // The one boundary: every failure becomes an exit code and a sentence.
        catch (Exception failure)
#pragma warning restore CA1031
        {
            var error = RunErrors.Map(failure, progress.Plan.Started, stopped: null, CommandLine.OfThisProcess());
            await Console.Error.WriteLineAsync(error.Sentence);
            return error.ExitCode;
        }
    }
}
