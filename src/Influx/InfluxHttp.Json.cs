using System.Net.Http.Json;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace Influx;

public sealed partial class InfluxHttp
{
    // Cleaning up must not hold up the end of a run.
    private static readonly TimeSpan CleaningLimit = TimeSpan.FromSeconds(5);

    /// <summary>Whether a text is the token in use.</summary>
    internal bool IsToken(string text) => text.Length > 0 && string.Equals(token?.Reveal(), text, StringComparison.Ordinal);

    /// <summary>The user of a 1.x token, once it was read; null for none.</summary>
    internal string? User => token is { } known && known.Reveal().IndexOf(':', StringComparison.Ordinal) is > 0 and var colon ? known.Reveal()[..colon] : null;

    /// <summary>Gets a JSON answer of the 2.x API.</summary>
    internal async Task<T> GetJsonAsync<T>(string path, string what, JsonTypeInfo<T> type, CancellationToken cancellationToken)
    {
        using var answer = await SendCheckedAsync(HttpMethod.Get, path, makeContent: null, accept: null, what, cancellationToken);
        return await ReadJsonAsync(answer, type, cancellationToken);
    }

    /// <summary>Reads a JSON answer of the 2.x API.</summary>
    internal async Task<T> ReadJsonAsync<T>(HttpResponseMessage answer, JsonTypeInfo<T> type, CancellationToken cancellationToken)
    {
        try
        {
            return await answer.Content.ReadFromJsonAsync(type, cancellationToken)
                ?? throw new RejectedException(RejectionKind.Unsupported, $"the {options.Role} answered with JSON null");
        }
        catch (Exception cut) when (cut is HttpRequestException or IOException)
        {
            throw new TransientException("the connection was cut in the middle of the answer", inner: cut);
        }
        catch (JsonException broken)
        {
            throw new TransientException("the answer is no JSON of the 2.x API", inner: broken);
        }
    }

    /// <summary>Deletes something while disposing. A server that is gone keeps it, which changes nothing about how the run ended.</summary>
    internal void TryDelete(string path) => TrySend(HttpMethod.Delete, path);

    private void TrySend(HttpMethod method, string path)
    {
        using var request = new HttpRequestMessage(method, new Uri(client.BaseAddress!, path));
        if (token is { } secret)
            Authorize(request.Headers, secret);
        using var limit = new CancellationTokenSource(CleaningLimit, time);
        try
        {
            using var answer = client.Send(request, limit.Token);
        }
        catch (Exception gone) when (gone is HttpRequestException or OperationCanceledException)
        {
            // What is left then: see the class comment of Influx2OrgTokens, and TrySignOut.
        }
    }
}
