using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization.Metadata;
using Migration;

namespace Functions;

public sealed partial record MigrationInput
{
    private static MigrationRequest ReadRequest(Dictionary<string, JsonElement> properties, List<string> problems)
    {
        var known = MigrationJson.Default.MigrationRequest.Properties.Where(property => property.Set is not null).Select(property => property.Name).ToList();
        var good = new JsonObject();
        foreach (var (name, value) in properties)
        {
            if (!known.Contains(name, StringComparer.Ordinal))
            {
                problems.Add(NearestName.Unknown(name, [.. known, .. OwnNames]));
                continue;
            }
            var checkedValue = name is "source" or "destination" ? WithoutUnknown(name, value, problems) : JsonNode.Parse(value.GetRawText());
            if (Problem(name, checkedValue) is { } problem)
                problems.Add(problem);
            else
                good[name] = checkedValue;
        }
        return good.Deserialize(MigrationJson.Default.MigrationRequest)!;
    }

    private static JsonNode? WithoutUnknown(string role, JsonElement server, List<string> problems)
    {
        if (server.ValueKind != JsonValueKind.Object)
            return JsonNode.Parse(server.GetRawText());
        var info = (JsonTypeInfo<ServerRequest>)MigrationJson.Default.GetTypeInfo(typeof(ServerRequest))!;
        var known = info.Properties.Select(property => property.Name).ToList();
        var good = new JsonObject();
        foreach (var property in server.EnumerateObject())
        {
            if (known.Contains(property.Name, StringComparer.Ordinal))
                good[property.Name] = JsonNode.Parse(property.Value.GetRawText());
            else
                problems.Add($"{role}: {NearestName.Unknown(property.Name, known)}");
        }
        return good;
    }

    // Each property by itself, so that one wrong value does not hide the next.
    private static string? Problem(string name, JsonNode? value)
    {
        try
        {
            var alone = new JsonObject { [name] = value?.DeepClone() };
            var request = alone.Deserialize(MigrationJson.Default.MigrationRequest)!;
            if (value is null)
                return $"'{name}' is null: give it a value or leave it out";
            return name switch
            {
                "verify" when !Enum.IsDefined(request.Verify) => WrongWord(name, Enum.GetNames<VerifyMode>()),
                "existing" when !Enum.IsDefined(request.Existing) => WrongWord(name, Enum.GetNames<ExistingBucket>()),
                "retention" when !Enum.IsDefined(request.Retention) => WrongWord(name, Enum.GetNames<RetentionMode>()),
                _ => null,
            };
        }
        catch (JsonException)
        {
            return name switch
            {
                "verify" => WrongWord(name, Enum.GetNames<VerifyMode>()),
                "existing" => WrongWord(name, Enum.GetNames<ExistingBucket>()),
                "retention" => WrongWord(name, Enum.GetNames<RetentionMode>()),
                "concurrency" or "chunkFieldValues" => $"'{name}' must be a whole number",
                "full" or "skipVerify" or "allowBroadToken" => $"'{name}' must be true or false",
                "measurements" or "excludeMeasurements" => $"'{name}' must be a list of texts",
                "source" or "destination" => $"'{name}' must be an object with url, org and bucket as texts",
                "tags" or "bucketMap" => $"'{name}' must be an object with texts",
                _ => $"'{name}' must be a text",
            };
        }
    }

    private static string WrongWord(string name, IEnumerable<string> words) => $"'{name}' must be one of {string.Join(", ", words)}";
}
