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

    [LoggerMessage(107, LogLevel.Warning, "{Execution} held what is taken now: it is of a state machine that is not this one and can't be asked for, and is taken as ended")]
    public static partial void HolderOfAnotherMachine(this ILogger logger, string execution);

    [LoggerMessage(108, LogLevel.Warning, "{Migration} runs {Most} chunks at a time and not {Asked}: the environment's functions have no more invocations reserved")]
    public static partial void ConcurrencyCapped(this ILogger logger, string migration, int asked, int most);

    [LoggerMessage(111, LogLevel.Information, "{Step} of {Secret} version {Version} is done")]
    public static partial void RotationStep(this ILogger logger, string step, string secret, string version);

    [LoggerMessage(112, LogLevel.Information, "{Step} of {Secret} version {Version} has nothing to do: the version is current already")]
    public static partial void RotationDone(this ILogger logger, string step, string secret, string version);

    [LoggerMessage(113, LogLevel.Information, "{Token} was made for {Secret} version {Version}")]
    public static partial void TokenMade(this ILogger logger, string token, string secret, string version);

    [LoggerMessage(114, LogLevel.Information, "{Secret} is rotated: AWSCURRENT moved from {Before} to {Version}")]
    public static partial void Rotated(this ILogger logger, string secret, string before, string version);

    [LoggerMessage(115, LogLevel.Information, "{Token} of {Secret} is deactivated: no version needs it any more")]
    public static partial void TokenDeactivated(this ILogger logger, string token, string secret);

    [LoggerMessage(116, LogLevel.Information, "{Token} of {Secret} is deleted")]
    public static partial void TokenDeleted(this ILogger logger, string token, string secret);

    [LoggerMessage(117, LogLevel.Warning, "the token that {Secret} holds now can't be found at the server, as the secret names no authorizationId: it stays active after its rotation, so delete it by hand")]
    public static partial void OldTokenUnknown(this ILogger logger, string secret);

    [LoggerMessage(118, LogLevel.Warning, "a step of a rotation is tried again: {Reason}")]
    public static partial void RotationRetried(this ILogger logger, string reason);

    [LoggerMessage(119, LogLevel.Information, "{Secret} has no value at AWSPENDING that a rotation made, as when its rotation is switched on: the current version {Version} is tested")]
    public static partial void NothingMadeYet(this ILogger logger, string secret, string version);

    [LoggerMessage(120, LogLevel.Information, "the mark '{Mark}' was moved to {Stop}")]
    public static partial void MarkMoved(this ILogger logger, string mark, string stop);

    [LoggerMessage(121, LogLevel.Warning, "the mark '{Mark}' is not moved to {Stop}: this run began from {From}, and meanwhile it is {There}")]
    public static partial void MarkKept(this ILogger logger, string mark, string stop, string? from, string? there);

    [LoggerMessage(122, LogLevel.Information, "nothing is done: {Reason}")]
    public static partial void NothingToDo(this ILogger logger, string reason);
}
