using System.Text.Json.Serialization;

namespace Aws;

/// <summary>What Step Functions calls the states of an execution and of a map run.</summary>
public static class ExecutionStatus
{
    /// <summary>It runs.</summary>
    public const string Running = "RUNNING";

    /// <summary>It waits for its redrive to begin.</summary>
    public const string PendingRedrive = "PENDING_REDRIVE";

    /// <summary>It ended well.</summary>
    public const string Succeeded = "SUCCEEDED";

    /// <summary>It failed.</summary>
    public const string Failed = "FAILED";

    /// <summary>It ran out of time.</summary>
    public const string TimedOut = "TIMED_OUT";

    /// <summary>Someone stopped it.</summary>
    public const string Aborted = "ABORTED";
}

/// <summary>A started execution.</summary>
/// <param name="ExecutionArn">Its ARN.</param>
/// <param name="StartDate">Seconds since 1970.</param>
public sealed record StartedExecution(string ExecutionArn, double StartDate);

/// <summary>A stopped execution.</summary>
/// <param name="StopDate">Seconds since 1970.</param>
public sealed record StoppedExecution(double StopDate);

/// <summary>A redriven execution.</summary>
/// <param name="RedriveDate">Seconds since 1970.</param>
public sealed record RedrivenExecution(double RedriveDate);

/// <summary>How an execution stands.</summary>
public sealed record Execution
{
    /// <summary>Its ARN.</summary>
    public string ExecutionArn { get; init; } = "";

    /// <summary>Its state machine.</summary>
    public string? StateMachineArn { get; init; }

    /// <summary>Its name.</summary>
    public string? Name { get; init; }

    /// <summary>One of <see cref="ExecutionStatus"/>.</summary>
    public string Status { get; init; } = "";

    /// <summary>Seconds since 1970.</summary>
    public double StartDate { get; init; }

    /// <summary>Seconds since 1970; null while it runs.</summary>
    public double? StopDate { get; init; }

    /// <summary>Its input as JSON; not in a list.</summary>
    public string? Input { get; init; }

    /// <summary>Its output as JSON; null unless it succeeded.</summary>
    public string? Output { get; init; }

    /// <summary>The error that it ended with.</summary>
    public string? Error { get; init; }

    /// <summary>The error in words.</summary>
    public string? Cause { get; init; }

    /// <summary>How often it was redriven.</summary>
    public int RedriveCount { get; init; }

    /// <summary>REDRIVABLE, NOT_REDRIVABLE or REDRIVABLE_BY_MAP_RUN.</summary>
    public string? RedriveStatus { get; init; }

    /// <summary>Why it can't be redriven.</summary>
    public string? RedriveStatusReason { get; init; }

    /// <summary>Whether it runs.</summary>
    [JsonIgnore]
    public bool IsRunning => Status is ExecutionStatus.Running or ExecutionStatus.PendingRedrive;
}

/// <summary>A page of executions.</summary>
/// <param name="Executions">The executions, without input and output.</param>
/// <param name="NextToken">Leads to the next page; null on the last.</param>
public sealed record ExecutionPage(IReadOnlyList<Execution> Executions, string? NextToken);

/// <summary>What happened in an execution.</summary>
/// <param name="Events">The events.</param>
public sealed record ExecutionHistory(IReadOnlyList<ExecutionEvent> Events);

/// <summary>An event of an execution.</summary>
/// <param name="Type">Such as TaskStateEntered, MapStateEntered, FailStateEntered or ExecutionFailed.</param>
/// <param name="Timestamp">Seconds since 1970.</param>
/// <param name="StateEnteredEventDetails">The state, where the event is its beginning.</param>
public sealed record ExecutionEvent(string Type, double Timestamp, EnteredState? StateEnteredEventDetails)
{
    /// <summary>The type of the event that a Fail state's beginning is.</summary>
    public const string FailStateEntered = "FailStateEntered";
}

/// <summary>A state that an execution entered.</summary>
/// <param name="Name">Its name.</param>
public sealed record EnteredState(string Name);

/// <summary>A map run in a list.</summary>
/// <param name="MapRunArn">Its ARN.</param>
/// <param name="StateMachineArn">Its state machine, with the label of the Map.</param>
/// <param name="StartDate">Seconds since 1970.</param>
/// <param name="StopDate">Seconds since 1970; null while it runs.</param>
public sealed record MapRunEntry(string MapRunArn, string StateMachineArn, double StartDate, double? StopDate);

/// <summary>A page of map runs.</summary>
/// <param name="MapRuns">The map runs.</param>
/// <param name="NextToken">Leads to the next page; null on the last.</param>
public sealed record MapRunPage(IReadOnlyList<MapRunEntry> MapRuns, string? NextToken);

/// <summary>The items of a map run by how they stand.</summary>
public sealed record MapRunItemCounts
{
    /// <summary>All.</summary>
    public long Total { get; init; }

    /// <summary>Not begun.</summary>
    public long Pending { get; init; }

    /// <summary>Under way.</summary>
    public long Running { get; init; }

    /// <summary>Ended well.</summary>
    public long Succeeded { get; init; }

    /// <summary>Failed.</summary>
    public long Failed { get; init; }

    /// <summary>Ran out of time.</summary>
    public long TimedOut { get; init; }

    /// <summary>Stopped.</summary>
    public long Aborted { get; init; }

    /// <summary>Wait for a redrive.</summary>
    public long PendingRedrive { get; init; }
}

/// <summary>How a map run stands.</summary>
public sealed record MapRun
{
    /// <summary>Its ARN.</summary>
    public string MapRunArn { get; init; } = "";

    /// <summary>One of <see cref="ExecutionStatus"/>.</summary>
    public string Status { get; init; } = "";

    /// <summary>Seconds since 1970.</summary>
    public double StartDate { get; init; }

    /// <summary>Seconds since 1970; null while it runs.</summary>
    public double? StopDate { get; init; }

    /// <summary>Its items.</summary>
    public MapRunItemCounts ItemCounts { get; init; } = new();
}

internal sealed record StartExecutionInput(string StateMachineArn, string? Name, string Input);

internal sealed record ExecutionInput(string ExecutionArn);

internal sealed record StopExecutionInput(string ExecutionArn, string? Error, string? Cause);

internal sealed record ListExecutionsInput(string StateMachineArn, string? StatusFilter, string? NextToken);

internal sealed record ExecutionHistoryInput(string ExecutionArn, int MaxResults, bool ReverseOrder, bool IncludeExecutionData);

internal sealed record ListMapRunsInput(string ExecutionArn, string? NextToken);

internal sealed record MapRunInput(string MapRunArn);

[JsonSourceGenerationOptions(GenerationMode = JsonSourceGenerationMode.Metadata, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull, PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(StartExecutionInput))]
[JsonSerializable(typeof(StartedExecution))]
[JsonSerializable(typeof(ExecutionInput))]
[JsonSerializable(typeof(Execution))]
[JsonSerializable(typeof(StopExecutionInput))]
[JsonSerializable(typeof(StoppedExecution))]
[JsonSerializable(typeof(RedrivenExecution))]
[JsonSerializable(typeof(ListExecutionsInput))]
[JsonSerializable(typeof(ExecutionPage))]
[JsonSerializable(typeof(ExecutionHistoryInput))]
[JsonSerializable(typeof(ExecutionHistory))]
[JsonSerializable(typeof(ListMapRunsInput))]
[JsonSerializable(typeof(MapRunPage))]
[JsonSerializable(typeof(MapRunInput))]
[JsonSerializable(typeof(MapRun))]
internal sealed partial class StepFunctionsJson : JsonSerializerContext;
