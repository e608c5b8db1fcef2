using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization.Metadata;
using Microsoft.AspNetCore.Http;

namespace TestServers;

/// <summary>Writes JSON as Go's encoder does: tabs or compact, and <c>&amp; &lt; &gt;</c> as <c>\u0026</c> and so on.</summary>
internal static class Answers
{
    private static readonly JsonSerializerOptions Indented = new()
    {
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        WriteIndented = true,
        IndentCharacter = '\t',
        IndentSize = 1,
        NewLine = "\n",
        TypeInfoResolver = new DefaultJsonTypeInfoResolver(),
    };

    private static readonly JsonSerializerOptions Compact = new(Indented) { WriteIndented = false };

    internal static string Text(JsonNode node, bool compact) =>
        node.ToJsonString(compact ? Compact : Indented)
            .Replace("&", "\\u0026", StringComparison.Ordinal)
            .Replace("<", "\\u003c", StringComparison.Ordinal)
            .Replace(">", "\\u003e", StringComparison.Ordinal);

    internal static Task JsonAsync(HttpContext context, int status, JsonNode node, bool compact = false) =>
        TextAsync(context, status, "application/json; charset=utf-8", Text(node, compact));

    internal static Task ErrorAsync(HttpContext context, ApiError error)
    {
        context.Response.Headers["X-Platform-Error-Code"] = error.Code;
        return JsonAsync(context, error.Status, new JsonObject { ["code"] = error.Code, ["message"] = error.Message }, error.Compact);
    }

    internal static async Task TextAsync(HttpContext context, int status, string contentType, string text)
    {
        var bytes = Encoding.UTF8.GetBytes(text);
        context.Response.StatusCode = status;
        context.Response.ContentType = contentType;
        context.Response.ContentLength = bytes.Length;
        if (!HttpMethods.IsHead(context.Request.Method))
            await context.Response.Body.WriteAsync(bytes);
    }

    internal static void Empty(HttpContext context, int status) => context.Response.StatusCode = status;

    /// <summary>The request's body as a JSON object.</summary>
    internal static async Task<JsonObject> BodyAsync(HttpContext context)
    {
        try
        {
            return await JsonNode.ParseAsync(context.Request.Body) as JsonObject ?? throw ApiError.Invalid("invalid json");
        }
        catch (JsonException error)
        {
            throw ApiError.Invalid($"invalid json: {error.Message}");
        }
    }

    internal static string? Text(this JsonObject body, string name) =>
        body[name] is JsonValue value && value.TryGetValue<string>(out var text) ? text : null;
}
