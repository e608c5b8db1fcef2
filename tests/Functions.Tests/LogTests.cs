using System.Text;
using System.Text.Json.Nodes;
using Functions.Logs;
using Functions.Runtime;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;
using Migration;

namespace Functions.Tests;

public sealed class LogTests : IDisposable
{
    private readonly MemoryStream output = new();
    private readonly FakeTimeProvider time = new(new DateTimeOffset(2026, 1, 31, 12, 0, 0, 250, TimeSpan.Zero));

    [Fact]
    public void A_line_has_the_fields_of_the_managed_runtimes_and_its_arguments()
    {
        var logger = Logger(LogLevel.Information);

        logger.AnswerRefused("posting\nan answer", 403, "a \"reason\"");

        var line = Assert.Single(Lines);
        Assert.Equal(
            """{"timestamp":"2026-01-31T12:00:00.250Z","level":"WARN","requestId":"request-1","traceId":"Root=1","message":"posting\nan answer was refused with 403: a \u0022reason\u0022","what":"posting\nan answer","status":403,"reason":"a \u0022reason\u0022"}""",
            line);
    }

    // The words that Lambda's filter knows; it takes any other for INFO, and drops it where only warnings are kept.
    [Theory]
    [InlineData(LogLevel.Trace, "TRACE")]
    [InlineData(LogLevel.Debug, "DEBUG")]
    [InlineData(LogLevel.Information, "INFO")]
    [InlineData(LogLevel.Warning, "WARN")]
    [InlineData(LogLevel.Error, "ERROR")]
    [InlineData(LogLevel.Critical, "FATAL")]
    public void A_level_is_told_in_the_words_of_Lambda_s_filter(LogLevel level, string word)
    {
        Logger(LogLevel.Trace).Log(level, default, "text", exception: null, (text, _) => text);

        Assert.Equal(word, JsonNode.Parse(Assert.Single(Lines))!["level"]!.GetValue<string>());
    }

    [Fact]
    public void A_level_below_the_least_is_left_out()
    {
        Logger(LogLevel.Error).AnswerRefused("posting", 403, "no");

        Assert.Empty(Lines);
    }

    [Fact]
    public void A_servers_control_characters_are_in_no_message_cause_or_argument_even_where_its_JSON_is_read()
    {
        const string words = "\u001b]0;title\u0007\u009b\u202e";
        const string shown = @"\x1b]0;title\x07\x9b\u202e";

        Logger(LogLevel.Information).AnswerRefused("posting", 403, words);
        var cause = JsonNode.Parse(ErrorBody.Write(new InvalidOperationException(words)))!;

        var line = JsonNode.Parse(Assert.Single(Lines))!;
        Assert.Equal(
            [$"posting was refused with 403: {shown}", shown, shown],
            new[] { line["message"], line["reason"], cause["errorMessage"] }.Select(text => text!.GetValue<string>()));
    }

    [Fact]
    public void A_bug_is_logged_with_its_stack()
    {
        Logger(LogLevel.Information).Failed(ErrorNames.Bug, "no", new InvalidOperationException("no"));

        var line = JsonNode.Parse(Assert.Single(Lines))!;
        Assert.Equal(("ERROR", "InvalidOperationException"), (line["level"]!.GetValue<string>(), line["errorType"]!.GetValue<string>()));
    }

    [Fact]
    public void Metrics_have_two_dimensions_and_every_value_that_they_declare()
    {
        var metrics = new Metrics(Logger(LogLevel.Error), "Migration", "dev", time);

        metrics.Write("export", (MetricNames.PointsRead, 12), (MetricNames.ChunkSeconds, 1.5));

        Assert.Equal(
            """{"_aws":{"Timestamp":1769860800250,"CloudWatchMetrics":[{"Namespace":"Migration","Dimensions":[["environment","stage"]],"Metrics":[{"Name":"PointsRead","Unit":"Count"},{"Name":"ChunkSeconds","Unit":"Seconds"}]}]},"environment":"dev","stage":"export","requestId":"request-1","PointsRead":12,"ChunkSeconds":1.5}""",
            Assert.Single(Lines));
    }

    [Fact]
    public void The_lag_of_a_mark_is_a_metric_of_the_mark_and_of_the_stage()
    {
        var metrics = new Metrics(Logger(LogLevel.Error), "Migration", "dev", time);

        metrics.WriteLag("report", "nightly", 12.5);

        var line = JsonNode.Parse(Assert.Single(Lines))!;
        Assert.Equal("""[["environment","stage"],["environment","mark"]]""", line["_aws"]!["CloudWatchMetrics"]![0]!["Dimensions"]!.ToJsonString());
        Assert.Equal(("dev", "report", "nightly", 12.5), ((string)line["environment"]!, (string)line["stage"]!, (string)line["mark"]!, (double)line["LagSeconds"]!));
    }

    public void Dispose() => output.Dispose();

    private string[] Lines => Encoding.UTF8.GetString(output.ToArray()).Split('\n', StringSplitOptions.RemoveEmptyEntries);

    private JsonLogger Logger(LogLevel minimum) =>
        new(output, minimum, time) { Invocation = new Invocation("request-1", DateTimeOffset.MaxValue, "Root=1") };
}
