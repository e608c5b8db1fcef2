using System.Collections.Concurrent;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;

namespace TestServers;

/// <summary>Lambda's Invoke API over processes of the published functions: as many of each function as run at once, and each used again.</summary>
public sealed class FunctionHost : IAsyncDisposable
{
    private readonly ConcurrentDictionary<string, DeployedFunction> functions = new(StringComparer.Ordinal);
    private Loopback? listener;

    private FunctionHost()
    {
    }

    /// <summary>Where functions are invoked.</summary>
    public Uri Url => listener!.Url;

    /// <summary>Starts without functions.</summary>
    public static async Task<FunctionHost> StartAsync()
    {
        var host = new FunctionHost();
        host.listener = await Loopback.StartAsync(host.HandleAsync);
        return host;
    }

    /// <summary>Adds a function.</summary>
    public DeployedFunction Add(string name, string file, IReadOnlyDictionary<string, string> environment, TimeSpan limit) =>
        functions[name] = new DeployedFunction(file, environment, limit);

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (listener is not null)
            await listener.DisposeAsync();
        foreach (var function in functions.Values)
            await function.DisposeAsync();
    }

    private async Task HandleAsync(HttpContext context)
    {
        var parts = context.Request.Path.Value!.Split('/');
        if (parts is not ["", "2015-03-31", "functions", var name, "invocations"] || !functions.TryGetValue(name, out var function))
        {
            context.Response.StatusCode = StatusCodes.Status404NotFound;
            return;
        }
        using var reader = new StreamReader(context.Request.Body);
        var outcome = await function.InvokeAsync(await reader.ReadToEndAsync());
        if (outcome.Answer is null)
            context.Response.Headers["X-Amz-Function-Error"] = "Unhandled";
        context.Response.ContentType = "application/json";
        await context.Response.WriteAsync(outcome.Answer ?? outcome.Error!.ToJsonString());
    }
}

/// <summary>One function with its processes.</summary>
public sealed class DeployedFunction(string file, IReadOnlyDictionary<string, string> environment, TimeSpan limit) : IAsyncDisposable
{
    private readonly ConcurrentBag<LambdaFunction> idle = [];
    private readonly ConcurrentQueue<LambdaFunction> all = [];
    private readonly ConcurrentQueue<JsonObject> payloads = [];
    private readonly ConcurrentQueue<InvocationOutcome> outcomes = [];

    /// <summary>The function's time limit.</summary>
    public TimeSpan Limit { get; set; } = limit;

    /// <summary>Called before an invocation reaches its process; what it returns is the answer instead, null to go on.</summary>
    public Func<JsonObject, LambdaFunction, InvocationOutcome?>? Intercept { get; set; }

    /// <summary>What it was invoked with so far, in order.</summary>
    public IReadOnlyCollection<JsonObject> Payloads => payloads;

    /// <summary>How its invocations ended so far.</summary>
    public IReadOnlyCollection<InvocationOutcome> Outcomes => outcomes;

    /// <summary>What its processes printed.</summary>
    public IEnumerable<string> Log => all.SelectMany(process => process.Log);

    /// <summary>The most memory that one of its processes held so far, in bytes; none of them may have been killed.</summary>
    public long PeakMemory() => all.Max(process => process.PeakMemory());

    /// <summary>Kills its processes, in the middle of an invocation too.</summary>
    public void Kill()
    {
        foreach (var process in all)
            process.Kill();
    }

    internal async Task<InvocationOutcome> InvokeAsync(string payload)
    {
        var input = JsonNode.Parse(payload)!.AsObject();
        payloads.Enqueue(input);
        if (!idle.TryTake(out var process))
            all.Enqueue(process = new LambdaFunction(file, environment));
        try
        {
            var outcome = Intercept?.Invoke(input, process) ?? await process.InvokeAsync(payload, Limit);
            outcomes.Enqueue(outcome);
            return outcome;
        }
        finally
        {
            idle.Add(process);
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        foreach (var process in all)
            await process.DisposeAsync();
    }
}
