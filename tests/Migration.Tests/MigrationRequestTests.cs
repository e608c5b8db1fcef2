using System.Runtime.CompilerServices;
using System.Text.Json;

namespace Migration.Tests;

public sealed class MigrationRequestTests
{
    private static readonly MigrationRequest Good = new()
    {
        Source = new ServerRequest { Url = "http://a.example:8086", Bucket = "d" },
        Destination = new ServerRequest { Url = "https://b.example:8086" },
    };

    public static TheoryData<string> Events => [.. Directory.EnumerateFiles(Path.Combine(Root(), "events"), "start-*.json").Where(path => !path.EndsWith(".schema.json", StringComparison.Ordinal)).Select(path => Path.GetFileName(path))];

    [Theory]
    [MemberData(nameof(Events))]
    public void Every_execution_input_in_events_binds_to_the_last_property_and_has_no_problem(string file)
    {
        var text = File.ReadAllText(Path.Combine(Root(), "events", file));

        var request = JsonSerializer.Deserialize(text, MigrationJson.Default.MigrationRequest)!;

        Assert.Empty(request.Problems());
        using var given = JsonDocument.Parse(text);
        var read = JsonSerializer.SerializeToElement(request, MigrationJson.Default.MigrationRequest);
        AssertWithin(given.RootElement, read);
    }

    [Fact]
    public void All_problems_are_listed_at_once()
    {
        var request = Good with
        {
            Source = new ServerRequest { Url = "a.example" },
            Destination = new ServerRequest { Url = "http://b.example" },
            Start = "2026-01-02",
            Stop = "2026-01-01",
            Concurrency = 0,
        };

        var problems = request.Problems();

        Assert.Equal(5, problems.Count);
        Assert.Contains(problems, problem => problem.Contains("has no port", StringComparison.Ordinal));
        Assert.Contains(problems, problem => problem.Contains("is not before the stop", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("a\rb", "v")]
    [InlineData("k", "v\0")]
    public void A_tag_that_influxql_can_not_ask_for_is_a_problem(string key, string value)
    {
        var request = Good with { Tags = new Dictionary<string, string> { [key] = value } };

        Assert.Contains("InfluxQL can't ask for", Assert.Single(request.Problems()), StringComparison.Ordinal);
    }

    [Fact]
    public void The_identity_says_what_is_moved_and_not_how()
    {
        var same = Good with { Concurrency = 9, Verify = VerifyMode.None };
        var other = Good with { Start = "2026-01-01" };

        Assert.Equal(Good.Identity(), same.Identity());
        Assert.NotEqual(Good.Identity(), other.Identity());
    }

    // What is read may hold defaults besides.
    private static void AssertWithin(JsonElement given, JsonElement read)
    {
        foreach (var property in given.EnumerateObject())
        {
            Assert.True(read.TryGetProperty(property.Name, out var value), $"'{property.Name}' is no property of a request");
            if (property.Value.ValueKind == JsonValueKind.Object)
                AssertWithin(property.Value, value);
            else
                Assert.True(JsonElement.DeepEquals(property.Value, value), $"'{property.Name}' is {value} when read");
        }
    }

    private static string Root([CallerFilePath] string path = "") => Path.GetFullPath(Path.Combine(Path.GetDirectoryName(path)!, "..", ".."));
}
