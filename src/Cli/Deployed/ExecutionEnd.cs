using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using Aws;
using Migration;

namespace Cli.Deployed;

/// <summary>How an execution ended: the same exit codes and words as those of a run on this machine.</summary>
internal static class ExecutionEnd
{
    /// <summary>The exit code of an execution that has ended.</summary>
    public static int ExitCode(Execution execution) => execution.Status switch
    {
        ExecutionStatus.Succeeded when Skipped(execution) is not null => ExitCodes.Complete,
        ExecutionStatus.Succeeded => Answer(execution) is { } answer ? RunErrors.Map(answer.Verdict) : ExitCodes.Bug,
        ExecutionStatus.Failed => OfError(execution.Error),
        _ => ExitCodes.Stopped,
    };

    /// <summary>Whether it was refused before it began, so that only another input helps.</summary>
    public static bool NeverBegan(Execution execution) =>
        execution is { Status: ExecutionStatus.Failed, Error: ErrorNames.InvalidInput or ErrorNames.OtherMigration };

    /// <summary>What it ended with.</summary>
    public static string Sentence(Execution execution) => execution.Status switch
    {
        ExecutionStatus.Succeeded when Answer(execution) is { } answer =>
            $"{answer.Verdict}: {answer.Sentence}\n{answer.Points:N0} points, {answer.FieldValues:N0} field values exported; {answer.ExpiredPoints:N0} points were older than the destination's retention",
        ExecutionStatus.Succeeded when Skipped(execution) is { } skipped => $"Nothing to do: {skipped.Sentence}",
        ExecutionStatus.Succeeded => $"its output is none that this version knows: {execution.Output}",
        ExecutionStatus.TimedOut => "the execution's time ran out; nothing is lost",
        _ => $"{execution.Error ?? execution.Status}: {execution.Cause ?? "no cause was given"}",
    };

    private static int OfError(string? error) => error switch
    {
        nameof(Verdict.Different) => ExitCodes.Different,
        nameof(Verdict.Quarantined) or nameof(Verdict.Incomplete) => ExitCodes.NotAll,
        ErrorNames.InvalidInput or ErrorNames.OtherMigration or ErrorNames.AlreadyRunning => ExitCodes.WrongInput,
        ErrorNames.Refused or ErrorNames.SecretUnusable => ExitCodes.Refused,
        ErrorNames.Bug => ExitCodes.Bug,
        _ => ExitCodes.Stopped,
    };

    private static ReportAnswer? Answer(Execution execution) => Read(execution, ExecutionJson.Default.ReportAnswer);

    // Of an incremental migration: it has no verdict, which a report's answer always has.
    private static Skipped? Skipped(Execution execution) => Answer(execution) is null ? Read(execution, ExecutionJson.Default.Skipped) : null;

    private static T? Read<T>(Execution execution, JsonTypeInfo<T> type)
        where T : class
    {
        try
        {
            return execution.Output is { } output ? JsonSerializer.Deserialize(output, type) : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }
}

/// <summary>The JSON of an execution's output.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, UseStringEnumConverter = true)]
[JsonSerializable(typeof(ReportAnswer))]
[JsonSerializable(typeof(Skipped))]
internal sealed partial class ExecutionJson : JsonSerializerContext;
