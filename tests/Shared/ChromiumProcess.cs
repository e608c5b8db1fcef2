using System.Diagnostics;
using System.Globalization;

namespace TestServers;

/// <summary>A headless Chromium with a profile of its own, driven by its DevTools protocol.</summary>
public sealed class ChromiumProcess : IAsyncDisposable
{
    private static readonly string[] Flags =
    [
        "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run", "--disable-background-networking",
        "--disable-component-update", "--disable-sync", "--disable-quic", "--hide-scrollbars", "--remote-debugging-port=0",
    ];

    private readonly Process process;
    private readonly string folder;
    private DevToolsConnection? connection;

    private ChromiumProcess(Process process, string folder)
    {
        this.process = process;
        this.folder = folder;
        // A full pipe would stop the browser.
        process.ErrorDataReceived += static (_, _) => { };
        process.OutputDataReceived += static (_, _) => { };
        process.BeginErrorReadLine();
        process.BeginOutputReadLine();
    }

    /// <summary>Starts a browser and waits, at most 30 seconds, until its DevTools answer.</summary>
    /// <exception cref="InvalidOperationException">Chromium is not installed, or did not come up.</exception>
    public static async Task<ChromiumProcess> StartAsync()
    {
        var profile = Directory.CreateTempSubdirectory("chromium-").FullName;
        var start = new ProcessStartInfo("chromium", [.. Flags, $"--user-data-dir={profile}", "about:blank"])
        {
            UseShellExecute = false,
            RedirectStandardError = true,
            RedirectStandardOutput = true,
        };
        var started = Process.Start(start) ?? throw new InvalidOperationException("chromium could not be started");
        var browser = new ChromiumProcess(started, profile);
        try
        {
            browser.connection = await DevToolsConnection.OpenAsync(await browser.AddressAsync());
            return browser;
        }
        catch
        {
            await browser.DisposeAsync();
            throw;
        }
    }

    /// <summary>Opens an address in a tab of its own and waits until it is loaded.</summary>
    public Task<ChromiumPage> OpenAsync(Uri address, int width, int height, bool dark = false, double scale = 1) =>
        ChromiumPage.OpenAsync(connection!, address, width, height, dark, scale);

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (connection is not null)
            await connection.DisposeAsync();
        if (!process.HasExited)
            process.Kill(entireProcessTree: true);
        await process.WaitForExitAsync();
        process.Dispose();
        await DeleteFolderAsync();
    }

    private async Task<Uri> AddressAsync()
    {
        var file = Path.Combine(folder, "DevToolsActivePort");
        var clock = Stopwatch.StartNew();
        while (clock.Elapsed < TimeSpan.FromSeconds(30) && !process.HasExited)
        {
            // The port and the path, a line each; the file appears before it is full.
            var lines = File.Exists(file) ? await File.ReadAllLinesAsync(file) : [];
            if (lines.Length == 2 && int.TryParse(lines[0], CultureInfo.InvariantCulture, out var port))
                return new Uri($"ws://127.0.0.1:{port}{lines[1]}");
            await Task.Delay(50);
        }
        throw new InvalidOperationException("chromium did not come up within 30 seconds");
    }

    private async Task DeleteFolderAsync()
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                Directory.Delete(folder, recursive: true);
                return;
            }
            catch (IOException) when (attempt < 20)
            {
                // A dying child of the browser still writes to its profile.
                await Task.Delay(100);
            }
        }
    }
}
