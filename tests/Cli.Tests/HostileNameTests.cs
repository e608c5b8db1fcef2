using System.Diagnostics;
using System.Text;
using System.Text.RegularExpressions;
using Influx;
using TestServers;

namespace Cli.Tests;

/// <summary>Names and words that a hostile server shows, between real servers: none runs when what is printed is pasted, none reaches the terminal raw.</summary>
public sealed partial class HostileNameTests
{
    // What 1.6.7 takes as the name of a database.
    private static readonly string[] Databases =
        ["x'; touch PWNED; echo '", "$(touch PWNED)", "`touch PWNED`", "\"; touch PWNED; echo \"", "--print", "-n", "[red]a b[", "it's \"温\"", "a&b;c|d>e<f"];

    // What it takes in line protocol besides: the window's title, colours by C1, a turned reading direction, a line of its own, markup.
    private const string Controls = "\u001b]0;PWNED\u0007\u009b31m\u202e\u2028[red]\u001b[2J<b>";

    [Fact]
    public async Task Every_command_that_a_refusal_advises_gets_the_very_names_in_bash_and_the_server_takes_its_statements()
    {
        await using var server = await InfluxdProcess.StartAsync(new InfluxdOptions { Auth = true });
        await using var other = await InfluxdProcess.StartAsync();
        await AdminAsync(server.Url, "CREATE USER admin WITH PASSWORD 'fake' WITH ALL PRIVILEGES");
        using var run = new CommandRun();
        for (var i = 0; i < Databases.Length; i++)
        {
            var database = Databases[i];
            var user = $"it's \"u\" {i}";
            await AdminAsync(server.Url, $"CREATE DATABASE {InfluxQl.Identifier(database)}; CREATE USER {InfluxQl.Identifier(user)} WITH PASSWORD 'fake'");

            run.Variables["INFLUX_SRC_TOKEN"] = "admin:fake";
            var broad = await run.MigrateAsync(server.Url, other.Url, $"--src-bucket={database}");
            run.Variables["INFLUX_SRC_TOKEN"] = $"{user}:fake";
            var blind = await run.MigrateAsync(server.Url, other.Url, $"--src-bucket={database}", "--dest-bucket=x");

            Assert.Equal((3, 3), (broad.ExitCode, blind.ExitCode));
            var create = await PastedAsync(run.Folder, Between(broad.Output, "in the environment: ", "; or go on"));
            Assert.Equal(["influx-migrate", "token", "create", "--print", "--role", "source", "--host", Text(server.Url), .. ShellWords.Option("--bucket", database)], create);
            var grant = await PastedAsync(run.Folder, Between(blind.Output, "grants it with: ", "\n"));
            Assert.Equal(["influx", "-host", "127.0.0.1"], grant[..3]);
            Assert.Equal($"GRANT READ ON {InfluxQl.Identifier(database)} TO {InfluxQl.Identifier(user)}", grant[^1]);
            Assert.DoesNotContain("error", await AdminAsync(server.Url, grant[^1]), StringComparison.Ordinal);
            // What was advised is enough.
            var allowed = await run.MigrateAsync(server.Url, other.Url, $"--src-bucket={database}", "--dest-bucket=x", "--dry-run");
            Assert.Equal(0, allowed.ExitCode);
        }
    }

    [Theory]
    [InlineData("new")]
    [InlineData("it's/a \"policy\"")]
    public async Task What_the_making_of_a_1x_token_advises_is_what_1_6_7_takes(string bucket)
    {
        await using var server = await InfluxdProcess.StartAsync(new InfluxdOptions { Auth = true });
        await AdminAsync(server.Url, "CREATE USER admin WITH PASSWORD 'fake' WITH ALL PRIVILEGES");
        using var run = new CommandRun();
        run.Variables["INFLUX_ADMIN_TOKEN"] = "admin:fake";
        string[] create = ["token", "create", "--print", "--role", "destination", "--host", Text(server.Url), "--bucket", bucket];

        var absent = await run.RunAsync(create);
        var advised = await PastedAsync(run.Folder, Between(absent.Output, "such as: ", "\n"));
        var answer = await AdminAsync(server.Url, advised[^1]);
        var made = await run.RunAsync(create);

        Assert.Equal((3, 0), (absent.ExitCode, made.ExitCode));
        Assert.DoesNotContain("--create-buckets", absent.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("error", answer, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("nobody:wrong", "401 authorization failed")]
    [InlineData(null, "401 unable to parse authentication credentials")]
    public async Task A_1x_server_that_refuses_the_user_is_quoted_in_its_words(string? token, string words)
    {
        await using var server = await InfluxdProcess.StartAsync(new InfluxdOptions { Auth = true });
        await AdminAsync(server.Url, "CREATE USER admin WITH PASSWORD 'fake' WITH ALL PRIVILEGES");
        using var run = new CommandRun();
        run.Variables["INFLUX_SRC_TOKEN"] = token;

        var (exitCode, output) = await run.MigrateAsync(server.Url, server.Url, "--src-bucket", "d", "--dest-bucket", "e");

        Assert.Equal(3, exitCode);
        Assert.Contains($"{words} (", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_command_that_resumes_has_the_very_words_of_the_one_that_was_stopped()
    {
        await using var server = await InfluxdProcess.StartAsync();
        await using var proxy = await FaultProxy.StartAsync(server.Url);
        proxy.On("POST", "/write", times: int.MaxValue).Answer(401, """{"error":"authorization failed"}""");
        var database = Databases[0];
        await CommandRun.QueryAsync(server.Url, $"CREATE DATABASE {InfluxQl.Identifier(database)}");
        await CommandRun.WriteAsync(server.Url, Uri.EscapeDataString(database), "m v=1 1");
        using var run = new CommandRun();
        string[] arguments =
        [
            "migrate", "--src-host", Text(server.Url), "--dest-host", Text(proxy.Url), $"--src-bucket={database}", "--dest-bucket", "$(touch PWNED)",
            "--dir-name", Path.Combine(run.Folder, "a\u001b]0;PWNED\u0007\n'b`touch PWNED`"), "--measurement", "*",
        ];

        var stopped = await run.RunAsync(arguments);

        Assert.Equal(3, stopped.ExitCode);
        AssertHarmless(stopped.Output);
        var again = await PastedAsync(run.Folder, Between(stopped.Output, "resume with: ", "\n"));
        Assert.Equal(["dotnet", Path.Combine(AppContext.BaseDirectory, "influx-migrate.dll"), .. arguments], again);
    }

    [Theory]
    [InlineData("migrate")]
    [InlineData("verify")]
    public async Task Nothing_of_a_server_reaches_the_terminal_raw(string command)
    {
        await using var server = await InfluxdProcess.StartAsync();
        await using var destination = await InfluxdProcess.StartAsync();
        await using var proxy = await FaultProxy.StartAsync(destination.Url);
        // Each line is refused in words that hold everything: one is answered as a partial write would be.
        proxy.On("POST", "/write", times: int.MaxValue).Answer(400, $$"""{"error":{{System.Text.Json.JsonSerializer.Serialize($"partial write: {Controls}\nVerified: Complete")}}}""");
        await CommandRun.QueryAsync(server.Url, "CREATE DATABASE d");
        await CommandRun.QueryAsync(destination.Url, "CREATE DATABASE d");
        await CommandRun.WriteAsync(server.Url, "d", $"m{Escaped},t{Escaped}=v{Escaped} f{Escaped}=\"s{Controls}\" 1");
        using var run = new CommandRun();

        string[] arguments = command == "migrate" ? ["--dir-name", run.Staging, "--existing", "reuse", "--log-level", "debug"] : [];
        var ended = await run.RunAsync([command, "--src-host", Text(server.Url), "--dest-host", Text(proxy.Url), "--src-bucket", "d", .. arguments]);

        Assert.Equal(command == "migrate" ? 5 : 4, ended.ExitCode);
        Assert.Contains(@"m\x1b]0;PWNED\x07\x9b31m\u202e\u2028[red]\x1b[2J<b>", ended.Output, StringComparison.Ordinal);
        AssertHarmless(ended.Output);
        Assert.DoesNotContain("\nVerified: Complete", ended.Output, StringComparison.Ordinal);
        if (command == "verify")
            return;
        AssertHarmless((await run.RunAsync("report", run.Staging)).Output);
        foreach (var report in (string[])["report.json", "report.html"])
            AssertHarmless(await File.ReadAllTextAsync(Path.Combine(run.Staging, report), TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task On_a_terminal_only_the_progress_bars_move_the_cursor()
    {
        await using var server = await InfluxdProcess.StartAsync();
        await CommandRun.QueryAsync(server.Url, "CREATE DATABASE d");
        await CommandRun.WriteAsync(server.Url, "d", $"m{Escaped} f{Escaped}=1 1");
        var folder = Directory.CreateTempSubdirectory("terminal-");
        try
        {
            var command = ShellWords.Join(
                "dotnet", "exec", Path.Combine(AppContext.BaseDirectory, "influx-migrate.dll"), "verify", "--src-host", Text(server.Url), "--dest-host", Text(server.Url),
                "--src-bucket", "d");
            // util-linux's script runs it on a terminal of its own.
            var start = new ProcessStartInfo("script", ["-qec", command, "/dev/null"])
            {
                UseShellExecute = false,
                RedirectStandardOutput = true,
                RedirectStandardInput = true,
                WorkingDirectory = folder.FullName,
                StandardOutputEncoding = new UTF8Encoding(false),
                Environment = { ["TERM"] = "xterm-256color" },
            };
            using var terminal = Process.Start(start)!;
            terminal.StandardInput.Close();
            var output = await terminal.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
            await terminal.WaitForExitAsync(TestContext.Current.CancellationToken);

            Assert.Equal(0, terminal.ExitCode);
            Assert.Matches(Bar(), output);
            Assert.Contains(@"m\x1b]0;PWNED\x07", output, StringComparison.Ordinal);
            AssertHarmless(Bar().Replace(output, "").Replace("\r", "", StringComparison.Ordinal));
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    private static string Escaped => Controls.Replace(",", "\\,", StringComparison.Ordinal).Replace("=", "\\=", StringComparison.Ordinal).Replace(" ", "\\ ", StringComparison.Ordinal);

    private static void AssertHarmless(string output) => Assert.DoesNotContain(output, character => character != '\n' && ShownText.IsHidden(character));

    private static string Between(string text, string before, string after)
    {
        Assert.Contains(before, text, StringComparison.Ordinal);
        var rest = text[(text.IndexOf(before, StringComparison.Ordinal) + before.Length)..];
        return rest[..rest.IndexOf(after, StringComparison.Ordinal)];
    }

    // Every program that is advised is a function here that prints its words.
    private static async Task<string[]> PastedAsync(string folder, string command)
    {
        AssertHarmless(command);
        var start = new ProcessStartInfo("bash", ["-c", $"for name in influx influx-migrate dotnet; do eval \"$name() {{ printf '%s\\0' $name \\\"\\$@\\\"; }}\"; done\n{command}"])
        {
            UseShellExecute = false,
            RedirectStandardOutput = true,
            WorkingDirectory = folder,
        };
        using var bash = Process.Start(start)!;
        var output = await bash.StandardOutput.ReadToEndAsync();
        await bash.WaitForExitAsync();
        Assert.Equal(0, bash.ExitCode);
        Assert.False(File.Exists(Path.Combine(folder, "PWNED")), command);
        return output.Split('\0')[..^1];
    }

    private static async Task<string> AdminAsync(Uri server, string statement)
    {
        using var client = new HttpClient();
        client.DefaultRequestHeaders.Authorization = new("Basic", Convert.ToBase64String("admin:fake"u8));
        using var body = new FormUrlEncodedContent([KeyValuePair.Create("q", statement)]);
        using var answer = await client.PostAsync(new Uri(server, "/query"), body);
        answer.EnsureSuccessStatusCode();
        return await answer.Content.ReadAsStringAsync();
    }

    private static string Text(Uri url) => url.GetLeftPart(UriPartial.Authority);

    // Colours, cursor and modes, as the bars set them; no title, no string of commands.
    [GeneratedRegex(@"\x1b(\[[0-9;?]*[A-Za-z]|[=>])", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Bar();
}
