using System.CommandLine;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Aws;
using Migration;

namespace Cli.Deployed;

/// <summary>The input of an execution: a request, and what only the deployed shape knows.</summary>
internal static class ExecutionInput
{
    private const string MigrationIdName = "migrationId";
    private const string MaxConcurrencyName = "maxConcurrency";

    // Of the 80 letters that an execution's name may have, the instant takes 16.
    private const int NameLetters = 60;

    /// <summary>The input that the options make. Properties of the file that no request has stay as they are: Validate judges them.</summary>
    /// <param name="options">The options of the request.</param>
    /// <param name="parsed">What was given.</param>
    /// <param name="migrationId">An earlier migration; null for a new one, or for the file's.</param>
    /// <param name="maxConcurrency">Chunks at a time; null for the file's, or the deployed shape's default.</param>
    /// <exception cref="InputException">It has problems; all of them are named.</exception>
    public static JsonObject Read(Options options, ParseResult parsed, string? migrationId, int? maxConcurrency)
    {
        var input = new JsonObject();
        if (migrationId is null || options.IsAnyGiven(parsed))
        {
            var request = options.ReadForFunctions(parsed, input);
            foreach (var (name, value) in JsonSerializer.SerializeToNode(request, MigrationJson.Default.MigrationRequest)!.AsObject())
                input[name] = value?.DeepClone();
        }
        if (migrationId is not null)
            input[MigrationIdName] = migrationId;
        if (maxConcurrency is { } number)
            input[MaxConcurrencyName] = number;
        return input;
    }

    /// <summary>The input that runs an ended execution's migration on.</summary>
    public static JsonObject Again(Execution execution)
    {
        var input = Parse(execution.Input);
        input[MigrationIdName] = MigrationId(execution);
        return input;
    }

    /// <summary>The migration of an execution: what its input names, or its own name.</summary>
    public static string MigrationId(Execution execution) => MigrationId(Parse(execution.Input)) ?? ExecutionText.Name(execution);

    /// <summary>The migration that an input names; null for a new one.</summary>
    public static string? MigrationId(JsonObject input) => input[MigrationIdName]?.ToString();

    /// <summary>A name for an execution; with the same name and input a second call of AWS starts nothing.</summary>
    public static string NewName(JsonObject input, TimeProvider time)
    {
        var name = new StringBuilder();
        foreach (var c in MigrationId(input) ?? input["source"]?["bucket"]?.ToString() ?? "full")
            name.Append(char.IsAsciiLetterOrDigit(c) || c == '-' ? c : '_');
        name.Length = Math.Min(name.Length, NameLetters);
        return $"{name}-{time.GetUtcNow():yyyyMMdd-HHmmss}";
    }

    private static JsonObject Parse(string? input) => input is null ? [] : JsonNode.Parse(input) as JsonObject ?? [];
}
