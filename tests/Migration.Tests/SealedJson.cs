using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization.Metadata;

namespace Migration.Tests;

/// <summary>Objects of a staging store as a program could write them that knows the seal and lies.</summary>
internal static class SealedJson
{
    /// <summary>The bytes of a value under a key.</summary>
    public static ReadOnlyMemory<byte> Write(string key, JsonObject value) =>
        JsonSeal.Write(key, value, (JsonTypeInfo<JsonObject>)JsonSerializerOptions.Default.GetTypeInfo(typeof(JsonObject)));

    /// <summary>An object without its seal.</summary>
    public static JsonObject Read(string folder, string key) => Parse(File.ReadAllText(Path.Combine(folder, key)));

    /// <summary>Changes an object and seals it anew.</summary>
    public static void Change(string folder, string key, Action<JsonObject> change)
    {
        var value = Read(folder, key);
        change(value);
        File.WriteAllBytes(Path.Combine(folder, key), Write(key, value).Span);
    }

    /// <summary>A text without its seal.</summary>
    public static JsonObject Parse(string text)
    {
        var value = JsonNode.Parse(text)!.AsObject();
        value.Remove("seal");
        return value;
    }
}
