using Microsoft.Extensions.Logging;

namespace Functions.Logs;

/// <summary>Every log line of the functions; those of the stages are the pipeline's.</summary>
internal static partial class Log
{
    [LoggerMessage(101, LogLevel.Error, "{ErrorName}: {Reason}")]
    public static partial void Failed(this ILogger logger, string errorName, string reason, Exception? bug);

    [LoggerMessage(102, LogLevel.Critical, "the Runtime API failed: {Reason}")]
    public static partial void RuntimeApiFailed(this ILogger logger, string reason);

    [LoggerMessage(103, LogLevel.Warning, "{What} was refused with {Status}: {Reason}")]
    public static partial void AnswerRefused(this ILogger logger, string what, int status, string reason);

    [LoggerMessage(104, LogLevel.Information, "{Stage} of {Migration} did not end before its deadline and goes on in the next invocation")]
    public static partial void Continued(this ILogger logger, string stage, string migration);

    [LoggerMessage(105, LogLevel.Information, "the migration {Migration} is taken by the execution {Execution}")]
    public static partial void Taken(this ILogger logger, string migration, string execution);

    [LoggerMessage(106, LogLevel.Warning, "the secret {Secret} is read anew after its token was refused")]
    public static partial void SecretReadAnew(this ILogger logger, string secret);
}
