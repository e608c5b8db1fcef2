using System.Buffers;
using System.Text.Json;
using Influx;
using Migration;

namespace Functions.Runtime;

/// <summary>An error as the Runtime API takes it, which Step Functions shows as the cause.</summary>
internal static class ErrorBody
{
    // Step Functions keeps 32,768 characters of a cause.
    private const int MaxMessage = 8_000;
    private const int MaxStackLines = 32;
    private const int MaxCauses = 4;

    /// <summary>Writes errorType, errorMessage, stackTrace and causes.</summary>
    public static byte[] Write(Exception failure)
    {
        var body = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(body))
            Write(json, NamedException.NameOf(failure), failure, depth: 0);
        return body.WrittenSpan.ToArray();
    }

    private static void Write(Utf8JsonWriter json, string type, Exception failure, int depth)
    {
        json.WriteStartObject();
        json.WriteString("errorType", type);
        json.WriteString("errorMessage", Cut(ShownText.Lines(InputWords.Of(failure.Message))));
        json.WriteStartArray("stackTrace");
        // Where it happened in the code tells a person something about a bug, and of a refusal nothing.
        if (NamedException.NameOf(failure) == ErrorNames.Bug)
        {
            foreach (var line in (failure.StackTrace ?? "").Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).Take(MaxStackLines))
                json.WriteStringValue(line);
        }
        json.WriteEndArray();
        if (failure.InnerException is { } cause && depth < MaxCauses)
        {
            json.WritePropertyName("cause");
            Write(json, cause.GetType().Name, cause, depth + 1);
        }
        json.WriteEndObject();
    }

    private static string Cut(string text) => text.Length <= MaxMessage ? text : string.Concat(text.AsSpan(0, MaxMessage), " …");
}
