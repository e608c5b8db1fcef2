using System.Text.Json;
using System.Text.Json.Nodes;
using Migration;

namespace Functions.Handlers;

/// <summary>Why chunks of an execution failed. Step Functions tells of a Map only that one did; the state machine keeps the rest in the staging store.</summary>
internal static class ChunkFailures
{
    // What Step Functions calls its own failures.
    private const string OwnErrors = "States.";

    /// <summary>The first failure by stage and chunk, in words of its own; the given one when no chunk's is kept or it is none of a Map.</summary>
    /// <param name="store">The migration's store.</param>
    /// <param name="execution">The execution's name.</param>
    /// <param name="failure">What Step Functions caught.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    public static async Task<ExecutionFailure> NameAsync(IStagingStore store, string execution, ExecutionFailure failure, CancellationToken cancellationToken)
    {
        // A chunk that failed is missing afterwards, should a Map have gone on without it.
        if (!failure.Error.StartsWith(OwnErrors, StringComparison.Ordinal) && failure.Error != ErrorNames.Unfinished)
            return failure with { Cause = Message(failure.Cause) };
        var keys = new List<string>();
        await foreach (var found in store.ListAsync(DeployedLayout.Failures(execution), cancellationToken))
            keys.Add(found.Key);
        if (keys.Count == 0)
            return failure with { Cause = Message(failure.Cause) };
        var first = keys.Order(StringComparer.Ordinal).First();
        await using var stream = await store.ReadAsync(first, version: null, from: 0, cancellationToken);
        using var reader = new StreamReader(stream);
        var kept = Read(await reader.ReadToEndAsync(cancellationToken));
        var more = keys.Count == 1 ? "" : $" ({keys.Count - 1} more in {DeployedLayout.Failures(execution)})";
        // STAGE-CHUNK; the stages' names are in the order of the flow.
        var name = Path.GetFileNameWithoutExtension(first).Split('-', 2);
        return kept with { Cause = $"the {name[0]} of the chunk {name[^1]}: {Message(kept.Cause)}{more}" };
    }

    // Step Functions may store a text as it is or as a JSON string.
    private static ExecutionFailure Read(string text)
    {
        var json = JsonNode.Parse(text);
        if (json is JsonValue)
            json = JsonNode.Parse(json.GetValue<string>());
        return json.Deserialize(FunctionsJson.Default.ExecutionFailure)!;
    }

    // A function's cause is JSON, Step Functions' own is a sentence or nothing.
    private static string? Message(string? cause)
    {
        if (cause is null || !cause.StartsWith('{'))
            return cause;
        try
        {
            return (string?)JsonNode.Parse(cause)!["errorMessage"] ?? cause;
        }
        catch (Exception notJson) when (notJson is JsonException or InvalidOperationException)
        {
            // Cut off by Step Functions, or somebody else's JSON: shown as it came.
            return cause;
        }
    }
}
