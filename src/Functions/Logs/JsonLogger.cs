using System.Buffers;
using System.Globalization;
using System.Text.Json;
using Functions.Runtime;
using Influx;
using Microsoft.Extensions.Logging;

namespace Functions.Logs;

/// <summary>
/// Log lines as JSON, one a line, with the field names of Lambda's managed runtimes: timestamp, level, requestId, traceId, message,
/// and a property for each argument of the message.
/// </summary>
/// <param name="output">Where they go.</param>
/// <param name="minimum">The least that is logged.</param>
/// <param name="time">The clock.</param>
internal sealed class JsonLogger(Stream output, LogLevel minimum, TimeProvider time) : ILogger
{
    private readonly Lock gate = new();

    /// <summary>The invocation that is under way; null before the first.</summary>
    public Invocation? Invocation { get; set; }

    /// <inheritdoc/>
    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    /// <inheritdoc/>
    public bool IsEnabled(LogLevel logLevel) => logLevel >= minimum && logLevel != LogLevel.None;

    /// <inheritdoc/>
    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        if (!IsEnabled(logLevel))
            return;
        var line = new ArrayBufferWriter<byte>(512);
        using (var json = new Utf8JsonWriter(line))
        {
            json.WriteStartObject();
            json.WriteString("timestamp", time.GetUtcNow().ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture));
            json.WriteString("level", Word(logLevel));
            if (Invocation is { } invocation)
            {
                json.WriteString("requestId", invocation.RequestId);
                if (invocation.TraceId is { } traceId)
                    json.WriteString("traceId", traceId);
            }
            // JSON escapes for itself; whoever reads the message out of it gets no control characters either.
            json.WriteString("message", ShownText.Lines(formatter(state, exception)));
            if (state is IReadOnlyList<KeyValuePair<string, object?>> arguments)
                WriteArguments(json, arguments);
            if (exception is not null)
            {
                json.WriteString("errorType", exception.GetType().Name);
                json.WriteString("stackTrace", exception.ToString());
            }
            json.WriteEndObject();
        }
        WriteLine(line);
    }

    /// <summary>Writes a line that is JSON already.</summary>
    public void WriteLine(ArrayBufferWriter<byte> line)
    {
        line.Write("\n"u8);
        lock (gate)
        {
            output.Write(line.WrittenSpan);
            output.Flush();
        }
    }

    // Lambda's filter knows these words and takes any other for INFO, so that a warning would be dropped where only warnings are kept.
    private static string Word(LogLevel level) => level switch
    {
        LogLevel.Trace => "TRACE",
        LogLevel.Debug => "DEBUG",
        LogLevel.Information => "INFO",
        LogLevel.Warning => "WARN",
        LogLevel.Error => "ERROR",
        _ => "FATAL",
    };

    private static void WriteArguments(Utf8JsonWriter json, IReadOnlyList<KeyValuePair<string, object?>> arguments)
    {
        foreach (var (name, value) in arguments)
        {
            if (name == "{OriginalFormat}")
                continue;
            json.WritePropertyName(JsonNamingPolicy.CamelCase.ConvertName(name));
            switch (value)
            {
                case null:
                    json.WriteNullValue();
                    break;
                case int number:
                    json.WriteNumberValue(number);
                    break;
                case long number:
                    json.WriteNumberValue(number);
                    break;
                case double number when double.IsFinite(number):
                    json.WriteNumberValue(number);
                    break;
                case bool flag:
                    json.WriteBooleanValue(flag);
                    break;
                default:
                    json.WriteStringValue(ShownText.Lines(Convert.ToString(value, CultureInfo.InvariantCulture) ?? ""));
                    break;
            }
        }
    }
}
