using System.Collections.Concurrent;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Threading.Channels;
using Microsoft.AspNetCore.Http;

namespace TestServers;

/// <summary>How an invocation ended.</summary>
/// <param name="Answer">The answer's JSON text; null when it failed.</param>
/// <param name="ErrorType">The type that Step Functions matches; null when it succeeded.</param>
/// <param name="Error">The error's body; null when it succeeded.</param>
public sealed record InvocationOutcome(string? Answer, string? ErrorType, JsonObject? Error)
{
    /// <summary>The error's message.</summary>
    public string? ErrorMessage => Error?["errorMessage"]?.GetValue<string>();
}

/// <summary>What the Runtime API tells of an invocation.</summary>
public sealed record InvocationHeaders
{
    /// <summary>How long the function has.</summary>
    public TimeSpan Limit { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>The X-Ray trace; null without tracing.</summary>
    public string? TraceId { get; init; }
}

/// <summary>
/// Lambda's Runtime API of one sandbox, version 2018-06-01. As strict as its contract: one invocation at a time, the right paths,
/// content types, error bodies and headers, and at most 6 MiB an answer. What a runtime does against it is refused with 400 or 403
/// and noted in <see cref="Violations"/>.
/// </summary>
public sealed class LambdaRuntimeServer : IAsyncDisposable
{
    /// <summary>The most bytes that an answer may have.</summary>
    public const int MaxAnswerBytes = 6 * 1024 * 1024;

    private const string Root = "/2018-06-01/runtime/";
    private const string ErrorContent = "application/vnd.aws.lambda.error+json";

    private readonly Channel<Pending> queue = Channel.CreateUnbounded<Pending>();
    private readonly ConcurrentQueue<string> violations = [];
    private readonly TaskCompletionSource<InvocationOutcome> initError = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource firstNext = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly CancellationTokenSource closed = new();
    private Pending? current;
    private Loopback? http;

    private LambdaRuntimeServer()
    {
    }

    /// <summary>What AWS_LAMBDA_RUNTIME_API holds: host and port.</summary>
    public string Address => http!.Url.Authority;

    /// <summary>Where it listens.</summary>
    public Uri Url => http!.Url;

    /// <summary>What the runtime did against the contract.</summary>
    public IReadOnlyCollection<string> Violations => violations;

    /// <summary>The error that the runtime posted instead of asking for an invocation.</summary>
    public Task<InvocationOutcome> InitError => initError.Task;

    /// <summary>Ends when the runtime asks for its first invocation.</summary>
    public Task FirstNext => firstNext.Task;

    /// <summary>Answers these posts with a status of its own: how a broken container looks.</summary>
    public int? AnswerPostsWith { get; set; }

    /// <summary>Starts one.</summary>
    public static async Task<LambdaRuntimeServer> StartAsync()
    {
        var server = new LambdaRuntimeServer();
        server.http = await Loopback.StartAsync(server.HandleAsync);
        return server;
    }

    /// <summary>Invokes the function; it begins when the runtime asks for it.</summary>
    /// <param name="payload">The payload's JSON.</param>
    /// <param name="headers">What is told besides.</param>
    /// <param name="requestId">The invocation's id; null for a new one. A retry has the same.</param>
    public Task<InvocationOutcome> InvokeAsync(string payload, InvocationHeaders? headers = null, string? requestId = null)
    {
        var pending = new Pending(requestId ?? Guid.NewGuid().ToString(), payload, headers ?? new InvocationHeaders());
        if (!queue.Writer.TryWrite(pending))
            throw new InvalidOperationException("the server is closed");
        return pending.Outcome.Task;
    }

    /// <summary>Ends the invocation that is under way with an error, as Lambda does when a function dies or its time is over.</summary>
    public void Fail(string errorType, string message)
    {
        if (Interlocked.Exchange(ref current, null) is { } dead)
            dead.Outcome.TrySetResult(new InvocationOutcome(null, errorType, new JsonObject { ["errorType"] = errorType, ["errorMessage"] = message }));
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await closed.CancelAsync();
        if (http is not null)
            await http.DisposeAsync();
        closed.Dispose();
    }

    private async Task HandleAsync(HttpContext context)
    {
        var path = context.Request.Path.Value ?? "";
        using var body = new MemoryStream();
        await context.Request.Body.CopyToAsync(body, context.RequestAborted);
        if (context.Request.Protocol != "HTTP/1.1")
            violations.Enqueue($"the Runtime API speaks HTTP/1.1, and not {context.Request.Protocol}");
        switch (context.Request.Method, path)
        {
            case ("GET", Root + "invocation/next"):
                await NextAsync(context);
                break;
            case ("POST", Root + "init/error"):
                await PostAsync(context, body.ToArray(), isError: true, initError, matches: current is null && !firstNext.Task.IsCompleted);
                break;
            case ("POST", _) when Posted(path) is var (id, isError):
                await PostAsync(context, body.ToArray(), isError, current?.Outcome, matches: current?.RequestId == id);
                break;
            default:
                await RefuseAsync(context, 404, $"{context.Request.Method} {path} is not in the contract");
                break;
        }
    }

    private static (string Id, bool IsError)? Posted(string path)
    {
        var parts = path.StartsWith(Root, StringComparison.Ordinal) ? path[Root.Length..].Split('/') : [];
        return parts is ["invocation", var id, "response" or "error"] ? (id, parts[2] == "error") : null;
    }

    private async Task NextAsync(HttpContext context)
    {
        if (current is not null)
        {
            await RefuseAsync(context, 403, "the next invocation was asked for while one is under way");
            return;
        }
        firstNext.TrySetResult();
        using var either = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, closed.Token);
        var next = await queue.Reader.ReadAsync(either.Token);
        current = next;
        var answer = context.Response;
        answer.ContentType = "application/json";
        answer.Headers["Lambda-Runtime-Aws-Request-Id"] = next.RequestId;
        answer.Headers["Lambda-Runtime-Deadline-Ms"] = (DateTimeOffset.UtcNow + next.Headers.Limit).ToUnixTimeMilliseconds().ToString(System.Globalization.CultureInfo.InvariantCulture);
        answer.Headers["Lambda-Runtime-Invoked-Function-Arn"] = "arn:aws:lambda:us-east-1:123456789012:function:f";
        if (next.Headers.TraceId is { } trace)
            answer.Headers["Lambda-Runtime-Trace-Id"] = trace;
        await answer.WriteAsync(next.Payload, context.RequestAborted);
    }

    private async Task PostAsync(HttpContext context, byte[] body, bool isError, TaskCompletionSource<InvocationOutcome>? ends, bool matches)
    {
        if (AnswerPostsWith is { } status)
        {
            context.Response.StatusCode = status;
            return;
        }
        if (!matches || ends is null)
        {
            await RefuseAsync(context, 403, $"{context.Request.Path} names no invocation that is under way");
            return;
        }
        if (body.Length > MaxAnswerBytes)
        {
            // The invocation stays under way: the runtime is to post an error.
            context.Response.StatusCode = StatusCodes.Status413PayloadTooLarge;
            await context.Response.WriteAsync("""{"errorMessage":"Exceeded maximum allowed payload size (6291556 bytes).","errorType":"RequestEntityTooLarge"}""");
            return;
        }
        var text = System.Text.Encoding.UTF8.GetString(body);
        if (Problem(context.Request, text, isError) is { } problem)
        {
            await RefuseAsync(context, 400, problem);
            return;
        }
        current = null;
        ends.TrySetResult(isError
            ? new InvocationOutcome(null, ErrorType(context.Request), (JsonObject)JsonNode.Parse(text)!)
            : new InvocationOutcome(text, null, null));
        context.Response.StatusCode = StatusCodes.Status202Accepted;
        context.Response.ContentType = "application/json";
        await context.Response.WriteAsync("""{"status":"OK"}""");
    }

    private static string? Problem(HttpRequest request, string text, bool isError)
    {
        JsonNode? json;
        try
        {
            json = JsonNode.Parse(text);
        }
        catch (JsonException)
        {
            return $"{request.Path} got a body that is no JSON";
        }
        if (!isError)
            return request.ContentType == "application/json" ? null : $"an answer came as '{request.ContentType}'";
        if (request.ContentType != ErrorContent)
            return $"an error came as '{request.ContentType}'";
        if (ErrorType(request) is not { Length: > 0 } type)
            return "an error came without Lambda-Runtime-Function-Error-Type";
        if (json is not JsonObject error || Text(error, "errorType") != type || Text(error, "errorMessage") is null || error["stackTrace"] is not JsonArray)
            return $"an error's body is not errorType (that of the header), errorMessage and stackTrace: {text}";
        return null;
    }

    private static string? ErrorType(HttpRequest request) => request.Headers["Lambda-Runtime-Function-Error-Type"].FirstOrDefault();

    private static string? Text(JsonObject json, string name) =>
        json[name] is JsonValue value && value.TryGetValue<string>(out var text) ? text : null;

    private async Task RefuseAsync(HttpContext context, int status, string what)
    {
        violations.Enqueue(what);
        context.Response.StatusCode = status;
        context.Response.ContentType = "application/json";
        await context.Response.WriteAsync(new JsonObject { ["errorMessage"] = what, ["errorType"] = "InvalidRequest" }.ToJsonString());
    }

    private sealed record Pending(string RequestId, string Payload, InvocationHeaders Headers)
    {
        public TaskCompletionSource<InvocationOutcome> Outcome { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
