using System.Diagnostics;

namespace Infra.Tests;

/// <summary>Runs a program of <c>node_modules</c>, which <c>scripts/install.sh</c> puts there.</summary>
internal static class Tool
{
    /// <summary>Runs it and returns its exit code, its output and its error output.</summary>
    public static async Task<(int Code, string Output, string Errors)> RunAsync(string program, IEnumerable<string> arguments, string input = "")
    {
        Assert.True(Directory.Exists(ProjectFolder.Modules), "node_modules is missing: run ./test, or 'npm ci' in tests/Infra.Tests");
        var start = new ProcessStartInfo(program, arguments)
        {
            WorkingDirectory = ProjectFolder.Tests,
            UseShellExecute = false,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        using var process = Process.Start(start)!;
        var output = process.StandardOutput.ReadToEndAsync();
        var errors = process.StandardError.ReadToEndAsync();
        await process.StandardInput.WriteAsync(input);
        process.StandardInput.Close();
        await process.WaitForExitAsync();
        return (process.ExitCode, await output, await errors);
    }

    /// <summary>Runs a script with Node.</summary>
    public static Task<(int Code, string Output, string Errors)> RunNodeAsync(string script, IEnumerable<string> arguments, string input = "") =>
        RunAsync("node", [script, .. arguments], input);
}
