using System.Text.Json.Nodes;
using TestServers;

namespace Cli.Tests;

/// <summary><c>token create</c>: what it makes is enough for a whole migration, and for nothing else.</summary>
public sealed class TokenCommandTests : IDisposable
{
    private const string SecretName = "arn:aws:secretsmanager:us-east-1:123456789012:secret:source-AbCdEf";

    private readonly CommandRun command = new();

    public void Dispose() => command.Dispose();

    [Theory]
    [InlineData("v2.7.1", false)]
    [InlineData("v2.9.1", true)]
    public async Task Tokens_of_a_2x_server_move_their_bucket_and_can_do_nothing_else(string version, bool createBuckets)
    {
        await using var source = await Influx2Server.StartAsync(new Influx2Options { Version = version });
        await using var destination = await Influx2Server.StartAsync(new Influx2Options { Version = version, Bucket = "made-by-setup" });
        var other = await source.AddBucketAsync("org1", "other");
        await WriteAsync(source, source.OperatorToken, "bucket1", "m v=1i 1750000000000000000", 204);
        if (!createBuckets)
            await destination.AddBucketAsync("org1", "bucket1");

        var reader = await CreateAsync(source, "source", []);
        var writer = await CreateAsync(destination, "destination", createBuckets ? ["--create-buckets"] : []);
        (command.Variables["INFLUX_SRC_TOKEN"], command.Variables["INFLUX_DEST_TOKEN"]) = (reader, writer);
        var (exitCode, output) = await command.MigrateAsync(
            source.Url, destination.Url, ["--src-bucket", "bucket1", "--dest-org", "org1", .. createBuckets ? [] : (string[])["--existing", "reuse"]]);

        Assert.True(exitCode == 0, output);
        Assert.DoesNotContain("warning", output, StringComparison.Ordinal);
        await WriteAsync(source, reader, "bucket1", "m v=2i 1750000000000000001", 403);
        await WriteAsync(destination, writer, "made-by-setup", "m v=2i 1750000000000000001", createBuckets ? 204 : 403);
        Assert.Equal(401, await StatusAsync(source, reader, $"/api/v2/buckets/{other.Id}"));
        Assert.DoesNotContain(source.OperatorToken, output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Users_of_a_1x_server_move_their_database_and_can_do_nothing_else()
    {
        await using var source = await InfluxdProcess.StartAsync(new InfluxdOptions { Auth = true });
        await using var destination = await InfluxdProcess.StartAsync(new InfluxdOptions { Auth = true });
        foreach (var server in (InfluxdProcess[])[source, destination])
        {
            await CommandRun.QueryAsync(server.Url, "CREATE USER admin WITH PASSWORD 'fake' WITH ALL PRIVILEGES");
            Assert.Contains("{\"statement_id\":0}", await As("admin:fake", server.Url, "CREATE DATABASE d WITH DURATION INF SHARD DURATION 168h NAME autogen"), StringComparison.Ordinal);
            await As("admin:fake", server.Url, "CREATE DATABASE other");
        }
        using (var http = Client("admin:fake"))
        using (var written = await http.PostAsync(new Uri(source.Url, "/write?db=d"), new StringContent("m v=1i 7")))
            written.EnsureSuccessStatusCode();

        var reader = await CreateAsync(source.Url, "source", "d", "admin:fake");
        var writer = await CreateAsync(destination.Url, "destination", "d", "admin:fake");
        (command.Variables["INFLUX_SRC_TOKEN"], command.Variables["INFLUX_DEST_TOKEN"]) = (reader, writer);
        var (exitCode, output) = await command.MigrateAsync(source.Url, destination.Url, "--src-bucket", "d", "--existing", "reuse");

        Assert.True(exitCode == 0, output);
        using var asReader = Client(reader);
        using var refused = await asReader.PostAsync(new Uri(source.Url, "/write?db=d"), new StringContent("m v=2i 8"));
        Assert.Equal(403, (int)refused.StatusCode);
        Assert.Contains("not authorized", await As(reader, source.Url, "SHOW MEASUREMENTS ON other"), StringComparison.Ordinal);
        Assert.Contains("not authorized", await As(writer, destination.Url, "SHOW MEASUREMENTS ON other"), StringComparison.Ordinal);
        Assert.Contains("not authorized", await As(writer, destination.Url, "SHOW USERS"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_secret_gets_the_token_in_the_projects_format_and_the_output_shows_none()
    {
        await using var server = await Influx2Server.StartAsync();
        await using var aws = await AwsJsonServer.StartAsync();
        JsonObject? put = null;
        aws.On("secretsmanager.GetSecretValue", _ => AwsAnswer.Ok(new JsonObject { ["ARN"] = "arn:of-the-admins", ["SecretString"] = $$"""{"url":"{{server.Url}}","token":"{{server.OperatorToken}}"}""" }));
        aws.On("secretsmanager.PutSecretValue", request =>
        {
            put = request;
            return AwsAnswer.Ok(new JsonObject { ["ARN"] = SecretName });
        });
        UseAws(aws);

        var (exitCode, output) = await RunAsync(server.Url, "source", "bucket1", "--org", "org1", "--secret", SecretName, "--admin-secret", "admins", "--description", "telemetry 2026");

        Assert.True(exitCode == 0, output);
        Assert.Equal(SecretName, put!["SecretId"]!.GetValue<string>());
        var secret = JsonNode.Parse(put["SecretString"]!.GetValue<string>())!.AsObject();
        Assert.Equal(["url", "org", "token", "authorizationId", "role", "buckets", "adminSecretArn"], secret.Select(property => property.Key));
        Assert.Equal(
            (server.Url.GetLeftPart(UriPartial.Authority), "org1", "source", "arn:of-the-admins"),
            (secret["url"]!.GetValue<string>(), secret["org"]!.GetValue<string>(), secret["role"]!.GetValue<string>(), secret["adminSecretArn"]!.GetValue<string>()));
        Assert.DoesNotContain(secret["token"]!.GetValue<string>(), output, StringComparison.Ordinal);
        Assert.DoesNotContain(server.OperatorToken, output, StringComparison.Ordinal);
        Assert.Contains("telemetry 2026", await TextAsync(server, $"/api/v2/authorizations/{secret["authorizationId"]!.GetValue<string>()}"), StringComparison.Ordinal);
        Assert.Empty(aws.Violations);
    }

    [Fact]
    public async Task An_admins_token_is_not_sent_to_another_server_than_its_secret_names()
    {
        await using var server = await Influx2Server.StartAsync();
        await using var aws = await AwsJsonServer.StartAsync();
        aws.On("secretsmanager.GetSecretValue", _ => AwsAnswer.Ok(new JsonObject { ["SecretString"] = $$"""{"url":"https://influx.example.com:8086","token":"{{server.OperatorToken}}"}""" }));
        UseAws(aws);

        var (exitCode, output) = await RunAsync(server.Url, "source", "bucket1", "--print", "--admin-secret", "admins");

        Assert.Equal(2, exitCode);
        Assert.Contains(
            $"--host names {server.Url.GetLeftPart(UriPartial.Authority)}, but the token of the secret admins belongs to https://influx.example.com:8086 and is sent nowhere else",
            output, StringComparison.Ordinal);
        Assert.Empty(server.Requests);
    }

    [Fact]
    public async Task A_token_that_no_secret_took_does_not_stay()
    {
        await using var server = await Influx2Server.StartAsync();
        await using var aws = await AwsJsonServer.StartAsync();
        aws.On("secretsmanager.PutSecretValue", _ => AwsAnswer.Error("ResourceNotFoundException", "Secrets Manager can't find the specified secret."));
        UseAws(aws);
        command.Variables["INFLUX_ADMIN_TOKEN"] = server.OperatorToken;

        var (exitCode, output) = await RunAsync(server.Url, "source", "bucket1", "--secret", "missing");

        Assert.Equal(3, exitCode);
        Assert.Contains("the secret missing is not there", output, StringComparison.Ordinal);
        Assert.Single(JsonNode.Parse(await TextAsync(server, "/api/v2/authorizations"))!["authorizations"]!.AsArray());
    }

    [Theory]
    [InlineData(2, "give either --secret", "--role", "source")]
    [InlineData(2, "--create-buckets goes with --role destination only", "--role", "source", "--print", "--create-buckets")]
    [InlineData(2, "no admin's token is given", "--role", "source", "--print")]
    public async Task Wrong_input_is_told_before_any_server_is_asked(int expected, string words, params string[] arguments)
    {
        var (exitCode, output) = await command.RunAsync(["token", "create", "--host", "http://127.0.0.1:1", "--bucket", "b", .. arguments]);

        Assert.Equal(expected, exitCode);
        Assert.Contains(words, output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_admin_who_may_make_no_token_and_a_bucket_that_is_not_there_are_refused()
    {
        await using var server = await Influx2Server.StartAsync();
        var bucket = server.BucketOf("org1", "bucket1");
        command.Variables["INFLUX_ADMIN_TOKEN"] = server.CreateToken("org1", Permission.Read("buckets", bucket.OrgId, bucket.Id));
        var limited = await RunAsync(server.Url, "source", "bucket1", "--print");
        command.Variables["INFLUX_ADMIN_TOKEN"] = server.OperatorToken;

        var absent = await RunAsync(server.Url, "destination", "nothing", "--print");

        Assert.Equal((3, 3), (limited.ExitCode, absent.ExitCode));
        Assert.Contains("is unauthorized", limited.Output, StringComparison.Ordinal);
        Assert.Contains("no bucket 'nothing'", absent.Output, StringComparison.Ordinal);
        Assert.Contains("--create-buckets", absent.Output, StringComparison.Ordinal);
    }

    private static HttpClient Client(string user)
    {
        var client = new HttpClient();
        client.DefaultRequestHeaders.Authorization = new("Basic", Convert.ToBase64String(System.Text.Encoding.UTF8.GetBytes(user)));
        return client;
    }

    private static async Task<string> As(string user, Uri server, string statement)
    {
        using var client = Client(user);
        using var body = new FormUrlEncodedContent([KeyValuePair.Create("q", statement)]);
        using var answer = await client.PostAsync(new Uri(server, "/query"), body);
        return await answer.Content.ReadAsStringAsync();
    }

    private static async Task WriteAsync(Influx2Server server, string token, string bucket, string line, int expected)
    {
        using var client = new HttpClient();
        client.DefaultRequestHeaders.Authorization = new("Token", token);
        using var body = new StringContent(line);
        using var answer = await client.PostAsync(new Uri(server.Url, $"/api/v2/write?org=org1&bucket={bucket}"), body);
        Assert.Equal(expected, (int)answer.StatusCode);
    }

    private static async Task<int> StatusAsync(Influx2Server server, string token, string path)
    {
        using var client = new HttpClient();
        client.DefaultRequestHeaders.Authorization = new("Token", token);
        using var answer = await client.GetAsync(new Uri(server.Url, path));
        return (int)answer.StatusCode;
    }

    private static async Task<string> TextAsync(Influx2Server server, string path)
    {
        using var client = new HttpClient();
        client.DefaultRequestHeaders.Authorization = new("Token", server.OperatorToken);
        return await client.GetStringAsync(new Uri(server.Url, path));
    }

    private void UseAws(AwsJsonServer aws)
    {
        command.Variables["AWS_ENDPOINT_URL_SECRETS_MANAGER"] = aws.Url.AbsoluteUri;
        command.Variables["AWS_ACCESS_KEY_ID"] = AwsJsonServer.AccessKey;
        command.Variables["AWS_SECRET_ACCESS_KEY"] = AwsJsonServer.SecretKey;
        command.Variables["AWS_REGION"] = AwsJsonServer.Region;
    }

    private Task<string> CreateAsync(Influx2Server server, string role, string[] more) =>
        CreateAsync(server.Url, role, "bucket1", server.OperatorToken, ["--org", "org1", .. more]);

    /// <summary>The token: the last line of standard output, which comes before standard error.</summary>
    private async Task<string> CreateAsync(Uri server, string role, string bucket, string admin, params string[] more)
    {
        command.Variables["INFLUX_ADMIN_TOKEN"] = admin;
        var (exitCode, output) = await RunAsync(server, role, bucket, ["--print", .. more]);
        Assert.True(exitCode == 0, output);
        command.Variables["INFLUX_ADMIN_TOKEN"] = null;
        return output.Split('\n')[0].Trim();
    }

    private Task<(int ExitCode, string Output)> RunAsync(Uri server, string role, string bucket, params string[] more) =>
        command.RunAsync(["token", "create", "--role", role, "--host", server.GetLeftPart(UriPartial.Authority), "--bucket", bucket, .. more]);
}
