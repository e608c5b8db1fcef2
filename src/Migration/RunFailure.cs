using Influx;

namespace Migration;

/// <summary>What ended a run, as a sentence that says what to do; the same in the command's answer and in the report.</summary>
public static class RunFailure
{
    /// <summary>The sentence of an exception.</summary>
    public static string Sentence(Exception exception) => exception switch
    {
        QueryTooLargeException => $"{exception.Message}: raise the server's query limits",
        RejectedException or TransientException or StagingException or UnmatchedException => exception.Message,
        OperationCanceledException => "cancelled",
        IOException or UnauthorizedAccessException => $"{exception.Message}: free disk space or mend the folder",
        _ => $"this is a bug, please report it: {exception}",
    };
}
