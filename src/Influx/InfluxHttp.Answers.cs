using System.Net;

namespace Influx;

public sealed partial class InfluxHttp
{
    /// <summary>Sends a request and reads its answer whole; tries again by <see cref="ServerOptions.Retry"/>.</summary>
    /// <param name="method">The HTTP method.</param>
    /// <param name="path">Path and query below the server's URL, without a leading slash.</param>
    /// <param name="makeContent">Makes the body anew for each try; null for none.</param>
    /// <param name="what">What it is for, in messages.</param>
    /// <param name="cancellationToken">Cancels.</param>
    /// <exception cref="TransientException">The connection was cut, the time is over, or the server asks for another try.</exception>
    /// <exception cref="RejectedException">The certificate is not trusted, or the server redirects.</exception>
    internal Task<SmallAnswer> AskAsync(HttpMethod method, string path, Func<HttpContent>? makeContent, string what, CancellationToken cancellationToken) =>
        options.Retry.RunAsync(
            async token => Settled(what, await AskOnceAsync(method, path, makeContent, authorize: true, token)), cancellationToken);

    /// <summary>The same, and throws unless the answer has the status that says that it is done.</summary>
    /// <exception cref="RejectedException">The server refuses, or what answers is no InfluxDB.</exception>
    internal async Task<SmallAnswer> AskForAsync(
        HttpStatusCode done, HttpMethod method, string path, Func<HttpContent>? makeContent, string what, CancellationToken cancellationToken) =>
        Done(what, done, await AskAsync(method, path, makeContent, what, cancellationToken));

    /// <summary>
    /// Asks for something that the token in use may have no right to. A refusal is an answer here, so the token is not read again for it.
    /// </summary>
    internal async Task<SmallAnswer> ProbeAsync(HttpMethod method, string path, Func<HttpContent>? makeContent, CancellationToken cancellationToken)
    {
        var what = $"{method} /{path.Split('?')[0]}";
        var answer = await options.Retry.RunAsync(
            async token => Settled(what, await ReadAsync(method, path, makeContent, await TokenAsync(token), token)), cancellationToken);
        return answer.IsPage || (answer.IsSuccess && answer.Status != HttpStatusCode.NoContent && answer.MediaType != JsonType)
            ? throw NotInflux(what, "an InfluxDB's JSON", answer)
            : answer;
    }

    /// <summary>Sends a request once and reads its answer whole, whatever it is.</summary>
    internal async Task<SmallAnswer> AskOnceAsync(
        HttpMethod method, string path, Func<HttpContent>? makeContent, bool authorize, CancellationToken cancellationToken)
    {
        var used = authorize ? await TokenAsync(cancellationToken) : null;
        var answer = await ReadAsync(method, path, makeContent, used, cancellationToken);
        return await OtherTokenAsync(answer.Status, used, cancellationToken) is { } fresh
            ? await ReadAsync(method, path, makeContent, fresh, cancellationToken)
            : answer;
    }

    /// <summary>An answer that asks for no other try.</summary>
    internal SmallAnswer Settled(string what, SmallAnswer answer) =>
        !answer.IsSuccess && Failure.IsTransient(answer.Status, answer.ErrorText) ? throw Refused(what, answer) : answer;

    /// <summary>An answer with the one status that says that it is done.</summary>
    internal SmallAnswer Done(string what, HttpStatusCode done, SmallAnswer answer) =>
        answer.Status == done ? answer
        : answer.IsSuccess ? throw NotInflux(what, ((int)done).ToString(System.Globalization.CultureInfo.InvariantCulture), answer)
        : throw Refused(what, answer);

    /// <summary>The token that is to be tried after a 401 because it has changed; null where there is none.</summary>
    private async Task<Secret?> OtherTokenAsync(HttpStatusCode status, Secret? used, CancellationToken cancellationToken)
    {
        if (status != HttpStatusCode.Unauthorized || used is null || options.SignsIn)
            return null;
        var fresh = await options.ReadToken(used, cancellationToken);
        if (fresh is null || string.Equals(fresh.Reveal(), used.Reveal(), StringComparison.Ordinal))
            return null;
        return token = fresh;
    }

    private async Task<SmallAnswer> ReadAsync(
        HttpMethod method, string path, Func<HttpContent>? makeContent, Secret? secret, CancellationToken cancellationToken)
    {
        using var request = Request(method, path, makeContent, accept: null, secret);
        using var limit = new SmallLimit(this, cancellationToken);
        try
        {
            using var answer = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, limit.Token);
            limit.HasBegun = true;
            CheckRedirect(request, answer);
            return await ReadAsync(request, answer, limit.Token);
        }
        catch (OperationCanceledException late) when (limit.IsOver)
        {
            throw limit.Failure(request, late);
        }
        catch (HttpRequestException failed)
        {
            throw Failed(request, failed);
        }
    }

    /// <summary>Reads an answer as far as the limits allow: an error is cut, and anything else that is longer is no answer of an InfluxDB.</summary>
    private async Task<SmallAnswer> ReadAsync(HttpRequestMessage request, HttpResponseMessage answer, CancellationToken cancellationToken)
    {
        var most = answer.IsSuccessStatusCode ? options.Limits.AnswerBytes : options.Limits.ErrorBytes;
        using var body = new MemoryStream();
        var piece = new byte[16 * 1024];
        try
        {
            await using var source = await answer.Content.ReadAsStreamAsync(cancellationToken);
            int read;
            while (body.Length < most && (read = await source.ReadAsync(piece, cancellationToken)) > 0)
                body.Write(piece, 0, (int)Math.Min(read, most - body.Length));
        }
        catch (Exception cut) when (cut is HttpRequestException or IOException)
        {
            throw new TransientException($"{Place(request)}: the connection was cut in the middle of the answer", inner: cut);
        }
        if (answer.IsSuccessStatusCode && body.Length == most)
            throw new RejectedException(
                RejectionKind.NotInflux,
                $"{Place(request)} answers with {most / 1024 / 1024} MB and more, where an InfluxDB sends some kilobytes; is there a proxy before the server?");
        return new SmallAnswer(
            answer.StatusCode,
            answer.Headers,
            answer.Content.Headers.ContentType?.MediaType,
            body.GetBuffer().AsMemory(0, (int)body.Length),
            text => WithoutToken(request, text));
    }

    /// <summary>The time that a small answer may take, head and body together.</summary>
    private sealed class SmallLimit : IDisposable
    {
        private readonly InfluxHttp http;
        private readonly TimeSpan most;
        private readonly CancellationToken caller;
        private readonly CancellationTokenSource limit;
        private readonly CancellationTokenSource both;

        public SmallLimit(InfluxHttp http, CancellationToken cancellationToken)
        {
            this.http = http;
            caller = cancellationToken;
            most = http.options.Timeout < http.options.Limits.SmallAnswer ? http.options.Timeout : http.options.Limits.SmallAnswer;
            limit = new CancellationTokenSource(most, http.time);
            both = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        }

        public CancellationToken Token => both.Token;

        /// <summary>Whether the head is there.</summary>
        public bool HasBegun { get; set; }

        public bool IsOver => limit.IsCancellationRequested && !caller.IsCancellationRequested;

        public TransientException Failure(HttpRequestMessage request, Exception late) =>
            new($"{http.Place(request)} {(HasBegun ? "did not end its answer" : "gave no answer")} within {most.TotalSeconds:0} s", inner: late) { Waited = most };

        public void Dispose()
        {
            both.Dispose();
            limit.Dispose();
        }
    }
}
