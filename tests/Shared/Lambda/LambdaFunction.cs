using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;

namespace TestServers;

/// <summary>One deployed function: its process under a Runtime API of its own. A process that died is started again by the next invocation, as Lambda does.</summary>
public sealed class LambdaFunction : IAsyncDisposable
{
    private readonly string file;
    private readonly IReadOnlyDictionary<string, string> environment;
    private readonly ConcurrentQueue<string> log = [];
    private readonly SemaphoreSlim turn = new(1);
    private LambdaRuntimeServer? server;
    private Process? process;

    /// <summary>Makes one; nothing runs yet.</summary>
    /// <param name="file">The native executable, or a <c>.dll</c>.</param>
    /// <param name="environment">Its environment variables besides those that Lambda sets.</param>
    public LambdaFunction(string file, IReadOnlyDictionary<string, string> environment)
    {
        this.file = file;
        this.environment = environment;
    }

    /// <summary>What it printed, a line each.</summary>
    public IReadOnlyCollection<string> Log => log;

    /// <summary>The process id; 0 before the first invocation.</summary>
    public int ProcessId => process?.Id ?? 0;

    /// <summary>Starts the Runtime API but no process yet, so that the first invocation's time is that of the function alone.</summary>
    public async Task PrepareAsync() => server ??= await LambdaRuntimeServer.StartAsync();

    /// <summary>The most memory that its process held so far, in bytes.</summary>
    public long PeakMemory()
    {
        var line = File.ReadLines($"/proc/{ProcessId}/status").First(line => line.StartsWith("VmHWM:", StringComparison.Ordinal));
        return long.Parse(line.AsSpan("VmHWM:".Length, line.Length - "VmHWM:".Length - "kB".Length), CultureInfo.InvariantCulture) * 1024;
    }

    /// <summary>
    /// How much later than at its limit an invocation is ended, for tests of what the limit makes a function do: one that knows its
    /// deadline and is kept from it by a busy machine has failed at nothing.
    /// </summary>
    public TimeSpan Grace { get; set; }

    /// <summary>Invokes it and waits; a process that dies or has no time left gives Lambda's own errors.</summary>
    /// <param name="payload">The payload's JSON.</param>
    /// <param name="limit">The function's time limit.</param>
    public async Task<InvocationOutcome> InvokeAsync(string payload, TimeSpan? limit = null)
    {
        await turn.WaitAsync();
        try
        {
            var runtime = await StartAsync();
            var headers = new InvocationHeaders { Limit = limit ?? TimeSpan.FromMinutes(5) };
            var outcome = runtime.InvokeAsync(payload, headers);
            using var ends = new CancellationTokenSource();
            var exit = process!.WaitForExitAsync(ends.Token);
            var late = Task.Delay(headers.Limit + Grace, ends.Token);
            var first = await Task.WhenAny(outcome, runtime.InitError, exit, late);
            await ends.CancelAsync();
            if (first == outcome)
                return await outcome;
            var ended = first == runtime.InitError ? await runtime.InitError
                : first == late ? Failed("Sandbox.Timedout", $"Task timed out after {headers.Limit.TotalSeconds:0.00} seconds")
                : Failed("Runtime.ExitError", $"the process ended with {process.ExitCode}");
            await StopAsync();
            return ended;
        }
        finally
        {
            turn.Release();
        }
    }

    /// <summary>Kills its process, in the middle of an invocation too.</summary>
    public void Kill() => process?.Kill();

    /// <summary>Sends SIGTERM, as Lambda does when it takes a sandbox down, and waits for the end.</summary>
    /// <returns>The exit code.</returns>
    public async Task<int> TerminateAsync()
    {
        var running = process ?? throw new InvalidOperationException("the function was not invoked yet");
        using (var kill = Process.Start("kill", ["-TERM", running.Id.ToString(CultureInfo.InvariantCulture)]))
            await kill.WaitForExitAsync();
        await running.WaitForExitAsync();
        return running.ExitCode;
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        turn.Dispose();
    }

    private static InvocationOutcome Failed(string type, string message) =>
        new(null, type, new System.Text.Json.Nodes.JsonObject { ["errorType"] = type, ["errorMessage"] = message });

    private async Task<LambdaRuntimeServer> StartAsync()
    {
        if (server is not null && process is { HasExited: false })
            return server;
        if (process is not null)
            await StopAsync();
        server ??= await LambdaRuntimeServer.StartAsync();
        var start = file.EndsWith(".dll", StringComparison.Ordinal) ? new ProcessStartInfo("dotnet", ["exec", file]) : new ProcessStartInfo(file);
        start.UseShellExecute = false;
        start.RedirectStandardOutput = true;
        start.RedirectStandardError = true;
        start.Environment["AWS_LAMBDA_RUNTIME_API"] = server.Address;
        foreach (var (name, value) in environment)
            start.Environment[name] = value;
        process = Process.Start(start) ?? throw new InvalidOperationException($"{file} could not be started");
        process.OutputDataReceived += (_, line) => Keep(line.Data);
        process.ErrorDataReceived += (_, line) => Keep(line.Data);
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        return server;
    }

    private async Task StopAsync()
    {
        if (process is not null)
        {
            if (!process.HasExited)
                process.Kill();
            await process.WaitForExitAsync();
            process.Dispose();
            process = null;
        }
        if (server is null)
            return;
        foreach (var violation in server.Violations)
            log.Enqueue(string.Create(CultureInfo.InvariantCulture, $"VIOLATION {violation}"));
        await server.DisposeAsync();
        server = null;
    }

    private void Keep(string? line)
    {
        if (line is not null)
            log.Enqueue(line);
    }
}
