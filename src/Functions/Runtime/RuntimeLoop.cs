using System.Net;
using System.Net.Http.Headers;
using System.Text;
using Functions.Logs;
using Migration;

namespace Functions.Runtime;

/// <summary>Lambda's Runtime API, version 2018-06-01: asks for the next invocation, handles it, and posts its answer or its error.</summary>
internal sealed class RuntimeLoop : IDisposable
{
    private const string ErrorTypeHeader = "Lambda-Runtime-Function-Error-Type";

    private readonly HttpClient http;
    private readonly JsonLogger logger;

    /// <summary>Makes one.</summary>
    /// <param name="api">Host and port of the Runtime API.</param>
    /// <param name="logger">The log, which names the invocation on every line.</param>
    public RuntimeLoop(Uri api, JsonLogger logger)
    {
        this.logger = logger;
        var handler = new SocketsHttpHandler
        {
            UseProxy = false,
            UseCookies = false,
            AllowAutoRedirect = false,
            ActivityHeadersPropagator = null,
            PooledConnectionIdleTimeout = Timeout.InfiniteTimeSpan,
            RequestHeaderEncodingSelector = (_, _) => Encoding.UTF8,
            ResponseHeaderEncodingSelector = (_, _) => Encoding.UTF8,
        };
        // The sandbox is frozen inside of a pending "next", for hours.
        http = new HttpClient(handler) { BaseAddress = new Uri(api, "/2018-06-01/runtime/"), Timeout = Timeout.InfiniteTimeSpan };
    }

    /// <summary>Runs until it is cancelled.</summary>
    /// <param name="start">Makes the handler; what it throws is the function's init error.</param>
    /// <param name="cancellationToken">Cancelled when Lambda shuts the process down.</param>
    /// <returns>The process's exit code: 0 after a shutdown, 1 when it can't go on.</returns>
    public async Task<int> RunAsync(Func<InvocationHandler> start, CancellationToken cancellationToken)
    {
        try
        {
            if (await StartAsync(start) is not { } handler)
                return 1;
            while (!cancellationToken.IsCancellationRequested)
                await HandleNextAsync(handler, cancellationToken);
            return 0;
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            return 0;
        }
        catch (Exception broken) when (broken is HttpRequestException or RuntimeApiException)
        {
            // Without its Runtime API the process is of no use: Lambda starts another one.
            logger.RuntimeApiFailed(broken.Message);
            return 1;
        }
    }

    /// <inheritdoc/>
    public void Dispose() => http.Dispose();

    private async Task<InvocationHandler?> StartAsync(Func<InvocationHandler> start)
    {
        try
        {
            return start();
        }
#pragma warning disable CA1031 // The boundary: whatever it is, the first invocation gets it as its error.
        catch (Exception failure)
#pragma warning restore CA1031
        {
            await PostErrorAsync("init/error", failure);
            return null;
        }
    }

    private async Task HandleNextAsync(InvocationHandler handler, CancellationToken cancellationToken)
    {
        using var next = await http.GetAsync(new Uri("invocation/next", UriKind.Relative), cancellationToken);
        if (next.StatusCode != HttpStatusCode.OK)
            throw new RuntimeApiException($"asking for the next invocation got {(int)next.StatusCode}");
        var payload = await next.Content.ReadAsByteArrayAsync(cancellationToken);
        var invocation = new Invocation(
            Header(next, "Lambda-Runtime-Aws-Request-Id") ?? throw new RuntimeApiException("an invocation came without its request id"),
            long.TryParse(Header(next, "Lambda-Runtime-Deadline-Ms"), out var deadline) ? DateTimeOffset.FromUnixTimeMilliseconds(deadline) : DateTimeOffset.MaxValue,
            Header(next, "Lambda-Runtime-Trace-Id"));
        // The AWS SDK reads it when it sends a request.
        Environment.SetEnvironmentVariable("_X_AMZN_TRACE_ID", invocation.TraceId);
        logger.Invocation = invocation;
        byte[] answer;
        try
        {
            answer = await handler(payload, invocation, cancellationToken);
        }
#pragma warning disable CA1031 // The boundary: every failure becomes an error type that Step Functions matches.
        catch (Exception failure)
#pragma warning restore CA1031
        {
            await PostErrorAsync($"invocation/{invocation.RequestId}/error", failure);
            return;
        }
        await PostAnswerAsync(invocation, answer);
    }

    private async Task PostAnswerAsync(Invocation invocation, byte[] answer)
    {
        using var content = new ByteArrayContent(answer);
        content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        using var posted = await http.PostAsync(new Uri($"invocation/{invocation.RequestId}/response", UriKind.Relative), content, CancellationToken.None);
        if (posted.StatusCode == HttpStatusCode.RequestEntityTooLarge)
        {
            await PostErrorAsync(
                $"invocation/{invocation.RequestId}/error",
                new NamedException(ErrorNames.Bug, $"the answer has {answer.Length} bytes, more than Lambda takes: this is a bug, please report it"));
            return;
        }
        await CheckAsync(posted, "posting an answer");
    }

    private async Task PostErrorAsync(string path, Exception failure)
    {
        var name = NamedException.NameOf(failure);
        logger.Failed(name, InputWords.Of(failure.Message), name == ErrorNames.Bug ? failure : null);
        using var request = new HttpRequestMessage(HttpMethod.Post, path) { Content = new ByteArrayContent(ErrorBody.Write(failure)) };
        request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/vnd.aws.lambda.error+json");
        request.Headers.TryAddWithoutValidation(ErrorTypeHeader, name);
        using var posted = await http.SendAsync(request, CancellationToken.None);
        await CheckAsync(posted, "posting an error");
    }

    private async Task CheckAsync(HttpResponseMessage posted, string what)
    {
        if (posted.IsSuccessStatusCode)
            return;
        var text = await posted.Content.ReadAsStringAsync();
        // 500 says that the container is broken; the others that this invocation is over, so the next one can be asked for.
        if (posted.StatusCode >= HttpStatusCode.InternalServerError)
            throw new RuntimeApiException($"{what} got {(int)posted.StatusCode} {text}");
        logger.AnswerRefused(what, (int)posted.StatusCode, text);
    }

    private static string? Header(HttpResponseMessage answer, string name) =>
        answer.Headers.TryGetValues(name, out var values) ? values.FirstOrDefault() : null;
}

/// <summary>The Runtime API does not keep to its contract.</summary>
internal sealed class RuntimeApiException(string message) : Exception(message);
