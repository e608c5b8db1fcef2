using System.Net;
using System.Net.Http.Headers;
using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using System.Text;

namespace Influx;

/// <summary>One server's HTTP: its TLS, its token, its limits, and what its failures mean.</summary>
public sealed partial class InfluxHttp : IDisposable
{
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

    /// <summary>The exception that an unsuccessful answer stands for.</summary>
    internal Exception Refused(string what, SmallAnswer answer)
    {
        var message = $"{what} at the {options.Role} {Root}: {(int)answer.Status} {answer.ErrorText}";
        if (answer.Status == HttpStatusCode.Unauthorized && options.TokenName.Length > 0)
            message += token is null && !options.SignsIn ? $" (no token is given: set {options.TokenName})" : $" (check {options.TokenName})";
        if (Failure.IsTransient(answer.Status, answer.ErrorText))
            return new TransientException(message, RetryAfter(answer.Headers));
        var kind = Failure.Kind(answer.Status);
        // Else a proxy's "not found" would be the server's, and its "bad request" about the data.
        return new RejectedException(answer.IsPage && kind != RejectionKind.Token ? RejectionKind.NotInflux : kind, message);
    }

    /// <summary>The exception that an answer stands for which no InfluxDB gives to such a request.</summary>
    internal RejectedException NotInflux(string what, string expected, SmallAnswer answer) => NotInflux(what, expected, answer.Kind, answer.Beginning);

    private RejectedException NotInflux(string what, string expected, string kind, string beginning) => new(
        RejectionKind.NotInflux,
        $"{what} at the {options.Role} {Root} was answered {kind} instead of {expected}; is there a proxy before the server? "
        + (beginning.Length == 0 ? "The answer is empty" : $"The answer begins: {beginning}"));

    /// <inheritdoc/>
    public void Dispose()
    {
        TrySignOut();
        client.Dispose();
    }

    private string Root => options.Url.GetLeftPart(UriPartial.Authority);

    private TimeSpan? RetryAfter(HttpResponseHeaders headers)
    {
        var asked = headers.RetryAfter;
        var delay = asked?.Delta ?? (asked?.Date is { } date ? date - time.GetUtcNow() : null);
        return delay < TimeSpan.Zero ? TimeSpan.Zero : delay;
    }

    private HttpRequestMessage Request(HttpMethod method, string path, Func<HttpContent>? makeContent, string? accept, Secret? secret)
    {
        var request = new HttpRequestMessage(method, new Uri(client.BaseAddress!, path)) { Content = makeContent?.Invoke() };
        if (accept is not null)
            request.Headers.TryAddWithoutValidation("Accept", accept);
        if (secret is not null)
            Authorize(request.Headers, secret);
        return request;
    }

    private void CheckRedirect(HttpRequestMessage request, HttpResponseMessage answer)
    {
        if ((int)answer.StatusCode is >= 300 and < 400)
            throw new RejectedException(
                RejectionKind.Unreachable,
                $"{Place(request)} redirects to {WithoutToken(request, answer.Headers.Location?.ToString() ?? "")}: give that server's URL if it is the right one");
    }

    // A proxy may answer with the headers that it got.
    private static string WithoutToken(HttpRequestMessage request, string text)
    {
        text = WithoutCookie(request, text);
        if (request.Headers.Authorization is not { Parameter: { Length: > 0 } sent } header)
            return text;
        text = Secret.TakeOut(text, sent);
        if (header.Scheme != "Basic")
            return text;
        var user = Encoding.UTF8.GetString(Convert.FromBase64String(sent));
        return Secret.TakeOut(text, user[(user.IndexOf(':', StringComparison.Ordinal) + 1)..]);
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
                    $"the TLS handshake with the {options.Role} {Root} failed: "
                    + TlsFailure.Describe(handshake, options.Url.Host),
                    failed);
            default:
                return new TransientException($"{Place(request)} failed: {failed.Message}", inner: failed);
        }
    }

    // The query part holds statements and names, but the path is enough to find the place; neither holds a token.
    private string Place(HttpRequestMessage request) =>
        $"{request.Method} {request.RequestUri!.AbsolutePath} at the {options.Role} {Root}";

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
