using System.Net;
using System.Net.Http.Headers;
using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json;

namespace Influx;

/// <summary>An answer whose status is no success, with the server's own words.</summary>
/// <param name="Status">The HTTP status.</param>
/// <param name="Text">The message of the body, at most 2,000 characters.</param>
internal sealed record ErrorAnswer(HttpStatusCode Status, string Text);

/// <summary>One server's HTTP: its TLS, its token, its time limits, and what its failures mean. It retries nothing.</summary>
public sealed partial class InfluxHttp : IDisposable
{
    private const int MaxErrorText = 2_000;

    private readonly HttpClient client;
    private readonly ServerOptions options;
    private readonly TimeProvider time;
    private volatile Secret? token;
    private volatile bool tokenRead;

    /// <summary>Makes one.</summary>
    /// <exception cref="IOException">The CA file can't be read.</exception>
    public InfluxHttp(ServerOptions options, TimeProvider time)
    {
        this.options = options;
        this.time = time;
        var handler = new SocketsHttpHandler
        {
            // A redirect would carry the token to whatever host it names.
            AllowAutoRedirect = false,
            UseCookies = false,
            ConnectTimeout = TimeSpan.FromSeconds(15),
            PooledConnectionIdleTimeout = TimeSpan.FromSeconds(30),
            SslOptions = Tls(options),
        };
        if (options.Connect is { } connect)
        {
            // A proxy would be what is connected to, and would look the name up anew.
            handler.UseProxy = false;
            handler.ConnectCallback = (context, cancellationToken) => connect(context.DnsEndPoint, cancellationToken);
        }
        client = new HttpClient(handler) { Timeout = System.Threading.Timeout.InfiniteTimeSpan };
        var root = options.Url.AbsoluteUri;
        client.BaseAddress = new Uri(root.EndsWith('/') ? root : root + "/");
    }

    /// <summary>Makes the header of a token; set once the server's family is known.</summary>
    internal Func<Secret, AuthenticationHeaderValue> Authorization { get; set; } = AsToken;

    internal ServerOptions Options => options;

    internal static AuthenticationHeaderValue AsToken(Secret token) => new("Token", token.Reveal());

    internal static AuthenticationHeaderValue AsBasic(Secret token) =>
        new("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes(token.Reveal())));

    /// <summary>Sends a request and returns its answer, whose body is still to be read.</summary>
    /// <param name="method">The HTTP method.</param>
    /// <param name="path">Path and query below the server's URL, without a leading slash.</param>
    /// <param name="makeContent">Makes the body anew for each try; null for none.</param>
    /// <param name="accept">The media type to ask for; null for any.</param>
    /// <param name="authorize">Whether the token goes along.</param>
    /// <param name="cancellationToken">Cancels.</param>
    /// <exception cref="TransientException">The connection was cut or the time is over.</exception>
    /// <exception cref="RejectedException">The certificate is not trusted, or the server redirects.</exception>
    internal async Task<HttpResponseMessage> SendAsync(
        HttpMethod method, string path, Func<HttpContent>? makeContent, string? accept, bool authorize, CancellationToken cancellationToken)
    {
        var used = authorize ? await TokenAsync(cancellationToken) : null;
        var answer = await SendOnceAsync(method, path, makeContent, accept, used, cancellationToken);
        if (answer.StatusCode != HttpStatusCode.Unauthorized || used is null || options.SignsIn)
            return answer;
        var fresh = await options.ReadToken(used, cancellationToken);
        if (fresh is null || string.Equals(fresh.Reveal(), used.Reveal(), StringComparison.Ordinal))
            return answer;
        answer.Dispose();
        token = fresh;
        return await SendOnceAsync(method, path, makeContent, accept, fresh, cancellationToken);
    }

    /// <summary>
    /// Asks for something that the token in use may have no right to, and reads the answer whole. A refusal is an answer here, so
    /// the token is not read again for it.
    /// </summary>
    internal async Task<ErrorAnswer> ProbeAsync(HttpMethod method, string path, Func<HttpContent>? makeContent, CancellationToken cancellationToken)
    {
        using var answer = await SendOnceAsync(method, path, makeContent, accept: null, await TokenAsync(cancellationToken), cancellationToken);
        var read = await ReadErrorAsync(answer, cancellationToken);
        return Failure.IsTransient(read.Status, read.Text) ? throw Refused($"{method} /{path.Split('?')[0]}", read, answer) : read;
    }

    /// <summary>The token in use.</summary>
    internal async Task<Secret?> TokenAsync(CancellationToken cancellationToken)
    {
        if (!tokenRead)
        {
            var read = await options.ReadToken(null, cancellationToken);
            token = options.SignsIn && read is not null ? await SignInAsync(read, cancellationToken) : read;
            tokenRead = true;
        }
        return token;
    }

    /// <summary>Sends a request and throws unless it succeeds.</summary>
    internal async Task<HttpResponseMessage> SendCheckedAsync(
        HttpMethod method, string path, Func<HttpContent>? makeContent, string? accept, string what, CancellationToken cancellationToken)
    {
        var answer = await SendAsync(method, path, makeContent, accept, authorize: true, cancellationToken);
        if (answer.IsSuccessStatusCode)
            return answer;
        using (answer)
            throw Refused(what, await ReadErrorAsync(answer, cancellationToken), answer);
    }

    /// <summary>The body of an answer, as a stream that owns the answer and gives up when nothing comes.</summary>
    internal async Task<Stream> OpenBodyAsync(HttpResponseMessage answer, CancellationToken cancellationToken) =>
        new IdleTimeoutStream(answer, await answer.Content.ReadAsStreamAsync(cancellationToken), options.Timeout, time);

    /// <summary>The exception that an unsuccessful answer stands for.</summary>
    internal Exception Refused(string what, ErrorAnswer error, HttpResponseMessage answer)
    {
        var message = $"{what} at the {options.Role} {options.Url.GetLeftPart(UriPartial.Authority)}: {(int)error.Status} {error.Text}";
        if (error.Status == HttpStatusCode.Unauthorized && options.TokenName.Length > 0)
            message += token is null && !options.SignsIn ? $" (no token is given: set {options.TokenName})" : $" (check {options.TokenName})";
        return Failure.IsTransient(error.Status, error.Text)
            ? new TransientException(message, RetryAfter(answer))
            : new RejectedException(Failure.Kind(error.Status), message);
    }

    /// <summary>Reads the error of an answer: platform JSON, 1.x JSON, or plain text.</summary>
    internal static async Task<ErrorAnswer> ReadErrorAsync(HttpResponseMessage answer, CancellationToken cancellationToken)
    {
        byte[] bytes;
        try
        {
            bytes = await answer.Content.ReadAsByteArrayAsync(cancellationToken);
        }
        catch (Exception cut) when (cut is HttpRequestException or IOException)
        {
            throw new TransientException("the connection was cut in the middle of an error's text", inner: cut);
        }
        var body = Encoding.UTF8.GetString(bytes);
        var text = MsgpackError.Find(bytes) ?? body.Trim();
        try
        {
            using var document = JsonDocument.Parse(body);
            if (document.RootElement.ValueKind == JsonValueKind.Object)
            {
                foreach (var name in (string[])["message", "error"])
                {
                    if (document.RootElement.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String)
                        text = value.GetString()!;
                }
            }
        }
        catch (JsonException)
        {
            if (answer.Headers.TryGetValues("X-Influxdb-Error", out var values))
                text = values.First();
        }
        text = ShownText.Line(WithoutToken(answer, text));
        return new ErrorAnswer(answer.StatusCode, text.Length > MaxErrorText ? text[..MaxErrorText] : text);
    }

    // A proxy may answer with the headers that it got.
    private static string WithoutToken(HttpResponseMessage answer, string text)
    {
        if (answer.RequestMessage is { } request)
            text = WithoutCookie(request, text);
        if (answer.RequestMessage?.Headers.Authorization is not { Parameter: { Length: > 0 } sent } header)
            return text;
        text = Secret.TakeOut(text, sent);
        if (header.Scheme != "Basic")
            return text;
        var user = Encoding.UTF8.GetString(Convert.FromBase64String(sent));
        return Secret.TakeOut(text, user[(user.IndexOf(':', StringComparison.Ordinal) + 1)..]);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        TrySignOut();
        client.Dispose();
    }

    private TimeSpan? RetryAfter(HttpResponseMessage answer)
    {
        var asked = answer.Headers.RetryAfter;
        var delay = asked?.Delta ?? (asked?.Date is { } date ? date - time.GetUtcNow() : null);
        return delay < TimeSpan.Zero ? TimeSpan.Zero : delay;
    }

    private async Task<HttpResponseMessage> SendOnceAsync(
        HttpMethod method, string path, Func<HttpContent>? makeContent, string? accept, Secret? secret, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(method, new Uri(client.BaseAddress!, path)) { Content = makeContent?.Invoke() };
        if (accept is not null)
            request.Headers.TryAddWithoutValidation("Accept", accept);
        if (secret is not null)
            Authorize(request.Headers, secret);
        using var limit = new CancellationTokenSource(options.Timeout, time);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        HttpResponseMessage answer;
        try
        {
            answer = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, both.Token);
        }
        catch (OperationCanceledException late) when (limit.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            throw new TransientException($"{Place(request)} gave no answer within {options.Timeout.TotalSeconds:0} s", inner: late);
        }
        catch (HttpRequestException failed)
        {
            throw Failed(request, failed);
        }
        if ((int)answer.StatusCode is >= 300 and < 400)
        {
            using (answer)
                throw new RejectedException(
                    RejectionKind.Unreachable,
                    $"{Place(request)} redirects to {WithoutToken(answer, answer.Headers.Location?.ToString() ?? "")}: give that server's URL if it is the right one");
        }
        return answer;
    }

    private Exception Failed(HttpRequestMessage request, HttpRequestException failed)
    {
        if (failed.InnerException is RejectedException refused)
            return new RejectedException(refused.Kind, $"the {options.Role}: {refused.Message}", failed);
        switch (failed.HttpRequestError)
        {
            case HttpRequestError.NameResolutionError:
                return new TransientException($"the host '{options.Url.Host}' of the {options.Role} is unknown", inner: failed);
            case HttpRequestError.SecureConnectionError when failed.InnerException is AuthenticationException handshake:
                return new RejectedException(
                    RejectionKind.Unreachable,
                    $"the TLS handshake with the {options.Role} {options.Url.GetLeftPart(UriPartial.Authority)} failed: "
                    + TlsFailure.Describe(handshake, options.Url.Host),
                    failed);
            default:
                return new TransientException($"{Place(request)} failed: {failed.Message}", inner: failed);
        }
    }

    // The query part holds statements and names, but the path is enough to find the place; neither holds a token.
    private string Place(HttpRequestMessage request) =>
        $"{request.Method} {request.RequestUri!.AbsolutePath} at the {options.Role} {options.Url.GetLeftPart(UriPartial.Authority)}";

    private static SslClientAuthenticationOptions Tls(ServerOptions options)
    {
        var tls = new SslClientAuthenticationOptions { EnabledSslProtocols = SslProtocols.Tls12 | SslProtocols.Tls13 };
        if (options.SkipVerify)
        {
            // Asked for by the person, logged and reported as a warning; --ca-file is the right answer to a private authority.
#pragma warning disable CA5359, MA0039
            tls.RemoteCertificateValidationCallback = (_, _, _, _) => true;
#pragma warning restore CA5359, MA0039
        }
        else if (options.CaFile is not null || options.CaPem is not null)
        {
            var policy = new X509ChainPolicy
            {
                TrustMode = X509ChainTrustMode.CustomRootTrust,
                RevocationMode = X509RevocationMode.NoCheck,
            };
            if (options.CaFile is not null)
                policy.CustomTrustStore.ImportFromPemFile(options.CaFile);
            policy.CustomTrustStore.ImportFromPem(options.CaPem);
            tls.CertificateChainPolicy = policy;
        }
        return tls;
    }
}
