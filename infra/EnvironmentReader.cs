using System.Text.Json;
using System.Text.RegularExpressions;
using Migration;

namespace Infra;

/// <summary>Reads the properties of one JSON object of <c>cdk.json</c> and notes every problem instead of stopping at the first.</summary>
/// <param name="path">Where the object stands, for the problems' texts.</param>
/// <param name="json">The object.</param>
/// <param name="problems">Takes the problems.</param>
internal sealed class EnvironmentReader(string path, JsonElement json, List<string> problems)
{
    private static readonly TimeSpan MatchTimeout = TimeSpan.FromSeconds(1);
    private readonly List<string> known = [];

    /// <summary>A text; null when it is left out.</summary>
    /// <param name="name">The property.</param>
    /// <param name="pattern">What it must match whole.</param>
    /// <param name="example">A text that does.</param>
    public string? Text(string name, string pattern, string example) =>
        Find(name) is { } value ? Matching(name, value, pattern, example) : null;

    /// <summary>A list of texts; empty when it is left out.</summary>
    /// <param name="name">The property.</param>
    /// <param name="pattern">What each must match whole.</param>
    /// <param name="example">A text that does.</param>
    public IReadOnlyList<string> Texts(string name, string pattern, string example) =>
        [.. Items(name).Select(item => Matching(name, item, pattern, example)).OfType<string>()];

    /// <summary>One of a few words; null when it is left out.</summary>
    public string? Choice(string name, params string[] words)
    {
        if (Find(name) is not { } value)
            return null;
        if (value.ValueKind == JsonValueKind.String && words.Contains(value.GetString(), StringComparer.Ordinal))
            return value.GetString();
        Add(name, $"{value.GetRawText()} is none of {string.Join(", ", words)}");
        return null;
    }

    /// <summary>A whole number; null when it is left out.</summary>
    public int? Number(string name, int minimum, int maximum)
    {
        if (Find(name) is not { } value)
            return null;
        if (value.ValueKind == JsonValueKind.Number && value.TryGetInt32(out var number) && number >= minimum && number <= maximum)
            return number;
        Add(name, $"{value.GetRawText()} is no whole number from {minimum} to {maximum}");
        return null;
    }

    /// <summary>A list of whole numbers; null when it is left out.</summary>
    public IReadOnlyList<int>? Numbers(string name, int minimum, int maximum)
    {
        if (Find(name) is null)
            return null;
        var numbers = new List<int>();
        foreach (var item in Items(name))
        {
            if (item.ValueKind == JsonValueKind.Number && item.TryGetInt32(out var number) && number >= minimum && number <= maximum)
                numbers.Add(number);
            else
                Add(name, $"{item.GetRawText()} is no whole number from {minimum} to {maximum}");
        }
        return numbers;
    }

    /// <summary>True or false; false when it is left out.</summary>
    public bool Flag(string name)
    {
        if (Find(name) is not { } value)
            return false;
        if (value.ValueKind is JsonValueKind.True or JsonValueKind.False)
            return value.GetBoolean();
        Add(name, $"{value.GetRawText()} is neither true nor false");
        return false;
    }

    /// <summary>An object as it stands; null when it is left out.</summary>
    public JsonElement? Raw(string name)
    {
        if (Find(name) is not { } value)
            return null;
        if (value.ValueKind == JsonValueKind.Object)
            return value;
        Add(name, "must be an object");
        return null;
    }

    /// <summary>A reader of an object; null when it is left out.</summary>
    public EnvironmentReader? Object(string name) => Raw(name) is { } value ? new EnvironmentReader($"{path}.{name}", value, problems) : null;

    /// <summary>Readers of a list of objects; empty when it is left out.</summary>
    public IReadOnlyList<EnvironmentReader> Objects(string name)
    {
        var readers = new List<EnvironmentReader>();
        foreach (var item in Items(name))
        {
            if (item.ValueKind == JsonValueKind.Object)
                readers.Add(new EnvironmentReader($"{path}.{name}[{readers.Count}]", item, problems));
            else
                Add(name, $"{item.GetRawText()} is no object");
        }
        return readers;
    }

    /// <summary>Whether the property is there.</summary>
    public bool Has(string name) => Find(name) is not null;

    /// <summary>Notes a problem of a property.</summary>
    public void Add(string name, string problem) => problems.Add($"{path}.{name}: {problem}");

    /// <summary>Notes every property that nothing asked for, with the nearest that something did.</summary>
    public void Finish()
    {
        foreach (var property in json.EnumerateObject().Where(property => !known.Contains(property.Name, StringComparer.Ordinal)))
            Add(property.Name, $"there is no such property; the nearest is '{NearestName.Of(property.Name, known)}'");
    }

    private JsonElement? Find(string name)
    {
        known.Add(name);
        return json.TryGetProperty(name, out var value) && value.ValueKind != JsonValueKind.Null ? value : null;
    }

    private IEnumerable<JsonElement> Items(string name)
    {
        if (Find(name) is not { } value)
            return [];
        if (value.ValueKind == JsonValueKind.Array)
            return value.EnumerateArray();
        Add(name, "must be a list");
        return [];
    }

    private string? Matching(string name, JsonElement value, string pattern, string example)
    {
        if (value.ValueKind == JsonValueKind.String && Regex.IsMatch(value.GetString()!, $"^(?:{pattern})$", RegexOptions.ExplicitCapture, MatchTimeout))
            return value.GetString();
        Add(name, $"{value.GetRawText()} is not of the form {example}");
        return null;
    }
}
