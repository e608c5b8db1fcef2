using System.Buffers;
using System.Text.Json;
using Influx;
using Migration;

namespace Functions.Runtime;

/// <summary>An error as the Runtime API takes it, which Step Functions shows as the cause.</summary>
internal static class ErrorBody
{
    /// <summary>
    /// The most characters of a whole body. Step Functions cuts a cause at 32,768, and what is cut is no JSON any more, which the state
    /// machine reads; half of it, as a cause that is put into another one has its quotes escaped once more.
    /// </summary>
    public const int MaxLength = 16_000;

    private const int MaxMessage = 8_000;
    private const int MaxStackLines = 32;
    private const int MaxStackLine = 500;
    private const int MaxCauses = 4;

    /// <summary>Writes errorType, errorMessage, stackTrace and causes.</summary>
    public static byte[] Write(Exception failure)
    {
        // A message may grow in JSON, up to six times, and there are several of them.
        for (var maxText = MaxMessage; ; maxText /= 2)
        {
            var body = new ArrayBufferWriter<byte>();
            using (var json = new Utf8JsonWriter(body))
                Write(json, NamedException.NameOf(failure), failure, maxText, depth: 0);
            // The writer escapes all that is not ASCII, so that bytes are characters.
            if (body.WrittenCount <= MaxLength)
                return body.WrittenSpan.ToArray();
        }
    }

    private static void Write(Utf8JsonWriter json, string type, Exception failure, int maxText, int depth)
    {
        json.WriteStartObject();
        json.WriteString("errorType", type);
        json.WriteString("errorMessage", Cut(maxText, ShownText.Lines(InputWords.Of(failure.Message))));
        json.WriteStartArray("stackTrace");
        // Where it happened in the code tells a person something about a bug, and of a refusal nothing.
        if (NamedException.NameOf(failure) == ErrorNames.Bug)
        {
            foreach (var line in (failure.StackTrace ?? "").Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).Take(MaxStackLines))
                json.WriteStringValue(Cut(Math.Min(maxText, MaxStackLine), line));
        }
        json.WriteEndArray();
        if (failure.InnerException is { } cause && depth < MaxCauses)
        {
            json.WritePropertyName("cause");
            Write(json, cause.GetType().Name, cause, maxText, depth + 1);
        }
        json.WriteEndObject();
    }

    // Not between the two halves of a letter.
    private static string Cut(int most, string text) =>
        text.Length <= most ? text : string.Concat(text.AsSpan(0, char.IsHighSurrogate(text[most - 1]) ? most - 1 : most), " …");
}
