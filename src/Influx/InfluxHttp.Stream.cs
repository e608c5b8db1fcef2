using System.Net;

namespace Influx;

public sealed partial class InfluxHttp
{
    /// <summary>Sends a query and returns its answer's body as a stream; retries nothing.</summary>
    /// <param name="path">Path and query below the server's URL, without a leading slash.</param>
    /// <param name="makeContent">Makes the body anew for each try.</param>
    /// <param name="mediaType">What is asked for and must come.</param>
    /// <param name="what">What it is for, in messages.</param>
    /// <param name="refused">What an error stands for.</param>
    /// <param name="cancellationToken">Cancels.</param>
    /// <exception cref="TransientException">The connection was cut or the server is not there any more.</exception>
    /// <exception cref="RejectedException">What answers is no InfluxDB.</exception>
    internal async Task<Stream> OpenStreamAsync(
        string path, Func<HttpContent> makeContent, string mediaType, string what, Func<SmallAnswer, Exception> refused, CancellationToken cancellationToken)
    {
        var used = await TokenAsync(cancellationToken);
        var request = Request(HttpMethod.Post, path, makeContent, mediaType, used);
        var answer = await HeadAsync(request, cancellationToken);
        try
        {
            if (await OtherTokenAsync(answer.StatusCode, used, cancellationToken) is { } fresh)
            {
                answer.Dispose();
                request.Dispose();
                request = Request(HttpMethod.Post, path, makeContent, mediaType, fresh);
                answer = await HeadAsync(request, cancellationToken);
            }
            CheckRedirect(request, answer);
            if (answer.StatusCode == HttpStatusCode.OK && answer.Content.Headers.ContentType?.MediaType == mediaType && answer.Content.Headers.ContentEncoding.Count == 0)
                return new IdleTimeoutStream(
                    answer, await answer.Content.ReadAsStreamAsync(cancellationToken), Shorter(options.Limits.Stream), options.Limits.SlowestStream, time);
            using (answer)
            {
                var read = await ReadInTimeAsync(request, answer, cancellationToken);
                throw read.IsSuccess ? NotInflux(what, $"'{mediaType}'", read) : refused(read);
            }
        }
        catch
        {
            answer.Dispose();
            throw;
        }
        finally
        {
            request.Dispose();
        }
    }

    /// <summary>
    /// The exception that a stream stands for which has the right type and is no answer of an InfluxDB all the same: as only a server
    /// that stops in the middle, or what damages its answers, names that type, the next try may be answered.
    /// </summary>
    internal TransientException NotInflux(string what, string expected, string mediaType, ReadOnlySpan<byte> beginning, Exception inner) => new(
        NotInflux(what, expected, SmallAnswer.Describe(HttpStatusCode.OK, mediaType), SmallAnswer.Excerpt(System.Text.Encoding.UTF8.GetString(beginning))).Message,
        inner: inner);

    private async Task<SmallAnswer> ReadInTimeAsync(HttpRequestMessage request, HttpResponseMessage answer, CancellationToken cancellationToken)
    {
        using var limit = new SmallLimit(this, cancellationToken) { HasBegun = true };
        try
        {
            return await ReadAsync(request, answer, limit.Token);
        }
        catch (OperationCanceledException late) when (limit.IsOver)
        {
            throw limit.Failure(request, late);
        }
    }

    /// <summary>
    /// Waits for the head of a query's answer. A count may take minutes, and a server that is gone without a word looks the same: what
    /// tells them apart is /ping, which every InfluxDB answers at once.
    /// </summary>
    private async Task<HttpResponseMessage> HeadAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        var clock = time.GetTimestamp();
        using var limit = new CancellationTokenSource(options.Timeout, time);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        var sending = client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, both.Token);
        var isThere = true;
        for (var quiet = 1; isThere && !await EndsWithinAsync(sending, Shorter(options.Limits.Quiet), both.Token); quiet++)
        {
            isThere = await IsThereAsync(both.Token) || both.IsCancellationRequested;
            if (isThere && quiet == 2)
                options.OnSlow?.Invoke($"{Place(request)} has not answered for {time.GetElapsedTime(clock).TotalSeconds:0} s; the server is there and may still be at work on it");
        }
        if (!isThere)
            await limit.CancelAsync();
        try
        {
            return await sending;
        }
        catch (OperationCanceledException late) when (limit.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            var waited = time.GetElapsedTime(clock);
            throw new TransientException(
                $"{Place(request)} gave no answer within {waited.TotalSeconds:0} s{(isThere ? "" : ", and neither does the server to GET /ping")}", inner: late)
            {
                Waited = waited,
            };
        }
        catch (HttpRequestException failed)
        {
            throw Failed(request, failed);
        }
    }

    private async Task<bool> EndsWithinAsync(Task sending, TimeSpan quiet, CancellationToken cancellationToken)
    {
        using var over = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var first = await Task.WhenAny(sending, Task.Delay(quiet, time, over.Token));
        await over.CancelAsync();
        return first == sending || cancellationToken.IsCancellationRequested;
    }

    private async Task<bool> IsThereAsync(CancellationToken cancellationToken)
    {
        for (var left = 2; left > 0; left--)
        {
            using var request = Request(HttpMethod.Get, "ping", makeContent: null, accept: null, secret: null);
            using var limit = new CancellationTokenSource(Shorter(options.Limits.Ping), time);
            using var both = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
            try
            {
                // Whatever the answer: to be refused is to be answered.
                using var answer = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, both.Token);
                return true;
            }
            catch (Exception failed) when (failed is HttpRequestException or OperationCanceledException)
            {
                // One ping may be lost.
            }
        }
        return false;
    }

    private TimeSpan Shorter(TimeSpan most) => most < options.Timeout ? most : options.Timeout;
}
