using System.CommandLine;
using System.Runtime.CompilerServices;
using Migration;

namespace Cli.Tests;

public sealed class InputFileTests : IDisposable
{
    private static readonly string Example = Path.Combine(Root(), "events", "start-migration.json");

    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("input-");

    [Theory]
    [InlineData("migrate")]
    [InlineData("verify")]
    public void The_example_in_events_is_read_as_it_stands(string command)
    {
        var request = Read(command, "--input", Example);

        Assert.Equal(("https://influx.example.com:8086", "factory", "telemetry"), (request.Source.Url, request.Source.Org, request.Source.Bucket));
        Assert.Equal("https://example.timestream-influxdb.eu-west-1.on.aws:8086", request.Destination.Url);
        Assert.Equal(("2026-01-01T00:00:00Z", null, "cpu*", 4), (request.Start, request.Stop, Assert.Single(request.Measurements), request.Concurrency));
        Assert.Equal((VerifyMode.Content, ExistingBucket.Fail, RetentionMode.Keep), (request.Verify, request.Existing, request.Retention));
    }

    [Fact]
    public void Only_options_that_are_given_override_the_file()
    {
        var file = Written("""
            { "source": { "url": "http://a.example:8086", "bucket": "d" }, "destination": { "url": "http://b.example:8086" },
              "concurrency": 9, "verify": "counts", "existing": "Reuse", "tags": { "host": "a" }, "measurements": ["x"] }
            """);

        var request = Read("migrate", "--input", file, "--src-bucket", "e", "--measurement", "cpu", "--verify", "content", "--dest-host", "http://c.example:8086");

        Assert.Equal(("http://a.example:8086", "e", "http://c.example:8086"), (request.Source.Url, request.Source.Bucket, request.Destination.Url));
        Assert.Equal((9, VerifyMode.Content, ExistingBucket.Reuse), (request.Concurrency, request.Verify, request.Existing));
        Assert.Equal(("cpu", "a"), (Assert.Single(request.Measurements), request.Tags["host"]));
    }

    [Fact]
    public void Without_a_file_the_defaults_are_those_of_the_request()
    {
        var request = Read("migrate", "--src-bucket", "d", "--dest-host", "http://b.example:8086");

        Assert.Equal(("http://localhost:8086", 4, VerifyMode.Content), (request.Source.Url, request.Concurrency, request.Verify));
        Assert.Equal(new MigrationRequest().ChunkFieldValues, request.ChunkFieldValues);
    }

    [Theory]
    [InlineData("""{ "Concurency": 4 }""", "'Concurency'", "'concurrency'")]
    [InlineData("""{ "source": { "uri": "x" } }""", "'source.uri'", "'source.url'")]
    [InlineData("""{ "measurement": ["x"], "conccurrency": 4 }""", "'measurement'", "'measurements'")]
    [InlineData("""{ "range": {} }""", "'range'", "the nearest is")]
    [InlineData("""{ "verify": "contents" }""", "$.verify", "no request")]
    [InlineData("""{ "start": """, "no request", "")]
    [InlineData("null", "holds null", "")]
    public async Task A_file_that_is_no_request_ends_with_2_and_names_the_place(string text, params string[] parts)
    {
        var (exitCode, output) = await CliProcess.RunAsync("migrate", "--input", Written(text));

        Assert.Equal(2, exitCode);
        Assert.All(parts, part => Assert.Contains(part, output, StringComparison.Ordinal));
    }

    public void Dispose() => folder.Delete(recursive: true);

    private static MigrationRequest Read(string name, params string[] arguments)
    {
        var options = new Options();
        var command = new Command(name);
        if (name == "migrate")
            options.AddTo(command);
        else
            options.AddComparedTo(command);
        return options.Read(new RootCommand { command }.Parse([name, .. arguments]));
    }

    private string Written(string text)
    {
        var file = Path.Combine(folder.FullName, "request.json");
        File.WriteAllText(file, text);
        return file;
    }

    private static string Root([CallerFilePath] string path = "") => Path.GetFullPath(Path.Combine(Path.GetDirectoryName(path)!, "..", ".."));
}
