using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Influx;
using TestServers;

namespace Cli.Tests;

/// <summary>The requests for tokens that the pages give to the owners of servers: enough for a migration and for a rotation, and for nothing else.</summary>
public sealed partial class PageTokenTests : IDisposable
{
    private readonly CommandRun command = new();

    public void Dispose() => command.Dispose();

    [Fact]
    public async Task The_tokens_of_the_page_move_a_bucket_and_are_not_too_broad()
    {
        await using var source = await Influx2Server.StartAsync();
        await using var destination = await Influx2Server.StartAsync();
        await PostAsync(source, source.OperatorToken, "/api/v2/write?org=org1&bucket=bucket1", "m v=1i 1750000000000000000");

        command.Variables["INFLUX_SRC_TOKEN"] = await MakeAsync(source, source.OperatorToken, "source");
        command.Variables["INFLUX_DEST_TOKEN"] = await MakeAsync(destination, destination.OperatorToken, "destination");
        var (exitCode, output) = await command.MigrateAsync(source.Url, destination.Url, "--src-bucket", "bucket1", "--dest-org", "org1", "--existing", "reuse");

        Assert.True(exitCode == 0, output);
        Assert.DoesNotContain("warning", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_rotation_s_token_of_the_page_makes_both_others_and_nothing_more()
    {
        await using var server = await Influx2Server.StartAsync();
        var other = await server.AddBucketAsync("org1", "other");
        var admin = await MakeAsync(server, server.OperatorToken, "rotation");

        Assert.NotEmpty(await MakeAsync(server, admin, "source"));
        Assert.NotEmpty(await MakeAsync(server, admin, "destination"));

        using var tokens = new Influx2Tokens(new ServerOptions { Url = server.Url, ReadToken = (_, _) => new(new Secret(admin)) }, TimeProvider.System);
        await Assert.ThrowsAsync<RejectedException>(() => tokens.CreateAsync(
            other.OrgId, userId: null, "more", [new TokenRight("read", "buckets", other.OrgId, other.Id)], CancellationToken.None));
        Assert.False(await tokens.MayReadAsync(other.Id, CancellationToken.None));
    }

    private static async Task<string> MakeAsync(Influx2Server server, string admin, string description)
    {
        var bucket = server.BucketOf("org1", "bucket1");
        using var all = new Influx2Tokens(new ServerOptions { Url = server.Url, ReadToken = (_, _) => new(new Secret(server.OperatorToken)) }, TimeProvider.System);
        var user = (await all.ListAsync(CancellationToken.None))[0].UserId!;
        var body = Body().Matches(Pages.Read(Path.Combine("docs", "security.md")))
            .Select(block => block.Groups["body"].Value).Single(text => text.Contains($"\"description\": \"influx-migrate {description}\"", StringComparison.Ordinal))
            .Replace("\"ORG\"", $"\"{bucket.OrgId}\"", StringComparison.Ordinal).Replace("\"BUCKET\"", $"\"{bucket.Id}\"", StringComparison.Ordinal).Replace("\"USER\"", $"\"{user}\"", StringComparison.Ordinal);
        return (string)JsonNode.Parse(await PostAsync(server, admin, "/api/v2/authorizations", body))!["token"]!;
    }

    private static async Task<string> PostAsync(Influx2Server server, string token, string path, string text)
    {
        using var client = new HttpClient();
        client.DefaultRequestHeaders.Authorization = new("Token", token);
        using var body = new StringContent(text);
        using var answer = await client.PostAsync(new Uri(server.Url, path), body);
        var answered = await answer.Content.ReadAsStringAsync();
        Assert.True(answer.IsSuccessStatusCode, answered);
        return answered;
    }

    [GeneratedRegex("```json\n(?<body>.*?)```", RegexOptions.Singleline | RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Body();
}
