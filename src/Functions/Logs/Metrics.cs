using System.Buffers;
using System.Text.Json;

namespace Functions.Logs;

/// <summary>The names of the metrics; their dimensions are environment and stage, of the lag of an incremental migration environment and mark too.</summary>
public static class MetricNames
{
    /// <summary>Points read from the source.</summary>
    public const string PointsRead = "PointsRead";

    /// <summary>Points that the destination accepted.</summary>
    public const string PointsWritten = "PointsWritten";

    /// <summary>Points that the destination's line protocol can't hold.</summary>
    public const string PointsRejected = "PointsRejected";

    /// <summary>Points that the destination refused: of import those in quarantine, of verify those of windows that it wrote again.</summary>
    public const string PointsQuarantined = "PointsQuarantined";

    /// <summary>Bytes of staged objects written or read.</summary>
    public const string Bytes = "Bytes";

    /// <summary>Seconds that a chunk took in its last invocation.</summary>
    public const string ChunkSeconds = "ChunkSeconds";

    /// <summary>Transient failures that were tried again.</summary>
    public const string Retries = "Retries";

    /// <summary>
    /// Seconds that the destination is behind: of an incremental migration the time since its mark, of another that from its
    /// earliest export to its report.
    /// </summary>
    public const string LagSeconds = "LagSeconds";

    /// <summary>The dimension with the name of an incremental migration's mark.</summary>
    public const string MarkDimension = "mark";
}

/// <summary>Metrics in CloudWatch's embedded metric format: a log line that CloudWatch takes numbers out of.</summary>
/// <param name="logger">Where the line goes.</param>
/// <param name="metricsNamespace">The namespace.</param>
/// <param name="environment">The environment's name.</param>
/// <param name="time">The clock.</param>
internal sealed class Metrics(JsonLogger logger, string metricsNamespace, string environment, TimeProvider time)
{
    /// <summary>Writes the metrics of one invocation of a stage.</summary>
    /// <param name="stage">The stage.</param>
    /// <param name="values">The values; a name of <see cref="MetricNames"/> each.</param>
    public void Write(string stage, params ReadOnlySpan<(string Name, double Value)> values) => Write(stage, mark: null, values);

    /// <summary>Writes how far an incremental migration is behind.</summary>
    /// <param name="stage">The stage.</param>
    /// <param name="mark">The mark's name.</param>
    /// <param name="seconds">Seconds since the mark.</param>
    public void WriteLag(string stage, string mark, double seconds) => Write(stage, mark, [(MetricNames.LagSeconds, seconds)]);

    private void Write(string stage, string? mark, ReadOnlySpan<(string Name, double Value)> values)
    {
        var line = new ArrayBufferWriter<byte>(512);
        using (var json = new Utf8JsonWriter(line))
        {
            json.WriteStartObject();
            json.WriteStartObject("_aws");
            json.WriteNumber("Timestamp", time.GetUtcNow().ToUnixTimeMilliseconds());
            json.WriteStartArray("CloudWatchMetrics");
            json.WriteStartObject();
            json.WriteString("Namespace", metricsNamespace);
            json.WriteStartArray("Dimensions");
            WriteDimensions(json, "stage");
            if (mark is not null)
                WriteDimensions(json, MetricNames.MarkDimension);
            json.WriteEndArray();
            json.WriteStartArray("Metrics");
            foreach (var (name, _) in values)
            {
                json.WriteStartObject();
                json.WriteString("Name", name);
                json.WriteString("Unit", Unit(name));
                json.WriteEndObject();
            }
            json.WriteEndArray();
            json.WriteEndObject();
            json.WriteEndArray();
            json.WriteEndObject();
            json.WriteString("environment", environment);
            json.WriteString("stage", stage);
            if (mark is not null)
                json.WriteString(MetricNames.MarkDimension, mark);
            if (logger.Invocation is { } invocation)
                json.WriteString("requestId", invocation.RequestId);
            foreach (var (name, value) in values)
                json.WriteNumber(name, value);
            json.WriteEndObject();
        }
        logger.WriteLine(line);
    }

    private static void WriteDimensions(Utf8JsonWriter json, string second)
    {
        json.WriteStartArray();
        json.WriteStringValue("environment");
        json.WriteStringValue(second);
        json.WriteEndArray();
    }

    private static string Unit(string name) => name switch
    {
        MetricNames.Bytes => "Bytes",
        MetricNames.ChunkSeconds or MetricNames.LagSeconds => "Seconds",
        _ => "Count",
    };
}
