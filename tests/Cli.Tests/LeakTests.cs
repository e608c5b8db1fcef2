using System.Net.Security;
using System.Text;
using TestServers;

namespace Cli.Tests;

/// <summary>
/// Whole runs with marked tokens and with faults; then all that a run leaves behind is searched for the marks: what it printed,
/// its staging folder, and while it runs the arguments and environments of all processes.
/// </summary>
public sealed class LeakTests : IAsyncLifetime
{
    private readonly CommandRun command = new();
    private readonly DirectoryInfo tokens = Directory.CreateTempSubdirectory("tokens-");
    private readonly HashSet<string> marks = [];
    private Influx2Server source = null!;
    private Influx2Server destination = null!;
    private string reader = "";
    private string writer = "";

    public async ValueTask InitializeAsync()
    {
        source = await Influx2Server.StartAsync();
        destination = await Influx2Server.StartAsync(new Influx2Options { Bucket = "made-by-setup" });
        var bucket = source.BucketOf("org1", "bucket1");
        var org = destination.Org.Id;
        reader = Mark("INFLUX_SRC_TOKEN", source.CreateToken("org1", Permission.Read("buckets", bucket.OrgId, bucket.Id)));
        writer = Mark("INFLUX_DEST_TOKEN", destination.CreateToken(
            "org1", Permission.Read("buckets", org), Permission.Write("buckets", org), Permission.Read("orgs", id: org)));
        using var client = new HttpClient();
        client.DefaultRequestHeaders.Authorization = new("Token", source.OperatorToken);
        using var body = new StringContent("m v=1i 1750000000000000000\nm v=2i 1750000000000000001");
        using var written = await client.PostAsync(new Uri(source.Url, "/api/v2/write?org=org1&bucket=bucket1"), body);
        written.EnsureSuccessStatusCode();
    }

    public async ValueTask DisposeAsync()
    {
        command.Dispose();
        tokens.Delete(recursive: true);
        await source.DisposeAsync();
        await destination.DisposeAsync();
    }

    [Fact]
    public async Task A_whole_run_over_cut_connections_and_server_errors_leaves_no_token_behind()
    {
        await using var from = await FaultProxy.StartAsync(source.Url);
        await using var to = await FaultProxy.StartAsync(destination.Url);
        from.On("POST", "/query", skip: 1).CutBefore();
        from.On("POST", "/query", skip: 3).Answer(503, Echo(reader));
        to.On("POST", "/api/v2/write").CutAfter();
        to.On("POST", "/api/v2/write", skip: 1).Answer(500, $$"""{"code":"internal error","message":"timeout, got Authorization: Token {{writer}}"}""");

        var output = await RunAsync(0, from.Url, to.Url, "--log-level", "debug");

        Assert.Contains("Verified", output, StringComparison.Ordinal);
        // What the tries were refused with is in the log, without the token.
        Assert.Contains("Authorization: Token ***", output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(401, 3)]
    [InlineData(403, 3)]
    [InlineData(500, 3)]
    [InlineData(302, 3)]
    public async Task A_proxy_that_echoes_the_headers_ends_a_run_without_showing_them(int status, int exitCode)
    {
        await using var from = await FaultProxy.StartAsync(source.Url);
        from.On("POST", "/query", times: int.MaxValue).Answer(status, Echo(reader), ("X-Echo", reader), ("Location", $"http://127.0.0.1:1/?token={reader}"));

        await RunAsync(exitCode, from.Url, destination.Url, "--log-level", "debug");
    }

    [Fact]
    public async Task A_refused_write_that_echoes_the_headers_leaves_no_token_in_the_quarantine()
    {
        await using var to = await FaultProxy.StartAsync(destination.Url);
        to.On(request => request.Path == "/api/v2/write" && request.ContentLength > 0, times: int.MaxValue).Answer(400, $$"""{"code":"invalid","message":"got Authorization: Token {{writer}}"}""");

        await RunAsync(5, source.Url, to.Url);

        var quarantine = await File.ReadAllTextAsync(Assert.Single(Directory.EnumerateFiles(Path.Combine(command.Staging, "quarantine"))));
        Assert.Contains("Token ***", quarantine, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_failed_handshake_shows_no_token()
    {
        using var authority = new TestAuthority();
        await using var from = await FaultProxy.StartAsync(source.Url, new SslServerAuthenticationOptions { ServerCertificate = authority.Issue() });

        await RunAsync(3, from.Url, destination.Url);
    }

    [Theory]
    [InlineData("reader:fake-MARKED-password")]
    public async Task A_password_of_a_1x_server_shows_in_neither_of_its_forms(string user)
    {
        await using var server = await InfluxdProcess.StartAsync(new InfluxdOptions { Auth = true });
        await CommandRun.QueryAsync(server.Url, "CREATE USER admin WITH PASSWORD 'fake' WITH ALL PRIVILEGES");
        await using var proxy = await FaultProxy.StartAsync(server.Url);
        Mark("INFLUX_SRC_TOKEN", user);
        marks.Add("fake-MARKED-password");
        var sent = Convert.ToBase64String(Encoding.UTF8.GetBytes(user));
        marks.Add(sent);
        proxy.On("POST", "/query", times: int.MaxValue).Answer(401, $"Authorization: Basic {sent}, password fake-MARKED-password");

        var output = await RunAsync(3, proxy.Url, destination.Url);

        Assert.Contains("Basic ***, password ***", output, StringComparison.Ordinal);
    }

    private static string Echo(string token) => $"<html>bad request; got Authorization: Token {token}</html>";

    private string Mark(string variable, string token)
    {
        var file = Path.Combine(tokens.FullName, variable);
        File.WriteAllText(file, token);
        command.Variables[variable] = null;
        command.Variables[variable + "_FILE"] = file;
        marks.Add(token);
        return token;
    }

    private async Task<string> RunAsync(int expected, Uri from, Uri to, params string[] more)
    {
        var run = command.MigrateAsync(from, to, ["--src-bucket", "bucket1", "--dest-org", "org1", .. more]);
        var seen = await WatchAsync(run);
        var (exitCode, output) = await run;
        Assert.True(exitCode == expected, output);
        Assert.True(seen > 0, "the command's process was not seen");
        AssertClean("the output", output);
        foreach (var file in Directory.Exists(command.Staging) ? Directory.EnumerateFiles(command.Staging, "*", SearchOption.AllDirectories) : [])
            AssertClean(file, file.EndsWith(".gz", StringComparison.Ordinal) ? Gunzip(file) : await File.ReadAllTextAsync(file));
        return output;
    }

    /// <summary>Searches arguments and environments of all processes until the run ends.</summary>
    /// <returns>How often the command's process was among them.</returns>
    private async Task<int> WatchAsync(Task run)
    {
        var seen = 0;
        await foreach (var process in ProcessTexts.WatchAsync(run))
        {
            seen += process.Arguments.Contains("influx-migrate.dll", StringComparison.Ordinal) && process.Arguments.Contains(command.Staging, StringComparison.Ordinal) ? 1 : 0;
            AssertClean($"{process.Folder} arguments", process.Arguments);
            AssertClean($"{process.Folder} environment", process.Environment);
        }
        return seen;
    }

    private static string Gunzip(string path)
    {
        using var text = new StreamReader(new System.IO.Compression.GZipStream(File.OpenRead(path), System.IO.Compression.CompressionMode.Decompress));
        return text.ReadToEnd();
    }

    private void AssertClean(string place, string text)
    {
        foreach (var mark in marks)
            Assert.False(text.Contains(mark, StringComparison.Ordinal), $"a token is in {place}");
    }
}
