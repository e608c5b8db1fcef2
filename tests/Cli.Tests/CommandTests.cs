namespace Cli.Tests;

public sealed class CommandTests
{
    private const string Source = "http://127.0.0.1:1";
    private const string Destination = "http://127.0.0.1:2";

    [Theory]
    [InlineData("no port", "migrate", "--src-host", "http://a.example", "--dest-host", Destination, "--src-bucket", "d")]
    [InlineData("no URL", "migrate", "--src-host", "a.example:8086/x", "--dest-host", "nonsense", "--src-bucket", "d")]
    [InlineData("not before the stop", "migrate", "--dest-host", Destination, "--src-bucket", "d", "--start", "2026-01-02", "--stop", "2026-01-01")]
    [InlineData("leave the source bucket out", "migrate", "--dest-host", Destination, "--src-bucket", "d", "--full")]
    [InlineData("name the source bucket", "migrate", "--dest-host", Destination)]
    [InlineData("name the destination's URL", "migrate", "--src-bucket", "d")]
    [InlineData("users, tokens and dashboards", "migrate", "--dest-host", Destination, "--full", "--confirm-full")]
    [InlineData("goes with --s3-bucket", "migrate", "--dest-host", Destination, "--src-bucket", "d", "--allow-unowned-s3-bucket")]
    [InlineData("--tag", "migrate", "--dest-host", Destination, "--src-bucket", "d", "--tag", "novalue")]
    [InlineData("does not exist", "migrate", "--dest-host", Destination, "--src-bucket", "d", "--retry-restore-dir", "/nonexistent/folder")]
    [InlineData("--src-token", "migrate", "--src-token", "fake", "--dest-host", Destination, "--src-bucket", "d")]
    [InlineData("'/etc/hostname' is a file", "migrate", "--retry-restore-dir", "/etc/hostname")]
    [InlineData("holds no 'plan.json'", "migrate", "--retry-restore-dir", "/etc")]
    [InlineData("'/proc/x' can't be the staging folder", "migrate", "--dest-host", Destination, "--src-bucket", "d", "--dir-name", "/proc/x")]
    [InlineData("'/proc' can't be the staging folder", "migrate", "--dest-host", Destination, "--src-bucket", "d", "--dir-name", "/proc")]
    [InlineData("'/etc/hostname' can't be the staging folder", "migrate", "--dest-host", Destination, "--src-bucket", "d", "--dir-name", "/etc/hostname")]
    [InlineData("'/etc/hostname/x' can't be the staging folder", "migrate", "--dest-host", Destination, "--src-bucket", "d", "--dir-name", "/etc/hostname/x")]
    [InlineData("the staging folder's name is empty", "migrate", "--dest-host", Destination, "--src-bucket", "d", "--dir-name", "")]
    [InlineData("as a whole number", "migrate", "--concurrency", "many")]
    [InlineData("  'counts'", "migrate", "--verify", "all")]
    [InlineData("report.json", "report", "/etc/hostname")]
    [InlineData("report.json", "report", "/nonexistent/folder")]
    [InlineData("compares nothing", "verify", "--dest-host", Destination, "--src-bucket", "d", "--verify", "none")]
    [InlineData("--dir-name", "verify", "--dest-host", Destination, "--src-bucket", "d", "--dir-name", "x")]
    [InlineData("name the source bucket", "verify", "--dest-host", Destination)]
    [InlineData("can't be read", "migrate", "--input", "/nonexistent/input.json")]
    public async Task Wrong_input_ends_with_2_and_a_sentence(string part, params string[] arguments)
    {
        var (exitCode, output) = await CliProcess.RunAsync(arguments);

        Assert.Equal(2, exitCode);
        Assert.Contains(part, output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_server_that_nothing_listens_at_ends_with_3_and_is_named()
    {
        var (exitCode, output) = await CliProcess.RunAsync("migrate", "--src-host", Source, "--dest-host", Destination, "--src-bucket", "d", "--dry-run");

        Assert.Equal(3, exitCode);
        Assert.Contains(Source, output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--help")]
    [InlineData("migrate", "--help")]
    [InlineData("verify", "--help")]
    [InlineData("report", "--help")]
    [InlineData("start", "--help")]
    [InlineData("status", "--help")]
    [InlineData("watch", "--help")]
    [InlineData("stop", "--help")]
    [InlineData("redrive", "--help")]
    [InlineData("token", "--help")]
    [InlineData("token", "create", "--help")]
    [InlineData("bucket", "check", "--help")]
    public async Task Every_help_lists_the_exit_codes_once(params string[] arguments)
    {
        var (exitCode, output) = await CliProcess.RunAsync(arguments);

        Assert.Equal(0, exitCode);
        Assert.Equal(2, output.Split("4  verification found a difference").Length);
    }

    [Fact]
    public async Task The_list_of_commands_is_a_line_for_each()
    {
        var (_, output) = await CliProcess.RunAsync("--help");

        var list = output.Split("Commands:\n")[1].Split("\n\n")[0].Split('\n');

        Assert.Equal(["migrate", "verify", "report", "start", "status", "watch", "stop", "redrive", "token", "bucket"], list.Select(line => line.Trim().Split(' ')[0]));
        Assert.All(list, line => Assert.True(line.Length < 110, line));
    }
}
