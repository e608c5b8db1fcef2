using System.Text.Json;
using System.Text.Json.Serialization;
using Functions.Incremental;
using Functions.Rotation;
using Migration;

namespace Functions;

/// <summary>What the state machine tells of an execution.</summary>
/// <param name="Id">Its ARN.</param>
/// <param name="Name">Its name.</param>
public sealed record ExecutionReference(string Id, string Name);

/// <summary>The payload of <see cref="HandlerNames.Validate"/>.</summary>
/// <param name="Execution">The execution.</param>
/// <param name="Input">Its input as it came.</param>
public sealed record ValidatePayload(ExecutionReference Execution, JsonElement Input);

/// <summary>What stopped an execution, as Step Functions catches it.</summary>
public sealed record ExecutionFailure
{
    /// <summary>The error's name.</summary>
    [JsonPropertyName("Error")]
    public string Error { get; init; } = "";

    /// <summary>The error in words, or as the JSON that a function gave.</summary>
    [JsonPropertyName("Cause")]
    public string? Cause { get; init; }
}

/// <summary>The state data that every state but the first gets, and the answer of <see cref="HandlerNames.Validate"/>.</summary>
public sealed record MigrationState
{
    /// <summary>The migration.</summary>
    public required string MigrationId { get; init; }

    /// <summary>The execution's name.</summary>
    public required string Execution { get; init; }

    /// <summary>
    /// What is this execution's alone: names are used again, after 90 days and by a state machine that is deployed anew. Null in a Map's items.
    /// </summary>
    public string? Run { get; init; }

    /// <summary>The staging bucket.</summary>
    public required string Bucket { get; init; }

    /// <summary>Chunks at a time.</summary>
    public int MaxConcurrency { get; init; }

    /// <summary>content, counts or none.</summary>
    public string Verify { get; init; } = "";

    /// <summary>Why an incremental run has nothing to do; null where it has.</summary>
    public Skipped? Skipped { get; init; }

    /// <summary>The chunk, for the functions of a Map's items.</summary>
    public string? Chunk { get; init; }

    /// <summary>What stopped the execution, for <see cref="HandlerNames.Report"/>.</summary>
    public ExecutionFailure? Failure { get; init; }
}

/// <summary>The items of a Map: a JSON array in the staging bucket.</summary>
/// <param name="Key">Its key.</param>
/// <param name="Count">How many items it has; with none the Map is left out.</param>
public sealed record ItemList(string Key, int Count)
{
    /// <summary>That of a call which did not come to its end.</summary>
    public static ItemList None { get; } = new("", 0);
}

/// <summary>An item of a Map.</summary>
/// <param name="Chunk">The chunk.</param>
public sealed record ChunkItem(string Chunk);

/// <summary>The answer of <see cref="HandlerNames.Plan"/>.</summary>
/// <param name="Done">False to be called again.</param>
/// <param name="Chunks">The chunks of the plan.</param>
/// <param name="Items">Those that are to be exported.</param>
public sealed record PlanAnswer(bool Done, int Chunks, ItemList Items);

/// <summary>The answer of <see cref="HandlerNames.Export"/>, <see cref="HandlerNames.Import"/> and <see cref="HandlerNames.Verify"/>.</summary>
/// <param name="Done">False when the deadline came first: the same call goes on from there.</param>
/// <param name="Chunk">The chunk.</param>
public sealed record ChunkAnswer(bool Done, string Chunk);

/// <summary>The answer of <see cref="HandlerNames.Stage"/>.</summary>
/// <param name="Done">False to be called again.</param>
/// <param name="Import">The chunks that are to be imported.</param>
/// <param name="Verify">The chunks that are to be verified.</param>
public sealed record StageAnswer(bool Done, ItemList Import, ItemList Verify);

/// <summary>Who holds a migration: <c>lock.json</c>.</summary>
/// <param name="ExecutionId">The execution's ARN.</param>
public sealed record MigrationLock(string ExecutionId);

/// <summary>The JSON of everything that crosses the functions' border.</summary>
[JsonSourceGenerationOptions(
    GenerationMode = JsonSourceGenerationMode.Metadata,
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    UseStringEnumConverter = true,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(ValidatePayload))]
[JsonSerializable(typeof(MigrationState))]
[JsonSerializable(typeof(PlanAnswer))]
[JsonSerializable(typeof(ChunkAnswer))]
[JsonSerializable(typeof(StageAnswer))]
[JsonSerializable(typeof(ReportAnswer))]
[JsonSerializable(typeof(ExecutionFailure))]
[JsonSerializable(typeof(MigrationLock))]
[JsonSerializable(typeof(RotationPayload))]
[JsonSerializable(typeof(RotationAnswer))]
[JsonSerializable(typeof(HighWaterMark))]
[JsonSerializable(typeof(IncrementalRun))]
[JsonSerializable(typeof(IReadOnlyList<ChunkItem>))]
public sealed partial class FunctionsJson : JsonSerializerContext;
