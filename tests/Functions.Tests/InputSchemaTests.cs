using System.Text.Json;
using System.Text.Json.Nodes;
using Migration;

namespace Functions.Tests;

/// <summary>What console users are told of the input is what the functions take.</summary>
public sealed class InputSchemaTests
{
    private const string SchemaFile = "start-migration.schema.json";
    private static readonly string Folder = Path.Combine(MigrationInputTests.Repository(), "events");
    private static readonly JsonObject Schema = JsonNode.Parse(File.ReadAllText(Path.Combine(Folder, SchemaFile)))!.AsObject();

    public static TheoryData<string> Events =>
        [.. Directory.EnumerateFiles(Folder, "*.json").Select(path => Path.GetFileName(path)).Where(file => file != SchemaFile)];

    public static TheoryData<string> Ranges =>
        [.. Described(Schema, "").Where(property => property.Schema.ContainsKey("minimum")).Select(property => property.Path)];

    [Fact]
    public void Describes_every_property_that_an_input_has_and_no_other()
    {
        var request = MigrationJson.Default.MigrationRequest.Properties.Where(property => property.Set is not null).Select(property => property.Name);
        var server = ServerProperties();
        var own = typeof(MigrationInput).GetProperties().Where(property => property.SetMethod?.IsPublic == true && property.Name != nameof(MigrationInput.Request))
            .Select(property => JsonNamingPolicy.CamelCase.ConvertName(property.Name));

        var expected = request.Concat(own).Append("$schema").Concat(server.Select(name => $"source.{name}")).Concat(server.Select(name => $"destination.{name}"));
        Assert.Equal(expected.Order(StringComparer.Ordinal), Described(Schema, "").Select(property => property.Path).Order(StringComparer.Ordinal));
        Assert.All(Described(Schema, ""), property => Assert.EndsWith(".", (string)property.Schema["description"]!, StringComparison.Ordinal));
    }

    [Fact]
    public void Gives_the_defaults_that_hold()
    {
        var defaults = JsonSerializer.SerializeToNode(new MigrationRequest(), MigrationJson.Default.MigrationRequest)!.AsObject();
        var own = new MigrationInput();
        defaults["maxConcurrency"] = own.MaxConcurrency;
        defaults["incremental"] = own.Incremental;
        defaults["overlapSeconds"] = own.OverlapSeconds;
        defaults["lagSeconds"] = own.LagSeconds;

        foreach (var (path, schema) in Described(Schema, ""))
        {
            var value = path.Split('.').Aggregate((JsonNode?)defaults, (node, name) => node?[name]);
            if (schema["properties"] is null)
                Assert.True(JsonNode.DeepEquals(value, schema["default"]), $"{path}: {value?.ToJsonString()} and not {schema["default"]?.ToJsonString()}");
        }
    }

    [Theory]
    [MemberData(nameof(Ranges))]
    public void Gives_the_ranges_that_hold(string path)
    {
        var schema = Described(Schema, "").Single(property => property.Path == path).Schema;
        var (least, most) = ((long)schema["minimum"]!, (long)schema["maximum"]!);

        Assert.Empty(Problems(least));
        Assert.Empty(Problems(most));
        Assert.NotEmpty(Problems(least - 1));
        Assert.NotEmpty(Problems(most + 1));

        IReadOnlyList<string> Problems(long value) => Parsed(new JsonObject
        {
            ["source"] = new JsonObject { ["bucket"] = "b" },
            ["incremental"] = true,
            [path] = value,
        });
    }

    [Theory]
    [InlineData("verify", typeof(VerifyMode))]
    [InlineData("existing", typeof(ExistingBucket))]
    [InlineData("retention", typeof(RetentionMode))]
    public void Gives_the_words_that_hold(string name, Type type) =>
        Assert.Equal(Enum.GetNames(type), Schema["properties"]![name]!["enum"]!.AsArray().Select(word => (string)word!));

    [Fact]
    public void Gives_examples_that_are_taken()
    {
        foreach (var (path, schema) in Described(Schema, "").Where(property => property.Schema.ContainsKey("examples")))
        {
            foreach (var example in schema["examples"]!.AsArray())
            {
                var input = new JsonObject { ["source"] = new JsonObject { ["bucket"] = "b" }, ["destination"] = new JsonObject() };
                var parts = path.Split('.');
                (parts.Length == 1 ? input : input[parts[0]]!.AsObject())[parts[^1]] = example!.DeepClone();

                Assert.Empty(Parsed(input));
            }
        }
    }

    [Theory]
    [MemberData(nameof(Events))]
    public void Every_example_satisfies_it_and_is_an_input(string file)
    {
        var example = JsonNode.Parse(File.ReadAllText(Path.Combine(Folder, file)))!;

        Assert.Empty(Violations(example, Schema, "input"));
        Assert.Empty(Parsed(example));
    }

    [Fact]
    public void The_incremental_example_says_what_also_holds_unsaid()
    {
        using var document = JsonDocument.Parse(File.ReadAllText(Path.Combine(Folder, "incremental.json")));
        var input = MigrationInput.Parse(document.RootElement, new InputRules());

        Assert.Equal((true, "telemetry", MigrationInput.DefaultOverlapSeconds, MigrationInput.DefaultLagSeconds), (input.Incremental, input.Mark, input.OverlapSeconds, input.LagSeconds));
        Assert.Equal(ExistingBucket.Reuse, input.Request!.Existing);
    }

    [Theory]
    [InlineData("""{"source":{"bucket":"b"},"incremental":"yes"}""", "input.incremental is no boolean")]
    [InlineData("""{"source":{"bucket":"b","token":"t"}}""", "input.source.token is unknown")]
    [InlineData("""{"source":{"bucket":"b"},"verify":"Contents"}""", "input.verify is none of its words")]
    [InlineData("""{"source":{"bucket":"b"},"lagSeconds":-1}""", "input.lagSeconds is out of its range")]
    [InlineData("""{"source":{"bucket":"b"},"measurements":[1]}""", "input.measurements[0] is no string")]
    [InlineData("""{"source":{"bucket":"b"},"tags":{"a":1}}""", "input.tags.a is no string")]
    [InlineData("""{"lagSeconds":1}""", "input lacks what it needs")]
    public void The_check_of_the_examples_finds_what_is_wrong_and_so_does_the_function(string json, string violation)
    {
        var input = JsonNode.Parse(json)!;

        Assert.Equal([violation], Violations(input, Schema, "input"));
        Assert.NotEmpty(Parsed(input));
    }

    private static List<string> ServerProperties() =>
        [.. MigrationJson.Default.GetTypeInfo(typeof(ServerRequest))!.Properties.Where(property => property.Set is not null).Select(property => property.Name)];

    private static IReadOnlyList<string> Parsed(JsonNode input)
    {
        using var document = JsonDocument.Parse(input.ToJsonString());
        return MigrationInput.TryParse(document.RootElement, new InputRules()).Problems;
    }

    private static IEnumerable<(string Path, JsonObject Schema)> Described(JsonObject schema, string parent) =>
        (schema["properties"]?.AsObject() ?? []).SelectMany(property =>
            Described(property.Value!.AsObject(), $"{parent}{property.Key}.").Prepend(($"{parent}{property.Key}", property.Value!.AsObject())));

    // As much of JSON Schema as the file uses.
    private static List<string> Violations(JsonNode? value, JsonObject schema, string place)
    {
        if (schema["type"] is { } type && !IsA((string)type!, value))
            return [$"{place} is no {type}"];
        var found = new List<string>();
        if (schema["enum"] is JsonArray words && !words.Any(word => JsonNode.DeepEquals(word, value)))
            found.Add($"{place} is none of its words");
        if (value?.GetValueKind() == JsonValueKind.Number && (value.GetValue<double>() < (double?)schema["minimum"] || value.GetValue<double>() > (double?)schema["maximum"]))
            found.Add($"{place} is out of its range");
        if (value is JsonObject given)
        {
            bool Has(JsonNode? alternative) => alternative!["required"]!.AsArray().All(name => given.ContainsKey((string)name!));
            if (schema["anyOf"] is JsonArray alternatives && !alternatives.Any(Has))
                found.Add($"{place} lacks what it needs");
            foreach (var (name, inner) in given)
            {
                if ((schema["properties"]?[name] ?? schema["additionalProperties"]) is JsonObject known)
                    found.AddRange(Violations(inner, known, $"{place}.{name}"));
                else
                    found.Add($"{place}.{name} is unknown");
            }
        }
        if (value is JsonArray items)
            found.AddRange(items.SelectMany((item, index) => Violations(item, schema["items"]!.AsObject(), $"{place}[{index}]")));
        return found;
    }

    private static bool IsA(string type, JsonNode? value) => (type, value?.GetValueKind()) switch
    {
        ("object", JsonValueKind.Object) or ("array", JsonValueKind.Array) or ("string", JsonValueKind.String) => true,
        ("boolean", JsonValueKind.True or JsonValueKind.False) => true,
        ("integer", JsonValueKind.Number) => value!.AsValue().TryGetValue<long>(out _),
        _ => false,
    };
}
