using System.Diagnostics;
using System.Text.Json;
using System.Text.Json.Nodes;
using TestServers;

namespace Harness;

/// <summary>The CDK app run as its CLI runs it: with the context of <c>cdk.json</c>, into a folder of its own.</summary>
internal sealed class Synthesis : IAsyncDisposable
{
    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("influx-migrate-cdk-");

    public string Path => folder.FullName;

    // The app was built with what runs now: …/bin/CONFIGURATION/net10.0/
    private static string Configuration => new DirectoryInfo(AppContext.BaseDirectory).Parent!.Name;

    public static async Task<Synthesis> RunAsync(ShapeOptions options)
    {
        var synthesis = new Synthesis();
        var context = JsonNode.Parse(await File.ReadAllTextAsync(System.IO.Path.Combine(Repository.Root, "cdk.json")))!["context"]!.AsObject();
        context["env"] = options.Environment;
        context["code"] = System.IO.Path.GetDirectoryName(options.Functions);
        var start = new ProcessStartInfo("dotnet", ["exec", System.IO.Path.Combine(Repository.Root, "infra", "bin", Configuration, "net10.0", "Infra.dll")])
        {
            WorkingDirectory = Repository.Root,
            UseShellExecute = false,
            RedirectStandardError = true,
            RedirectStandardOutput = true,
            Environment = { ["CDK_OUTDIR"] = synthesis.Path, ["CDK_CONTEXT_JSON"] = JsonSerializer.Serialize(context) },
        };
        using var process = Process.Start(start) ?? throw new InvalidOperationException("dotnet could not be started");
        var printed = process.StandardOutput.ReadToEndAsync();
        var complained = await process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync();
        return process.ExitCode == 0 ? synthesis : throw new InvalidOperationException($"the CDK app ended with {process.ExitCode}:\n{await printed}\n{complained}");
    }

    public ValueTask DisposeAsync()
    {
        folder.Delete(recursive: true);
        return ValueTask.CompletedTask;
    }
}
