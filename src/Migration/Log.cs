using Microsoft.Extensions.Logging;

namespace Migration;

/// <summary>Every log line of the pipeline.</summary>
internal static partial class Log
{
    [LoggerMessage(1, LogLevel.Information, "planned {Chunks} chunks, about {FieldValues} field values in {Buckets} buckets")]
    public static partial void Planned(this ILogger logger, int chunks, long fieldValues, int buckets);

    [LoggerMessage(2, LogLevel.Information, "{Stage} {Chunk} of '{Measurement}': {Points} points, {FieldValues} field values in {Seconds:0.00} s")]
    public static partial void ChunkDone(this ILogger logger, string stage, string chunk, string measurement, long points, long fieldValues, double seconds);

    [LoggerMessage(3, LogLevel.Information, "{Stage}: {Skipped} of {Chunks} chunks were finished by an earlier run and are skipped")]
    public static partial void Skipped(this ILogger logger, string stage, long skipped, long chunks);

    [LoggerMessage(4, LogLevel.Warning, "{Stage}: retry {Attempt} in {Seconds:0.0} s after: {Cause}")]
    public static partial void Retry(this ILogger logger, string stage, int attempt, double seconds, string cause);

    [LoggerMessage(5, LogLevel.Warning, "{Warning}")]
    public static partial void Warn(this ILogger logger, string warning);

    [LoggerMessage(6, LogLevel.Information, "created the destination bucket '{Bucket}'")]
    public static partial void BucketCreated(this ILogger logger, string bucket);

    [LoggerMessage(7, LogLevel.Information, "retention of '{Bucket}' set to {Retention}")]
    public static partial void RetentionSet(this ILogger logger, string bucket, string retention);

    [LoggerMessage(8, LogLevel.Warning, "'{Measurement}' {Window}: the server gave the query up ({Cause}); the window is split in two")]
    public static partial void WindowSplit(this ILogger logger, string measurement, string window, string cause);

    [LoggerMessage(9, LogLevel.Warning, "'{Measurement}' {Window} differs at the destination and is imported once more")]
    public static partial void Reimported(this ILogger logger, string measurement, string window);

    [LoggerMessage(10, LogLevel.Warning, "the report of the stopped run could not be written to {Staging}: {Cause}")]
    public static partial void ReportNotWritten(this ILogger logger, string staging, string cause);
}
