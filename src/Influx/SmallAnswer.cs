using System.Diagnostics.CodeAnalysis;
using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;

namespace Influx;

/// <summary>An answer that was read whole, within <see cref="HttpLimits"/>.</summary>
/// <param name="Status">The HTTP status.</param>
/// <param name="Headers">The headers.</param>
/// <param name="MediaType">The body's media type; null where none is named.</param>
/// <param name="Body">The body; of an error perhaps only its beginning.</param>
/// <param name="Hide">Takes the token that was sent out of a text: a proxy may answer with the headers that it got.</param>
internal sealed record SmallAnswer(
    HttpStatusCode Status, HttpResponseHeaders Headers, string? MediaType, ReadOnlyMemory<byte> Body, Func<string, string> Hide)
{
    private const int MaxErrorText = 2_000;
    private const int MaxExcerpt = 200;

    public bool IsSuccess => (int)Status is >= 200 and < 300;

    /// <summary>Whether it is a page for people, as proxies and other servers send; no InfluxDB does.</summary>
    public bool IsPage => !Headers.Contains("X-Influxdb-Version")
        && (MediaType is "text/html" or "application/xhtml+xml" || Body.Span.TrimStart(" \t\r\n"u8).StartsWith((byte)'<'));

    /// <summary>The server's words for an error: of the platform's JSON, of 1.x's JSON or msgpack, or plain text.</summary>
    public string ErrorText
    {
        get
        {
            var text = Message()
                ?? (IsPage ? $"{Beginning} (a page, and no words of an InfluxDB: is there a proxy before the server?)"
                    : TryGetHeader("X-Influxdb-Error", out var words) ? words
                    : MsgpackError.Find(Body.Span) ?? Encoding.UTF8.GetString(Body.Span).Trim());
            text = ShownText.Line(Hide(text));
            return text.Length > MaxErrorText ? text[..MaxErrorText] : text;
        }
    }

    /// <summary>The first words of the body, fit for a line of a message.</summary>
    public string Beginning => Excerpt(Hide(Encoding.UTF8.GetString(Body.Span[..Math.Min(Body.Length, 4_096)])));

    /// <summary>Status and media type, as messages name an answer by.</summary>
    public string Kind => Describe(Status, MediaType);

    /// <summary>A header's first value.</summary>
    public bool TryGetHeader(string name, [NotNullWhen(true)] out string? value)
    {
        value = Headers.TryGetValues(name, out var values) ? values.First() : null;
        return value is not null;
    }

    /// <summary>Status and media type in words.</summary>
    public static string Describe(HttpStatusCode status, string? mediaType) =>
        $"{(int)status} with {(mediaType is null ? "no content type" : $"content of the type '{Excerpt(mediaType)}'")}";

    /// <summary>The first words of a text in one line, with control characters written out.</summary>
    public static string Excerpt(string text)
    {
        var line = ShownText.Line(string.Join(' ', text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries)));
        return line.Length > MaxExcerpt ? line[..MaxExcerpt] + "…" : line;
    }

    private string? Message()
    {
        try
        {
            using var document = JsonDocument.Parse(Body);
            if (document.RootElement.ValueKind != JsonValueKind.Object)
                return null;
            foreach (var name in (string[])["error", "message"])
            {
                if (document.RootElement.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String)
                    return value.GetString();
            }
        }
        catch (JsonException)
        {
            // No JSON: plain text, a page, or an error that was cut.
        }
        return null;
    }
}
