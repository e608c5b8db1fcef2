using System.Net;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace Influx;

public sealed partial class InfluxHttp
{
    private const string JsonType = "application/json";

    // Cleaning up must not hold up the end of a run.
    private static readonly TimeSpan CleaningLimit = TimeSpan.FromSeconds(5);

    /// <summary>Whether a text is the token in use.</summary>
    internal bool IsToken(string text) => text.Length > 0 && string.Equals(token?.Reveal(), text, StringComparison.Ordinal);

    /// <summary>The user of a 1.x token, once it was read; null for none.</summary>
    internal string? User => token is { } known && known.Reveal().IndexOf(':', StringComparison.Ordinal) is > 0 and var colon ? known.Reveal()[..colon] : null;

    /// <summary>Gets a JSON answer of the 2.x API.</summary>
    internal async Task<T> GetJsonAsync<T>(string path, string what, JsonTypeInfo<T> type, CancellationToken cancellationToken) =>
        ReadJson(what, await AskForAsync(HttpStatusCode.OK, HttpMethod.Get, path, makeContent: null, what, cancellationToken), type);

    /// <summary>Reads a JSON answer of the 2.x API. Another shape is an error and never an empty list.</summary>
    /// <exception cref="RejectedException">It is no such JSON.</exception>
    internal T ReadJson<T>(string what, SmallAnswer answer, JsonTypeInfo<T> type)
    {
        try
        {
            if (answer.MediaType == JsonType && JsonSerializer.Deserialize(answer.Body.Span, type) is { } read)
                return read;
        }
        catch (JsonException)
        {
            // What it is instead is told below.
        }
        throw NotInflux(what, "JSON of the 2.x API", answer);
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
