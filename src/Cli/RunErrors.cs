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
    /// <param name="planned">Whether the plan was finished, so that there is something to resume.</param>
    /// <param name="again">The command that resumes.</param>
    public static RunError Map(Exception exception, bool planned, string again) => exception switch
    {
        InputException => new(ExitCodes.WrongInput, exception.Message),
        RejectedException => new(ExitCodes.Refused, exception.Message),
        TransientException when !planned => new(ExitCodes.Refused, exception.Message),
        QueryTooLargeException => Stopped($"{exception.Message}: raise the server's query limits", again),
        TransientException => Stopped(exception.Message, again),
        StagingException { OtherRun: true } => new(ExitCodes.WrongInput, exception.Message),
        StagingException => Stopped(exception.Message, again),
        OperationCanceledException => Stopped("cancelled", again),
        IOException => Stopped($"{exception.Message}: free disk space or mend the folder", again),
        _ => new(ExitCodes.Bug, $"this is a bug, please report it: {exception}"),
    };

    /// <summary>What a verdict means.</summary>
    public static int Map(Verdict verdict) => verdict switch
    {
        Verdict.Verified or Verdict.Unverified => ExitCodes.Complete,
        Verdict.Quarantined => ExitCodes.Quarantined,
        Verdict.Different => ExitCodes.Different,
        Verdict.Stopped => ExitCodes.Stopped,
        _ => ExitCodes.Bug,
    };

    private static RunError Stopped(string what, string again) =>
        new(ExitCodes.Stopped, $"{what}; nothing is lost, resume with: {again}");
}
