using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization.Metadata;
using Migration;

namespace Cli;

/// <summary>A request in a JSON file, as in <c>events/</c>.</summary>
internal static class InputFile
{
    /// <summary>Reads it.</summary>
    /// <param name="path">The file.</param>
    /// <param name="others">Takes the properties that no request has, which an execution's input may have; null where they are a mistake.</param>
    /// <exception cref="InputException">It can't be read, or is no request; every unknown property is named with the nearest known one.</exception>
    public static MigrationRequest Read(string path, JsonObject? others = null)
    {
        try
        {
            var text = File.ReadAllBytes(path);
            if (others is not null)
                text = WithoutOthers(text, others);
            using (var document = JsonDocument.Parse(text))
            {
                var problems = new List<string>();
                Check(document.RootElement, MigrationJson.Default.MigrationRequest, "", problems);
                if (problems.Count > 0)
                    throw new InputException(string.Join('\n', problems.Select(problem => $"'{path}': {problem}")));
            }
            return JsonSerializer.Deserialize(text, MigrationJson.Default.MigrationRequest)
                ?? throw new InputException($"'{path}' holds null and no request");
        }
        catch (JsonException wrong)
        {
            throw new InputException($"'{path}' is no request: {wrong.Message}");
        }
        catch (Exception unreadable) when (unreadable is IOException or UnauthorizedAccessException)
        {
            throw new InputException($"the input can't be read: {unreadable.Message}");
        }
    }

    private static byte[] WithoutOthers(byte[] text, JsonObject others)
    {
        if (JsonNode.Parse(text, documentOptions: new JsonDocumentOptions { AllowDuplicateProperties = false }) is not JsonObject file)
            return text;
        var known = MigrationJson.Default.MigrationRequest.Properties.Where(property => property.Set is not null).Select(property => property.Name).ToHashSet(StringComparer.Ordinal);
        foreach (var (name, value) in file.Where(property => !known.Contains(property.Key)).ToList())
        {
            file.Remove(name);
            others[name] = value;
        }
        return Encoding.UTF8.GetBytes(file.ToJsonString());
    }

    private static void Check(JsonElement element, JsonTypeInfo type, string place, List<string> problems)
    {
        if (element.ValueKind != JsonValueKind.Object || type.Kind != JsonTypeInfoKind.Object)
            return;
        var known = type.Properties.Where(property => property.Set is not null).ToDictionary(property => property.Name, StringComparer.Ordinal);
        foreach (var property in element.EnumerateObject())
        {
            if (known.TryGetValue(property.Name, out var found))
                Check(property.Value, MigrationJson.Default.GetTypeInfo(found.PropertyType)!, $"{place}{property.Name}.", problems);
            else
                problems.Add($"there is no property '{place}{property.Name}'; the nearest is '{place}{known.Keys.MinBy(name => Distance(name, property.Name))}'");
        }
    }

    /// <summary>How many letters must be put in, taken out or replaced to make one word of the other; their case counts for nothing.</summary>
    private static int Distance(string one, string other)
    {
        var row = Enumerable.Range(0, other.Length + 1).ToArray();
        for (var i = 0; i < one.Length; i++)
        {
            var diagonal = row[0];
            row[0] = i + 1;
            for (var j = 0; j < other.Length; j++)
            {
                var replaced = diagonal + (char.ToLowerInvariant(one[i]) == char.ToLowerInvariant(other[j]) ? 0 : 1);
                diagonal = row[j + 1];
                row[j + 1] = Math.Min(replaced, Math.Min(row[j], row[j + 1]) + 1);
            }
        }
        return row[^1];
    }
}
