using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization.Metadata;
using Migration;

namespace Functions;

/// <summary>An execution's input: the request, and what only the deployed shape knows.</summary>
public sealed record MigrationInput
{
    /// <summary>The chunks at a time when the input says nothing: the database is the bottleneck, so few.</summary>
    public const int DefaultMaxConcurrency = 4;

    private const int MostConcurrency = 1_000;
    private const string MigrationIdName = "migrationId";
    private const string MaxConcurrencyName = "maxConcurrency";

    /// <summary>What is to be moved; null when an earlier migration is resumed by its id alone.</summary>
    public MigrationRequest? Request { get; init; }

    /// <summary>An earlier migration to resume; null for a new one.</summary>
    public string? MigrationId { get; init; }

    /// <summary>Chunks at a time; 1 to 1,000.</summary>
    public int MaxConcurrency { get; init; } = DefaultMaxConcurrency;

    /// <summary>Reads an input.</summary>
    /// <param name="input">The JSON that the execution was started with.</param>
    /// <param name="allowSkipVerify">Whether certificates may go unchecked.</param>
    /// <exception cref="Exception">Named <see cref="ErrorNames.InvalidInput"/>; all problems are in its message.</exception>
    public static MigrationInput Parse(JsonElement input, bool allowSkipVerify)
    {
        var problems = new List<string>();
        if (input.ValueKind != JsonValueKind.Object)
            throw Invalid(["the input is no JSON object"]);
        var properties = new Dictionary<string, JsonElement>(StringComparer.Ordinal);
        foreach (var property in input.EnumerateObject())
        {
            if (!properties.TryAdd(property.Name, property.Value))
                problems.Add($"'{property.Name}' is there twice");
        }
        var migrationId = TakeMigrationId(properties, problems);
        var maxConcurrency = TakeMaxConcurrency(properties, problems);
        // For editors, which find the schema by it.
        properties.Remove("$schema");
        if (properties.Count == 0 && migrationId is not null && problems.Count == 0)
            return new MigrationInput { MigrationId = migrationId, MaxConcurrency = maxConcurrency };
        var request = ReadRequest(properties, problems);
        problems.AddRange(request.Problems(urlsMayFollow: true));
        if (request.CaFile is not null)
            problems.Add("'caFile' names a file of the machine that runs the command: put the certificate into the server's secret as caCertificate");
        if (request.SkipVerify && !allowSkipVerify)
            problems.Add("'skipVerify' is not allowed in this environment: put the authority's certificate into the server's secret as caCertificate");
        return problems.Count == 0
            ? new MigrationInput { Request = request, MigrationId = migrationId, MaxConcurrency = maxConcurrency }
            : throw Invalid(problems);
    }

    private static NamedException Invalid(List<string> problems) =>
        new(ErrorNames.InvalidInput, problems.Count == 1 ? problems[0] : $"{problems.Count} problems: {string.Join("; ", problems)}");

    private static string? TakeMigrationId(Dictionary<string, JsonElement> properties, List<string> problems)
    {
        if (!properties.Remove(MigrationIdName, out var value))
            return null;
        var id = value.ValueKind == JsonValueKind.String ? value.GetString()! : "";
        // It is an execution's name, and a part of keys.
        if (id.Length is 0 or > 80 || !id.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_'))
            problems.Add($"'{MigrationIdName}' must be the name of an earlier execution: letters, digits, - and _, at most 80");
        return id;
    }

    private static int TakeMaxConcurrency(Dictionary<string, JsonElement> properties, List<string> problems)
    {
        if (!properties.Remove(MaxConcurrencyName, out var value))
            return DefaultMaxConcurrency;
        if (value.ValueKind == JsonValueKind.Number && value.TryGetInt32(out var number) && number is >= 1 and <= MostConcurrency)
            return number;
        problems.Add($"'{MaxConcurrencyName}' must be a number from 1 to {MostConcurrency:N0}");
        return DefaultMaxConcurrency;
    }

    private static MigrationRequest ReadRequest(Dictionary<string, JsonElement> properties, List<string> problems)
    {
        var known = MigrationJson.Default.MigrationRequest.Properties.Where(property => property.Set is not null).Select(property => property.Name).ToList();
        var good = new JsonObject();
        foreach (var (name, value) in properties)
        {
            if (!known.Contains(name, StringComparer.Ordinal))
            {
                problems.Add(NearestName.Unknown(name, [.. known, MigrationIdName, MaxConcurrencyName]));
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
                "full" or "skipVerify" => $"'{name}' must be true or false",
                "measurements" => $"'{name}' must be a list of texts",
                "source" or "destination" => $"'{name}' must be an object with url, org and bucket as texts",
                "tags" or "bucketMap" => $"'{name}' must be an object with texts",
                _ => $"'{name}' must be a text",
            };
        }
    }

    private static string WrongWord(string name, IEnumerable<string> words) => $"'{name}' must be one of {string.Join(", ", words)}";
}

/// <summary>Finds the name that a person meant.</summary>
internal static class NearestName
{
    /// <summary>What to say of a property that is not known.</summary>
    public static string Unknown(string name, IReadOnlyCollection<string> known)
    {
        var nearest = known.MinBy(candidate => Distance(name.ToUpperInvariant(), candidate.ToUpperInvariant()))!;
        return Distance(name.ToUpperInvariant(), nearest.ToUpperInvariant()) <= Math.Max(2, nearest.Length / 2)
            ? $"'{name}' is no property: did you mean '{nearest}'?"
            : $"'{name}' is no property: there are {string.Join(", ", known)}";
    }

    // Levenshtein's, row by row.
    private static int Distance(string one, string other)
    {
        var row = Enumerable.Range(0, other.Length + 1).ToArray();
        for (var i = 1; i <= one.Length; i++)
        {
            var diagonal = row[0];
            row[0] = i;
            for (var j = 1; j <= other.Length; j++)
            {
                var above = row[j];
                row[j] = Math.Min(Math.Min(row[j], row[j - 1]) + 1, diagonal + (one[i - 1] == other[j - 1] ? 0 : 1));
                diagonal = above;
            }
        }
        return row[^1];
    }
}
