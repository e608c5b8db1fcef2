using System.Globalization;
using System.Text.Json;
using Migration;

namespace Functions;

/// <summary>An execution's input: the request, and what only the deployed shape knows.</summary>
public sealed partial record MigrationInput
{
    /// <summary>The chunks at a time when the input says nothing: the database is the bottleneck, so few.</summary>
    public const int DefaultMaxConcurrency = 4;

    /// <summary>An hour: what writers buffer through an outage of some minutes, and a device that was off at noon, still come.</summary>
    public const int DefaultOverlapSeconds = 3_600;

    /// <summary>Five minutes: longer than writers buffer when all is well, so that the last minutes are seldom moved twice for nothing.</summary>
    public const int DefaultLagSeconds = 300;

    /// <summary>The most chunks at a time that an input may ask for; an environment may run fewer.</summary>
    public const int MostConcurrency = 1_000;

    private const int MostOverlapSeconds = 366 * 86_400;
    private const int MostLagSeconds = 7 * 86_400;

    private static readonly string MigrationIdName = JsonNamingPolicy.CamelCase.ConvertName(nameof(MigrationId));
    private static readonly string MaxConcurrencyName = JsonNamingPolicy.CamelCase.ConvertName(nameof(MaxConcurrency));
    private static readonly string IncrementalName = JsonNamingPolicy.CamelCase.ConvertName(nameof(Incremental));
    private static readonly string MarkName = JsonNamingPolicy.CamelCase.ConvertName(nameof(Mark));
    private static readonly string OverlapSecondsName = JsonNamingPolicy.CamelCase.ConvertName(nameof(OverlapSeconds));
    private static readonly string LagSecondsName = JsonNamingPolicy.CamelCase.ConvertName(nameof(LagSeconds));
    private static readonly string[] OwnNames = [MigrationIdName, MaxConcurrencyName, IncrementalName, MarkName, OverlapSecondsName, LagSecondsName];

    /// <summary>What is to be moved; null when an earlier migration is resumed by its id alone.</summary>
    public MigrationRequest? Request { get; init; }

    /// <summary>An earlier migration to resume; null for a new one.</summary>
    public string? MigrationId { get; init; }

    /// <summary>Chunks at a time that are asked for; 1 to 1,000. See <see cref="InputRules.MostConcurrency"/>.</summary>
    public int MaxConcurrency { get; init; } = DefaultMaxConcurrency;

    /// <summary>Whether only what came since the last successful run is moved: from its mark minus the overlap to now minus the lag.</summary>
    public bool Incremental { get; init; }

    /// <summary>
    /// The name of the mark that tells how far earlier runs came: letters, digits, - and _, at most 80; null for one that is the same
    /// for the same servers, buckets and filters.
    /// </summary>
    public string? Mark { get; init; }

    /// <summary>How far before its mark a run begins, in seconds, for points that come late; 0 to 31,622,400 (366 days).</summary>
    public int OverlapSeconds { get; init; } = DefaultOverlapSeconds;

    /// <summary>How long before now a run ends, in seconds, as the latest points are still under way; 0 to 604,800 (7 days).</summary>
    public int LagSeconds { get; init; } = DefaultLagSeconds;

    /// <summary>Reads an input.</summary>
    /// <param name="input">The JSON that the execution was started with.</param>
    /// <param name="rules">What the environment allows.</param>
    /// <exception cref="Exception">Named <see cref="ErrorNames.InvalidInput"/>; all problems are in its message.</exception>
    public static MigrationInput Parse(JsonElement input, InputRules rules)
    {
        var (parsed, problems) = TryParse(input, rules);
        InputRules.Refuse(problems);
        return parsed;
    }

    /// <summary>Reads an input and lists every problem that it has, each a sentence.</summary>
    /// <inheritdoc cref="Parse"/>
    public static (MigrationInput Input, IReadOnlyList<string> Problems) TryParse(JsonElement input, InputRules rules)
    {
        var problems = new List<string>();
        if (input.ValueKind != JsonValueKind.Object)
            return (new MigrationInput(), ["the input is no JSON object"]);
        var properties = new Dictionary<string, JsonElement>(StringComparer.Ordinal);
        foreach (var property in input.EnumerateObject())
        {
            if (!properties.TryAdd(property.Name, property.Value))
                problems.Add($"'{property.Name}' is there twice");
        }
        var parsed = new MigrationInput
        {
            MigrationId = TakeName(properties, MigrationIdName, "the name of an earlier execution", problems),
            MaxConcurrency = TakeNumber(properties, MaxConcurrencyName, 1, MostConcurrency, problems) ?? DefaultMaxConcurrency,
        };
        // For editors, which find the schema by it.
        properties.Remove("$schema");
        if (properties.Count == 0 && parsed.MigrationId is not null)
            return (parsed, problems);
        parsed = TakeIncremental(parsed, properties, problems);
        var request = ReadRequest(properties, problems);
        problems.AddRange(request.Problems(urlsMayFollow: true));
        if (request.CaFile is not null)
            problems.Add("'caFile' names a file of the machine that runs the command: put the certificate into the server's secret as caCertificate");
        problems.AddRange(rules.Problems(request));
        if (parsed.Incremental && request.Stop is not null)
            problems.Add($"'stop' and '{IncrementalName}' contradict each other: an incremental run ends '{LagSecondsName}' before now; leave stop out");
        return (parsed with { Request = request }, problems);
    }

    private static MigrationInput TakeIncremental(MigrationInput parsed, Dictionary<string, JsonElement> properties, List<string> problems)
    {
        string[] given = [.. new[] { MarkName, OverlapSecondsName, LagSecondsName }.Where(properties.ContainsKey)];
        var incremental = TakeFlag(properties, IncrementalName, problems);
        if (!incremental)
            problems.AddRange(given.Select(name => $"'{name}' has a meaning with '{IncrementalName}': true only: add that, or leave it out"));
        return parsed with
        {
            Incremental = incremental,
            Mark = TakeName(properties, MarkName, "a name", problems),
            OverlapSeconds = TakeNumber(properties, OverlapSecondsName, 0, MostOverlapSeconds, problems) ?? DefaultOverlapSeconds,
            LagSeconds = TakeNumber(properties, LagSecondsName, 0, MostLagSeconds, problems) ?? DefaultLagSeconds,
        };
    }

    private static string? TakeName(Dictionary<string, JsonElement> properties, string name, string what, List<string> problems)
    {
        if (!properties.Remove(name, out var value))
            return null;
        var text = value.ValueKind == JsonValueKind.String ? value.GetString()! : "";
        // It is a part of keys, and of an execution's name.
        if (text.Length is 0 or > 80 || !text.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_'))
            problems.Add($"'{name}' must be {what}: letters, digits, - and _, at most 80");
        return text;
    }

    private static int? TakeNumber(Dictionary<string, JsonElement> properties, string name, int least, int most, List<string> problems)
    {
        if (!properties.Remove(name, out var value))
            return null;
        if (value.ValueKind == JsonValueKind.Number && value.TryGetInt32(out var number) && number >= least && number <= most)
            return number;
        problems.Add(string.Create(CultureInfo.InvariantCulture, $"'{name}' must be a number from {least} to {most:N0}"));
        return null;
    }

    private static bool TakeFlag(Dictionary<string, JsonElement> properties, string name, List<string> problems)
    {
        if (!properties.Remove(name, out var value))
            return false;
        if (value.ValueKind is not (JsonValueKind.True or JsonValueKind.False))
            problems.Add($"'{name}' must be true or false");
        return value.ValueKind == JsonValueKind.True;
    }
}
