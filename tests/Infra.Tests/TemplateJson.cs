using System.Text.Json.Nodes;

namespace Infra.Tests;

/// <summary>Questions to a template's JSON.</summary>
internal static class TemplateJson
{
    /// <summary>The resources of a type by logical id.</summary>
    public static IReadOnlyDictionary<string, JsonObject> OfType(this JsonObject template, string type) => template["Resources"]!.AsObject()
        .Where(resource => (string?)resource.Value!["Type"] == type)
        .ToDictionary(resource => resource.Key, resource => resource.Value!.AsObject(), StringComparer.Ordinal);

    /// <summary>A resource's properties.</summary>
    public static JsonObject Properties(this JsonObject resource) => resource["Properties"]!.AsObject();

    /// <summary>A property that is one text or a list of texts.</summary>
    public static IReadOnlyList<string> Texts(this JsonNode? node) => node switch
    {
        JsonArray list => [.. list.Select(item => item is JsonValue ? (string)item! : item!.ToJsonString())],
        JsonValue value => [(string)value!],
        null => [],
        _ => [node.ToJsonString()],
    };

    /// <summary>Every object below a node, itself included.</summary>
    public static IEnumerable<JsonObject> Objects(this JsonNode? node) => node switch
    {
        JsonObject item => item.Select(property => property.Value).SelectMany(Objects).Prepend(item),
        JsonArray list => list.SelectMany(Objects),
        _ => [],
    };
}
