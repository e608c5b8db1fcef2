using System.Text.Json.Nodes;

namespace Infra.Tests;

/// <summary>A state with the machine that it stands in: the whole one, or that of a Map's items.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Machine">The Map around it; empty for the whole.</param>
/// <param name="Json">The state.</param>
internal sealed record AslState(string Name, string Machine, JsonObject Json)
{
    public string Kind => (string)Json["Type"]!;

    public IEnumerable<JsonObject> Retries => Json["Retry"]?.AsArray().Select(retry => retry!.AsObject()) ?? [];

    public IEnumerable<JsonObject> Catches => Json["Catch"]?.AsArray().Select(caught => caught!.AsObject()) ?? [];

    /// <summary>Every state that may come next.</summary>
    public IEnumerable<string> Nexts => Json["Choices"].Objects().Concat(Catches).Append(Json)
        .SelectMany(step => new[] { (string?)step["Next"], (string?)step["Default"] }).OfType<string>().Distinct(StringComparer.Ordinal);

    /// <summary>Whether it calls a function.</summary>
    public bool Invokes => (string?)Json["Resource"] == "arn:aws:states:::lambda:invoke";
}

/// <summary>A state machine as it is deployed, with its placeholders filled in.</summary>
internal sealed class StateMachineJson
{
    public StateMachineJson(JsonObject template)
    {
        var properties = template.OfType("AWS::StepFunctions::StateMachine").Single().Value.Properties();
        Text = (string)properties["DefinitionString"]!;
        Substitutions = [.. properties["DefinitionSubstitutions"]!.AsObject().Select(pair => pair.Key)];
        Resolved = Substitutions.Aggregate(
            Text, (text, name) => text.Replace($"${{{name}}}", name == "StagingBucketName" ? "staging-bucket" : $"arn:aws:lambda:eu-west-1:111122223333:function:{name}", StringComparison.Ordinal));
        Json = JsonNode.Parse(Resolved)!.AsObject();
        AllStates = [.. StatesOf("", Json)];
    }

    /// <summary>The definition with placeholders.</summary>
    public string Text { get; }

    /// <summary>The placeholders that are filled in at deployment.</summary>
    public IReadOnlyList<string> Substitutions { get; }

    /// <summary>The definition with ARNs.</summary>
    public string Resolved { get; }

    public JsonObject Json { get; }

    /// <summary>The states of the whole and of the Maps' items.</summary>
    public IReadOnlyList<AslState> AllStates { get; }

    private static IEnumerable<AslState> StatesOf(string machine, JsonObject json)
    {
        foreach (var (name, state) in json["States"]!.AsObject())
        {
            yield return new AslState(name, machine, state!.AsObject());
            if (state["ItemProcessor"] is JsonObject items)
            {
                foreach (var inner in StatesOf(name, items))
                    yield return inner;
            }
        }
    }
}
