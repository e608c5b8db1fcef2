using Influx;
using Migration;

namespace Cli;

/// <summary>How a failure ends the command.</summary>
/// <param name="ExitCode">One of <see cref="ExitCodes"/>.</param>
/// <param name="Sentence">What is wrong and what to do.</param>
internal sealed record RunError(int ExitCode, string Sentence);

/// <summary>Wrong input that only the command sees: options that contradict each other, a file that can't be read.</summary>
/// <param name="message">What is wrong and what to do.</param>
internal sealed class InputException(string message) : Exception(message);

/// <summary>The one place that turns exceptions and verdicts into exit codes.</summary>
internal static class RunErrors
{
    /// <summary>What an exception means.</summary>
    /// <param name="exception">What ended the run.</param>
    /// <param name="reached">Whether both servers had answered, so that what failed can be done again as it was begun.</param>
    /// <param name="stopped">How far it got; null where that is not known, or nothing was begun.</param>
    /// <param name="again">The command that resumes.</param>
    public static RunError Map(Exception exception, bool reached, MigrationReport? stopped, string again) => exception switch
    {
        InputException or UnmatchedException => new(ExitCodes.WrongInput, exception.Message),
        StagingException { Fault: StagingFault.OtherMigration } => new(ExitCodes.WrongInput, exception.Message),
        RejectedException => Refused(RunFailure.Sentence(exception), stopped),
        TransientException when !reached => new(ExitCodes.Refused, exception.Message),
        QueryTooLargeException or TransientException or StagingException or OperationCanceledException or IOException or UnauthorizedAccessException =>
            new(ExitCodes.Stopped, $"{RunFailure.Sentence(exception)}; nothing is lost, resume with: {again}"),
        _ => new(ExitCodes.Bug, RunFailure.Sentence(exception)),
    };

    /// <summary>What a verdict means.</summary>
    public static int Map(Verdict verdict) => verdict switch
    {
        Verdict.Verified or Verdict.Unverified => ExitCodes.Complete,
        Verdict.Quarantined or Verdict.Incomplete => ExitCodes.NotAll,
        Verdict.Different => ExitCodes.Different,
        Verdict.Stopped => ExitCodes.Stopped,
        _ => ExitCodes.Bug,
    };

    private static RunError Refused(string sentence, MigrationReport? stopped) => new(
        ExitCodes.Refused,
        stopped?.Stop is not { } stop ? sentence
            : stop.HasDone ? $"{sentence}\n{stopped.Sentence}\nwhen that is mended, resume with: {stop.ResumeWith}"
            : $"{sentence}\n{stopped.Sentence}");
}
