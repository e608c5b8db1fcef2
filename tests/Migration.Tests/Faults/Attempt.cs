using Cli;
using Influx;
using Microsoft.Extensions.Logging.Abstractions;

namespace Migration.Tests.Faults;

/// <summary>How a start of the command would end.</summary>
/// <param name="ExitCode">Its exit code.</param>
/// <param name="Verdict">The verdict; null where an exception ended it.</param>
/// <param name="Words">All that it tells a person.</param>
internal sealed record Ended(int ExitCode, Verdict? Verdict, string Words);

/// <summary>One start of <c>migrate</c> within this process, with waits of milliseconds.</summary>
internal sealed class Attempt
{
    private readonly RunContext context;

    public Attempt(MigrationRequest request, IStagingStore store, TimeProvider? time = null)
    {
        context = new RunContext
        {
            Request = request,
            Store = store,
            ReadSourceToken = Token,
            ReadDestinationToken = Token,
            SourceTokenName = "INFLUX_SRC_TOKEN",
            DestinationTokenName = "INFLUX_DEST_TOKEN",
            Time = time ?? TimeProvider.System,
            Retry = new RetrySettings
            {
                MaxRetries = 3,
                BaseDelay = TimeSpan.FromMilliseconds(1),
                MaxDelay = TimeSpan.FromMilliseconds(4),
                MaxRetryAfter = TimeSpan.FromMilliseconds(4),
            },
            ResumeWith = "the command again",
            Logger = NullLogger.Instance,
        };
    }

    public MigrationProgress Progress => context.Progress;

    /// <summary>Runs it to its end, whatever that is.</summary>
    public async Task<Ended> RunAsync()
    {
        var run = new MigrationRun(context);
        try
        {
            var report = await run.RunAsync(CancellationToken.None);
            return new Ended(RunErrors.Map(report.Verdict), report.Verdict, string.Join('\n', [
                report.Sentence, .. report.Warnings, .. report.Remarks.Select(remark => $"{remark.Measurement}: {remark.Text}"), .. report.LeftOut.Select(left => left.Reason), .. report.Differences.SelectMany(difference => difference.Examples)]));
        }
#pragma warning disable CA1031 // The same boundary as the command's: every failure becomes an exit code and a sentence.
        catch (Exception failure)
#pragma warning restore CA1031
        {
            var error = RunErrors.Map(failure, Progress.Plan.Started, run.StoppedReport, context.ResumeWith);
            return new Ended(error.ExitCode, Verdict: null, error.Sentence);
        }
    }

    // A server without authentication takes any; after a 401 there is a new one, as after a rotation.
    private static ValueTask<Secret?> Token(Secret? refused, CancellationToken cancellationToken) =>
        new(new Secret(refused is null ? "user:old-password" : "user:new-password"));
}
