using TestServers;

namespace Cli.Tests;

/// <summary>What goes wrong for a person: each ends with its exit code and a sentence, and nothing is written.</summary>
public sealed class BadInputTests(SourceServer source) : IClassFixture<SourceServer>, IAsyncLifetime
{
    private readonly CommandRun command = new();
    private InfluxdProcess destination = null!;

    public async ValueTask InitializeAsync() => destination = await InfluxdProcess.StartAsync();

    public async ValueTask DisposeAsync()
    {
        command.Dispose();
        await destination.DisposeAsync();
    }

    [Fact]
    public async Task An_empty_bucket_is_a_success()
    {
        var (exitCode, output) = await command.MigrateAsync(source.Url, destination.Url, "--src-bucket", "empty");

        Assert.Equal(0, exitCode);
        Assert.Contains("Verified", output, StringComparison.Ordinal);
        Assert.Contains("empty", await CommandRun.QueryAsync(destination.Url, "SHOW DATABASES"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_host_that_no_one_knows_ends_with_3_and_its_name()
    {
        var (exitCode, output) = await command.MigrateAsync(new Uri("http://no-such-host.invalid:8086"), destination.Url, "--src-bucket", "d");

        Assert.Equal(3, exitCode);
        Assert.Contains("the host 'no-such-host.invalid' of the source is unknown", output, StringComparison.Ordinal);
        await AssertNothingWrittenAsync();
    }

    [Fact]
    public async Task A_bucket_that_the_source_does_not_show_ends_with_3_and_both_reasons()
    {
        var (exitCode, output) = await command.MigrateAsync(source.Url, destination.Url, "--src-bucket", "nothing");

        Assert.Equal(3, exitCode);
        Assert.Contains("it does not exist, or the token may not read it", output, StringComparison.Ordinal);
        await AssertNothingWrittenAsync();
    }

    [Fact]
    public async Task An_unknown_org_and_a_wrong_token_of_a_2x_server_end_with_3()
    {
        await using var server = await Influx2Server.StartAsync();
        command.Variables["INFLUX_SRC_TOKEN"] = server.OperatorToken;

        var org = await command.MigrateAsync(server.Url, destination.Url, "--src-bucket", "bucket1", "--src-org", "nowhere");
        command.Variables["INFLUX_SRC_TOKEN"] = "not-a-real-token";
        var token = await command.MigrateAsync(server.Url, destination.Url, "--src-bucket", "bucket1");

        Assert.Equal((3, 3), (org.ExitCode, token.ExitCode));
        Assert.Contains("organization name \"nowhere\" not found", org.Output, StringComparison.Ordinal);
        Assert.Contains("check INFLUX_SRC_TOKEN", token.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("not-a-real-token", token.Output, StringComparison.Ordinal);
        await AssertNothingWrittenAsync();
    }

    [Fact]
    public async Task A_token_that_is_revoked_in_mid_run_ends_with_3()
    {
        await using var server = await Influx2Server.StartAsync();
        await using var proxy = await FaultProxy.StartAsync(server.Url);
        var token = server.CreateToken("org1", Permission.Read("buckets", server.Org.Id), Permission.Write("buckets", server.Org.Id), Permission.Read("orgs", id: server.Org.Id));
        command.Variables["INFLUX_DEST_TOKEN"] = token;
        proxy.On(request =>
        {
            if (request.Path == "/api/v2/write")
                server.RevokeToken(token);
            return false;
        });

        var (exitCode, output) = await command.MigrateAsync(source.Url, proxy.Url, "--src-bucket", "d", "--concurrency", "1");

        Assert.Equal(3, exitCode);
        Assert.Contains("check INFLUX_DEST_TOKEN", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_existing_destination_bucket_ends_with_3_and_the_option_that_takes_it()
    {
        await CommandRun.QueryAsync(destination.Url, "CREATE DATABASE d");

        var (exitCode, output) = await command.MigrateAsync(source.Url, destination.Url, "--src-bucket", "d");

        Assert.Equal(3, exitCode);
        Assert.Contains("--existing reuse", output, StringComparison.Ordinal);
        Assert.DoesNotContain("series", await CommandRun.QueryAsync(destination.Url, "SHOW MEASUREMENTS"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_staging_folder_of_another_run_or_of_none_ends_with_2()
    {
        await command.MigrateAsync(source.Url, destination.Url, "--src-bucket", "empty");

        var other = await command.MigrateAsync(source.Url, destination.Url, "--src-bucket", "d");
        var none = await command.MigrateAsync(source.Url, destination.Url, "--src-bucket", "d", "--retry-restore-dir", Path.GetDirectoryName(command.Staging)!);

        Assert.Equal((2, 2), (other.ExitCode, none.ExitCode));
        Assert.Contains("belongs to another migration", other.Output, StringComparison.Ordinal);
        Assert.Contains("no folder of a migration", none.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_destination_that_fails_in_mid_run_ends_with_6_and_the_same_command_goes_on()
    {
        await using var proxy = await FaultProxy.StartAsync(destination.Url);
        var down = Down(proxy);

        var stopped = await command.MigrateAsync(source.Url, proxy.Url, "--src-bucket", "d");
        down.Up = true;
        var resumed = await command.MigrateAsync(source.Url, proxy.Url, "--src-bucket", "d");

        Assert.Equal((6, 0), (stopped.ExitCode, resumed.ExitCode));
        Assert.Contains("resume with", stopped.Output, StringComparison.Ordinal);
        Assert.Contains("skipped what an earlier run had finished: 1 exports", resumed.Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_staged_object_that_is_damaged_ends_with_6_and_its_name(bool truncated)
    {
        await using var proxy = await FaultProxy.StartAsync(destination.Url);
        Down(proxy);
        await command.MigrateAsync(source.Url, proxy.Url, "--src-bucket", "d");
        var staged = Assert.Single(Directory.EnumerateFiles(Path.Combine(command.Staging, "chunks")));
        var bytes = await File.ReadAllBytesAsync(staged);
        bytes[bytes.Length / 2] ^= 0x10;
        await File.WriteAllBytesAsync(staged, truncated ? bytes[..^9] : bytes);

        var (exitCode, output) = await command.MigrateAsync(source.Url, proxy.Url, "--src-bucket", "d");

        Assert.Equal(6, exitCode);
        Assert.Contains(Path.GetFileName(staged), output, StringComparison.Ordinal);
        await AssertNothingWrittenAsync();
    }

    [Fact]
    public async Task A_full_disk_ends_with_6_and_goes_on_when_there_is_space_again()
    {
        // No file above 8 KiB: a write beyond it fails as on a full disk. The runtime maps more than that for its own code.
        command.Before = "trap '' XFSZ; ulimit -f 8";
        command.Variables["DOTNET_EnableWriteXorExecute"] = "0";

        var stopped = await command.MigrateAsync(source.Url, destination.Url, "--src-bucket", "d");
        command.Before = "";
        var resumed = await command.MigrateAsync(source.Url, destination.Url, "--src-bucket", "d");

        Assert.Equal((6, 0), (stopped.ExitCode, resumed.ExitCode));
        Assert.Contains("free disk space", stopped.Output, StringComparison.Ordinal);
        Assert.Contains("resume with", stopped.Output, StringComparison.Ordinal);
    }

    private static Switch Down(FaultProxy proxy)
    {
        var state = new Switch();
        // An answer at once for each try, as a dead server's would have the test wait for the back-off.
        proxy.On(request => !state.Up && request.Path == "/write", times: int.MaxValue).Answer(503, "", ("Retry-After", "0"));
        return state;
    }

    private async Task AssertNothingWrittenAsync() =>
        Assert.DoesNotContain("cpu", await CommandRun.QueryAsync(destination.Url, "SHOW MEASUREMENTS"), StringComparison.Ordinal);

    private sealed class Switch
    {
        public bool Up { get; set; }
    }
}

/// <summary>A 1.x server with a bucket d of one measurement, some 30 KB when zipped, and an empty bucket.</summary>
public sealed class SourceServer : IAsyncLifetime
{
    public const int Points = 3_000;

    private InfluxdProcess process = null!;

    public Uri Url => process.Url;

    public async ValueTask InitializeAsync()
    {
        process = await InfluxdProcess.StartAsync();
        await CommandRun.QueryAsync(Url, "CREATE DATABASE d WITH DURATION 0s SHARD DURATION 1d NAME rp");
        await CommandRun.QueryAsync(Url, "CREATE DATABASE empty");
        var random = new Random(1);
        var lines = Enumerable.Range(0, Points).Select(i => string.Create(
            System.Globalization.CultureInfo.InvariantCulture, $"cpu,host=h{i % 3} v={random.NextDouble()} {1_750_000_000_000_000_000 + (i * 10_000_000_000L)}\n"));
        await CommandRun.WriteAsync(Url, "d", string.Concat(lines));
    }

    public async ValueTask DisposeAsync() => await process.DisposeAsync();
}
