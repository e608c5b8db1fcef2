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

    [Fact]
    public void The_example_in_events_binds_and_has_no_problem()
    {
        var text = File.ReadAllText(Path.Combine(Root(), "events", "start-migration.json"));

        var request = JsonSerializer.Deserialize(text, MigrationJson.Default.MigrationRequest)!;

        Assert.Empty(request.Problems());
        Assert.Equal(("telemetry", "cpu*"), (request.Source.Bucket, request.Measurements[0]));
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

    [Fact]
    public void The_identity_says_what_is_moved_and_not_how()
    {
        var same = Good with { Concurrency = 9, Verify = VerifyMode.None };
        var other = Good with { Start = "2026-01-01" };

        Assert.Equal(Good.Identity(), same.Identity());
        Assert.NotEqual(Good.Identity(), other.Identity());
    }

    private static string Root([CallerFilePath] string path = "") => Path.GetFullPath(Path.Combine(Path.GetDirectoryName(path)!, "..", ".."));
}
