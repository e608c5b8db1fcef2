using System.Diagnostics;
using System.Net;
using System.Net.Sockets;

namespace TestServers;

/// <summary>How a real influxd is started; every setting is one of its own environment variables.</summary>
public sealed record InfluxdOptions
{
    /// <summary>Whether users and passwords are asked for. The first user must be made with <c>CREATE USER … WITH ALL PRIVILEGES</c>.</summary>
    public bool Auth { get; init; }

    /// <summary>Further settings, such as <c>INFLUXDB_HTTP_MAX_ROW_LIMIT</c>.</summary>
    public IReadOnlyDictionary<string, string> Settings { get; init; } = new Dictionary<string, string>();

    /// <summary>The folder of its data; null for a new one that goes away with the server.</summary>
    public string? DataFolder { get; init; }
}

/// <summary>A real InfluxDB 1.6.7 of Debian's on a free loopback port, with a data folder of its own.</summary>
public sealed class InfluxdProcess : IAsyncDisposable
{
    private readonly Process process;
    private readonly string? ownedFolder;
    private readonly List<string> log = [];

    private InfluxdProcess(Process process, Uri url, string? ownedFolder)
    {
        this.process = process;
        this.ownedFolder = ownedFolder;
        Url = url;
        process.ErrorDataReceived += (_, line) => Keep(line.Data);
        process.OutputDataReceived += (_, line) => Keep(line.Data);
        process.BeginErrorReadLine();
        process.BeginOutputReadLine();
    }

    /// <summary>Where it listens.</summary>
    public Uri Url { get; }

    /// <summary>The process id, for measuring its processor time.</summary>
    public int ProcessId => process.Id;

    /// <summary>Starts a server and waits, at most two minutes, until it answers a ping.</summary>
    /// <exception cref="InvalidOperationException">influxd is not installed, or did not come up; its log is in the message.</exception>
    public static async Task<InfluxdProcess> StartAsync(InfluxdOptions? options = null)
    {
        options ??= new InfluxdOptions();
        var folder = options.DataFolder ?? Directory.CreateTempSubdirectory("influxd-").FullName;
        for (var attempt = 1; ; attempt++)
        {
            var server = Start(options, folder);
            if (await server.AnswersAsync())
                return server;
            var printed = server.Log;
            await server.StopAsync();
            // Another process can take a free port between the look and the start.
            if (attempt == 3)
                throw new InvalidOperationException($"influxd did not come up:\n{printed}");
        }
    }

    /// <summary>What the server has printed so far.</summary>
    public string Log
    {
        get
        {
            lock (log)
                return string.Join('\n', log);
        }
    }

    /// <summary>Stops the process as <c>kill -9</c> does and leaves its data.</summary>
    public async Task StopAsync()
    {
        if (!process.HasExited)
            process.Kill();
        await process.WaitForExitAsync();
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        process.Dispose();
        if (ownedFolder is not null)
            Directory.Delete(ownedFolder, recursive: true);
    }

    /// <summary>A loopback port that was free a moment ago.</summary>
    public static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    private static InfluxdProcess Start(InfluxdOptions options, string folder)
    {
        var http = FreePort();
        var rpc = FreePort();
        var start = new ProcessStartInfo("influxd", ["-config", "/dev/null"])
        {
            UseShellExecute = false,
            RedirectStandardError = true,
            RedirectStandardOutput = true,
            Environment =
            {
                ["INFLUXDB_BIND_ADDRESS"] = $"127.0.0.1:{rpc}",
                ["INFLUXDB_HTTP_BIND_ADDRESS"] = $"127.0.0.1:{http}",
                ["INFLUXDB_HTTP_LOG_ENABLED"] = "false",
                ["INFLUXDB_HTTP_AUTH_ENABLED"] = options.Auth ? "true" : "false",
                ["INFLUXDB_META_DIR"] = Path.Combine(folder, "meta"),
                ["INFLUXDB_DATA_DIR"] = Path.Combine(folder, "data"),
                ["INFLUXDB_DATA_WAL_DIR"] = Path.Combine(folder, "wal"),
                ["INFLUXDB_DATA_QUERY_LOG_ENABLED"] = "false",
                ["INFLUXDB_MONITOR_STORE_ENABLED"] = "false",
                ["INFLUXDB_REPORTING_DISABLED"] = "true",
            },
        };
        foreach (var (name, value) in options.Settings)
            start.Environment[name] = value;
        var started = Process.Start(start) ?? throw new InvalidOperationException("influxd could not be started");
        return new InfluxdProcess(started, new Uri($"http://127.0.0.1:{http}"), options.DataFolder is null ? folder : null);
    }

    private async Task<bool> AnswersAsync()
    {
        using var client = new HttpClient { BaseAddress = Url, Timeout = TimeSpan.FromSeconds(1) };
        var clock = Stopwatch.StartNew();
        while (clock.Elapsed < TimeSpan.FromMinutes(2) && !process.HasExited)
        {
            try
            {
                using var answer = await client.GetAsync(new Uri("/ping", UriKind.Relative));
                return answer.StatusCode == HttpStatusCode.NoContent;
            }
            catch (Exception error) when (error is HttpRequestException or TaskCanceledException)
            {
                await Task.Delay(50);
            }
        }
        return false;
    }

    private void Keep(string? line)
    {
        if (line is null)
            return;
        lock (log)
        {
            log.Add(line);
            if (log.Count > 500)
                log.RemoveAt(0);
        }
    }
}
