using System.CommandLine;
using Microsoft.Extensions.Logging.Abstractions;
using Migration;

namespace Cli;

/// <summary>Compares two live servers and moves nothing.</summary>
internal static class VerifyCommand
{
    public static Command Create()
    {
        var options = new Options();
        var command = new Command("verify", $"Compares two live servers and moves nothing.\n\n{ExitCodes.Table}");
        options.AddTo(command);
        command.SetAction((parsed, cancellationToken) => RunAsync(options, parsed, cancellationToken));
        return command;
    }

    private static async Task<int> RunAsync(Options options, ParseResult parsed, CancellationToken cancellationToken)
    {
        try
        {
            var request = options.Read(parsed);
            // The comparison does not use the store, and reading opens no folder.
            using var store = FolderStore.OpenForReading(".");
            var report = await new MigrationRun(new RunContext
            {
                Request = request,
                Store = store,
                ReadSourceToken = Settings.SourceToken,
                ReadDestinationToken = Settings.DestinationToken,
                Logger = NullLogger.Instance,
            }).CompareAsync(cancellationToken);
            await Console.Out.WriteLineAsync(report.Sentence);
            return RunErrors.Map(report.Verdict);
        }
#pragma warning disable CA1031 // The one boundary: every failure becomes an exit code and a sentence.
        catch (Exception failure)
#pragma warning restore CA1031
        {
            var error = RunErrors.Map(failure, planned: false, "the same command");
            await Console.Error.WriteLineAsync(error.Sentence);
            return error.ExitCode;
        }
    }
}
