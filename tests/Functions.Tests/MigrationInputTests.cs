using System.Text.Json;
using System.Text.Json.Nodes;
using Migration;

namespace Functions.Tests;

public sealed class MigrationInputTests
{
    [Fact]
    public void The_example_of_the_README_is_an_input()
    {
        var input = Parse(File.ReadAllText(Path.Combine(Repository(), "events", "start-migration.json")));

        Assert.Equal(("telemetry", VerifyMode.Content, MigrationInput.DefaultMaxConcurrency), (input.Request!.Source.Bucket, input.Request.Verify, input.MaxConcurrency));
        Assert.Null(input.MigrationId);
    }

    [Fact]
    public void Urls_may_come_from_the_secrets()
    {
        var input = Parse("""{"source":{"bucket":"b"},"maxConcurrency":9}""");

        Assert.Equal(("", 9), (input.Request!.Source.Url, input.MaxConcurrency));
    }

    [Fact]
    public void An_earlier_migration_is_resumed_by_its_id_alone()
    {
        var input = Parse("""{"migrationId":"first-run","maxConcurrency":2}""");

        Assert.Equal((null, "first-run", 2), (input.Request, input.MigrationId, input.MaxConcurrency));
    }

    [Fact]
    public void All_problems_are_listed_at_once()
    {
        var message = Invalid("""
            {"source":{"url":"host","bukket":"b"},"concurency":3,"verify":"contents","existing":7,"chunkFieldValues":"many","start":5,
             "maxConcurrency":0,"migrationId":"a/b","tags":[],"full":null,"something":1}
            """);

        foreach (var problem in (string[])[
            "source: 'bukket' is no property: did you mean 'bucket'?", "'concurency' is no property: did you mean 'concurrency'?",
            "'verify' must be one of Content, Counts, None", "'existing' must be one of Fail, Reuse", "'chunkFieldValues' must be a whole number",
            "'start' must be a text", "'maxConcurrency' must be a number from 1 to 1,000", "'migrationId' must be the name of an earlier execution",
            "'tags' must be an object with texts", "'full' must be true or false", "'something' is no property: there are", "the source: 'host' is no URL"])
            Assert.Contains(problem, message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("[]", "the input is no JSON object")]
    [InlineData("{}", "name the source bucket")]
    [InlineData("""{"source":{"bucket":"b"},"source":{"bucket":"c"}}""", "'source' is there twice")]
    [InlineData("""{"source":{"bucket":"b"},"caFile":"/etc/hostname"}""", "caCertificate")]
    [InlineData("""{"source":{"bucket":"b"},"skipVerify":true}""", "'skipVerify' is not allowed")]
    [InlineData("""{"source":{"bucket":"b"},"allowBroadToken":"true"}""", "'allowBroadToken' must be true or false")]
    [InlineData("""{"source":{"bucket":"b"},"incremental":"true"}""", "'incremental' must be true or false")]
    [InlineData("""{"source":{"bucket":"b"},"incremental":true,"mark":"a/b"}""", "'mark' must be a name: letters, digits, - and _, at most 80")]
    [InlineData("""{"source":{"bucket":"b"},"incremental":true,"overlapSeconds":-1}""", "'overlapSeconds' must be a number from 0 to 31,622,400")]
    [InlineData("""{"source":{"bucket":"b"},"incremental":true,"lagSeconds":1.5}""", "'lagSeconds' must be a number from 0 to 604,800")]
    [InlineData("""{"source":{"bucket":"b"},"incremental":true,"stop":"2026-01-01"}""", "'stop' and 'incremental' contradict each other")]
    [InlineData("""{"source":{"bucket":"b"},"overlapSeconds":5}""", "'overlapSeconds' has a meaning with 'incremental': true only")]
    [InlineData("""{"source":{"bucket":"b"},"incremental":true,"overlapSecond":5}""", "did you mean 'overlapSeconds'?")]
    public void What_a_function_can_not_do_is_a_problem(string json, string problem) =>
        Assert.Contains(problem, Invalid(json), StringComparison.Ordinal);

    [Fact]
    public void Certificates_may_go_unchecked_where_the_environment_allows_it()
    {
        using var document = JsonDocument.Parse("""{"source":{"bucket":"b"},"skipVerify":true}""");

        Assert.True(MigrationInput.Parse(document.RootElement, new InputRules { AllowSkipVerify = true }).Request!.SkipVerify);
    }

    [Fact]
    public void Servers_that_the_environment_does_not_allow_are_listed_with_all_other_problems()
    {
        using var document = JsonDocument.Parse("""
            {"source":{"url":"https://old.example.org:8086","bucket":"b"},"destination":{"url":"http://169.254.169.254:80"},"skipVerify":true,"concurrency":99}
            """);

        var (_, problems) = MigrationInput.TryParse(document.RootElement, new InputRules { Hosts = AllowedHosts.Parse("old.example.com,new.example.com:8086") });

        Assert.Equal(4, problems.Count);
        foreach (var problem in (string[])[
            "a concurrency of 99", "'skipVerify' is not allowed", "the destination: '169.254.169.254' is a link-local address",
            "the source: 'old.example.org:8086' is none of the hosts that this environment allows (old.example.com, new.example.com:8086): correct the URL, or add it to the environment's allowedHosts"])
            Assert.Contains(problems, found => found.StartsWith(problem, StringComparison.Ordinal));
    }

    [Fact]
    public void Plain_http_is_refused_unless_the_environment_allows_it()
    {
        using var document = JsonDocument.Parse("""{"source":{"url":"http://old.example.com:8086","bucket":"b"},"destination":{"url":"https://new.example.com:8086"}}""");

        var problem = Assert.Single(MigrationInput.TryParse(document.RootElement, new InputRules()).Problems);
        var allowed = MigrationInput.TryParse(document.RootElement, new InputRules { AllowPlainHttp = true }).Problems;

        Assert.StartsWith("the source: 'http://old.example.com:8086' is plain http, where token and points travel in the clear", problem, StringComparison.Ordinal);
        Assert.Empty(allowed);
    }

    [Fact]
    public void Every_property_of_a_request_can_be_given()
    {
        var all = JsonSerializer.SerializeToNode(new MigrationRequest { Source = { Bucket = "b" } }, MigrationJson.Default.MigrationRequest)!;
        foreach (var derived in (string[])["range"])
            ((JsonObject)all).Remove(derived);

        Assert.NotNull(Parse(all.ToJsonString()).Request);
    }

    private static string Invalid(string json)
    {
        var invalid = Assert.Throws<NamedException>(() => Parse(json));
        Assert.Equal(ErrorNames.InvalidInput, invalid.Name);
        return invalid.Message;
    }

    private static MigrationInput Parse(string json)
    {
        using var document = JsonDocument.Parse(json);
        return MigrationInput.Parse(document.RootElement, new InputRules());
    }

    internal static string Repository()
    {
        var parent = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(parent!.FullName, "Serverless.sln")))
            parent = parent.Parent;
        return parent.FullName;
    }
}
