using System.Collections.Immutable;
using System.Net.Security;
using System.Text;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.WebUtilities;

namespace TestServers;

/// <summary>
/// A reverse proxy on loopback that does what networks and overloaded servers do. Bodies are streamed both ways. Requests that no
/// rule takes pass through unchanged; of several rules the first made one that takes a request is applied.
/// </summary>
/// <example><code>
/// await using var proxy = await FaultProxy.StartAsync(server.Url);
/// proxy.On("POST", "/api/v2/write").Answer(429, "", ("Retry-After", "1"));
/// proxy.On("POST", "/api/v2/write", skip: 3, times: 2).CutAfter();
/// </code></example>
public sealed class FaultProxy : IAsyncDisposable
{
    private const int GzipHeaderLength = 10;
    private const string Form = "application/x-www-form-urlencoded";
    private const string Statement = "statement";

    private readonly HttpClient client;
    private ImmutableList<FaultRule> rules = [];
    private Loopback? http;
    private int requests;
    private int concurrent;
    private int maxConcurrent;

    private FaultProxy(Uri upstream)
    {
        var handler = new SocketsHttpHandler { UseProxy = false, AllowAutoRedirect = false, UseCookies = false, ActivityHeadersPropagator = null };
        client = new HttpClient(handler) { BaseAddress = upstream, Timeout = Timeout.InfiniteTimeSpan };
    }

    /// <summary>Where it listens.</summary>
    public Uri Url => http!.Url;

    /// <summary>How many requests came in.</summary>
    public int Requests => Volatile.Read(ref requests);

    /// <summary>The most requests that were under way at one time.</summary>
    public int MaxConcurrentRequests => Volatile.Read(ref maxConcurrent);

    /// <summary>Starts a proxy in front of a server.</summary>
    /// <param name="upstream">The server, without TLS.</param>
    /// <param name="tls">The proxy's certificate and TLS versions; null for no TLS.</param>
    public static async Task<FaultProxy> StartAsync(Uri upstream, SslServerAuthenticationOptions? tls = null)
    {
        var proxy = new FaultProxy(upstream);
        proxy.http = await Loopback.StartAsync(proxy.HandleAsync, tls);
        return proxy;
    }

    /// <summary>Makes a rule for requests by method, path and a part of the query; null fits all.</summary>
    /// <param name="method">As in <c>POST</c>.</param>
    /// <param name="path">The whole path.</param>
    /// <param name="query">Contained in the query as it is sent, escapes and all.</param>
    /// <param name="skip">So many fitting requests pass first.</param>
    /// <param name="times">So many are then taken.</param>
    public FaultRule On(string? method = null, string? path = null, string? query = null, int skip = 0, int times = 1) => On(
        request => (method is null || request.Method == method)
            && (path is null || request.Path == path)
            && (query is null || request.QueryString.Value?.Contains(query, StringComparison.Ordinal) == true),
        skip,
        times);

    /// <summary>Makes a rule for requests that a predicate picks.</summary>
    public FaultRule On(Func<HttpRequest, bool> fits, int skip = 0, int times = 1)
    {
        var rule = new FaultRule(fits, skip, times);
        rules = rules.Add(rule);
        return rule;
    }

    /// <summary>The InfluxQL of a request that a predicate is asked about, of its form or its query; empty where there is none.</summary>
    public static string StatementOf(HttpRequest request) =>
        request.HttpContext.Items[Statement] as string ?? request.Query["q"].ToString();

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (http is not null)
            await http.DisposeAsync();
        client.Dispose();
    }

    private async Task HandleAsync(HttpContext context)
    {
        Interlocked.Increment(ref requests);
        var now = Interlocked.Increment(ref concurrent);
        for (var most = maxConcurrent; now > most; most = maxConcurrent)
            Interlocked.CompareExchange(ref maxConcurrent, now, most);
        try
        {
            await KeepStatementAsync(context.Request);
            await ForwardAsync(context, rules.Find(rule => rule.Takes(context.Request)));
        }
        catch (Exception error) when (error is HttpRequestException or IOException or OperationCanceledException)
        {
            // What broke on one side breaks on the other.
            context.Abort();
        }
        finally
        {
            Interlocked.Decrement(ref concurrent);
        }
    }

    private static async Task KeepStatementAsync(HttpRequest request)
    {
        if (request.ContentType?.StartsWith(Form, StringComparison.Ordinal) != true)
            return;
        var body = new MemoryStream();
        await request.Body.CopyToAsync(body);
        request.HttpContext.Items[Statement] = QueryHelpers.ParseQuery(Encoding.UTF8.GetString(body.ToArray()))["q"].ToString();
        body.Position = 0;
        request.Body = body;
    }

    private async Task ForwardAsync(HttpContext context, FaultRule? rule)
    {
        if (rule?.Before == true)
        {
            context.Abort();
            return;
        }
        if (rule is { Delay: var delay } && delay > TimeSpan.Zero)
            await Task.Delay(delay, context.RequestAborted);
        if (rule?.Meanwhile is { } happens)
            // Whoever waits at a gate leaves it with its client.
            await happens().WaitAsync(context.RequestAborted);
        if (rule?.Own is { } answers)
        {
            await answers(context);
            return;
        }
        if (rule?.Rewriting is { } rewriting)
        {
            await RewriteAsync(context, rewriting);
            return;
        }
        using var request = Request(context.Request);
        using var answer = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, context.RequestAborted);
        if (rule?.After == true)
        {
            await answer.Content.CopyToAsync(Stream.Null);
            context.Abort();
            return;
        }
        CopyHeaders(answer, context.Response);
        if (rule?.Corrupts == true)
            context.Response.Headers.ContentEncoding = "gzip";
        await CopyBodyAsync(answer, context, rule);
    }

    private async Task RewriteAsync(HttpContext context, Func<string, byte[], byte[]> rewriting)
    {
        context.Request.EnableBuffering();
        using var reader = new StreamReader(context.Request.Body, leaveOpen: true);
        var asked = System.Net.WebUtility.UrlDecode(await reader.ReadToEndAsync());
        context.Request.Body.Position = 0;
        context.Request.Headers.Remove("Accept-Encoding");
        using var request = Request(context.Request);
        using var answer = await client.SendAsync(request, context.RequestAborted);
        var body = rewriting(asked, await answer.Content.ReadAsByteArrayAsync(context.RequestAborted));
        CopyHeaders(answer, context.Response);
        context.Response.ContentLength = body.Length;
        await context.Response.Body.WriteAsync(body, context.RequestAborted);
    }

    private static HttpRequestMessage Request(HttpRequest from)
    {
        var request = new HttpRequestMessage(new HttpMethod(from.Method), new Uri($"{from.Path.ToUriComponent()}{from.QueryString}", UriKind.Relative));
        if (from.ContentLength > 0 || from.Headers.TransferEncoding.Count > 0)
            request.Content = new StreamContent(from.Body);
        // Signed requests cover the name that the client called.
        request.Headers.Host = from.Host.Value;
        foreach (var (name, values) in from.Headers)
        {
            if (name is "Host" or "Connection" or "Transfer-Encoding" or "Keep-Alive" or "Expect")
                continue;
            if (!request.Headers.TryAddWithoutValidation(name, (IEnumerable<string?>)values))
                request.Content?.Headers.TryAddWithoutValidation(name, (IEnumerable<string?>)values);
        }
        return request;
    }

    private static void CopyHeaders(HttpResponseMessage from, HttpResponse to)
    {
        to.StatusCode = (int)from.StatusCode;
        foreach (var (name, values) in from.Headers.NonValidated.Concat(from.Content.Headers.NonValidated))
        {
            if (name is not ("Connection" or "Transfer-Encoding" or "Keep-Alive"))
                to.Headers[name] = values.ToArray();
        }
    }

    private static async Task CopyBodyAsync(HttpResponseMessage from, HttpContext to, FaultRule? rule)
    {
        await using var source = await from.Content.ReadAsStreamAsync(to.RequestAborted);
        var buffer = new byte[64 * 1024];
        var left = rule?.KeptBytes ?? long.MaxValue;
        long passed = 0;
        int read;
        while ((read = await source.ReadAsync(buffer, to.RequestAborted)) > 0)
        {
            if (rule is { PieceDelay: var delay } && delay > TimeSpan.Zero)
                await Task.Delay(delay, to.RequestAborted);
            if (rule?.Corrupts == true)
                TurnOver(buffer.AsSpan(0, read), passed);
            await to.Response.Body.WriteAsync(buffer.AsMemory(0, (int)Math.Min(read, left)), to.RequestAborted);
            await to.Response.Body.FlushAsync(to.RequestAborted);
            left -= read;
            passed += read;
            if (left <= 0)
                break;
        }
        // An exception ends the connection behind what was sent; an abort could take that away from the client, too.
        if (rule?.KeptBytes is not null)
            throw new CutShortException();
    }

    private static void TurnOver(Span<byte> piece, long passed)
    {
        for (var i = 0; i < piece.Length; i++)
        {
            if (passed + i >= GzipHeaderLength && i % 16 == 10)
                piece[i] ^= 0xff;
        }
    }

    private sealed class CutShortException : Exception;
}
