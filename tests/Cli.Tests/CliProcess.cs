using System.Diagnostics;

namespace Cli.Tests;

/// <summary>The command as a process of its own.</summary>
internal static class CliProcess
{
    /// <summary>Runs it to its end; its output is what it wrote to standard output, then to standard error.</summary>
    public static async Task<(int ExitCode, string Output)> RunAsync(params string[] arguments)
    {
        var command = Path.Combine(AppContext.BaseDirectory, "influx-migrate.dll");
        var start = new ProcessStartInfo("dotnet", ["exec", command, .. arguments])
        {
            UseShellExecute = false,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        using var process = Process.Start(start)!;
        using var limit = new CancellationTokenSource(TimeSpan.FromMinutes(5));
        var output = process.StandardOutput.ReadToEndAsync(limit.Token);
        var error = process.StandardError.ReadToEndAsync(limit.Token);
        await process.WaitForExitAsync(limit.Token);
        return (process.ExitCode, await output + await error);
    }
}
