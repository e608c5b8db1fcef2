using System.Diagnostics;
using System.Text;

namespace TestServers;

/// <summary>Runs the command as a person does, in a process and a folder of its own. The test project references src/Cli.</summary>
public sealed class CommandRun : IDisposable
{
    /// <summary>The folder that it runs in.</summary>
    public string Folder { get; } = Directory.CreateTempSubdirectory("command-").FullName;

    /// <summary>The staging folder of its runs.</summary>
    public string Staging => Path.Combine(Folder, "staging");

    /// <summary>Set for the process; null takes a variable away.</summary>
    public IDictionary<string, string?> Variables { get; } = new Dictionary<string, string?>(StringComparer.Ordinal)
    {
        ["INFLUX_SRC_TOKEN"] = null,
        ["INFLUX_DEST_TOKEN"] = null,
    };

    /// <summary>A shell's command before the process starts, such as <c>ulimit -f 8</c>.</summary>
    public string Before { get; set; } = "";

    /// <summary>Runs <c>migrate</c> between two servers, staging in this object's folder.</summary>
    public Task<(int ExitCode, string Output)> MigrateAsync(Uri source, Uri destination, params string[] more) => RunAsync(
        ["migrate", "--src-host", Text(source), "--dest-host", Text(destination), "--dir-name", Staging, .. more]);

    /// <summary>Runs the command; both its outputs in one text.</summary>
    public async Task<(int ExitCode, string Output)> RunAsync(params string[] arguments)
    {
        var command = Path.Combine(AppContext.BaseDirectory, "influx-migrate.dll");
        var start = new ProcessStartInfo("bash", ["-c", $"{Before}\nexec dotnet exec \"$@\"", "bash", command, .. arguments])
        {
            UseShellExecute = false,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = Folder,
        };
        foreach (var (name, value) in Variables)
            start.Environment[name] = value;
        using var process = Process.Start(start)!;
        using var limit = new CancellationTokenSource(TimeSpan.FromMinutes(5));
        var output = process.StandardOutput.ReadToEndAsync(limit.Token);
        var error = process.StandardError.ReadToEndAsync(limit.Token);
        await process.WaitForExitAsync(limit.Token);
        return (process.ExitCode, await output + await error);
    }

    /// <inheritdoc/>
    public void Dispose() => Directory.Delete(Folder, recursive: true);

    /// <summary>Runs a statement at a 1.x server and returns its answer.</summary>
    public static async Task<string> QueryAsync(Uri server, string statement)
    {
        using var client = new HttpClient();
        using var body = new FormUrlEncodedContent([KeyValuePair.Create("q", statement), KeyValuePair.Create("epoch", "ns")]);
        using var answer = await client.PostAsync(new Uri(server, "/query?db=d"), body);
        return await answer.Content.ReadAsStringAsync();
    }

    /// <summary>Writes lines into a database of a 1.x server.</summary>
    public static async Task WriteAsync(Uri server, string database, string lines)
    {
        using var client = new HttpClient();
        using var body = new StringContent(lines, Encoding.UTF8);
        using var answer = await client.PostAsync(new Uri(server, $"/write?db={database}"), body);
        answer.EnsureSuccessStatusCode();
    }

    private static string Text(Uri url) => url.GetLeftPart(UriPartial.Authority);
}
