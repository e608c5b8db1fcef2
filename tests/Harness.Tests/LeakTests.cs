using System.IO.Compression;
using System.Net;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Amazon.S3.Model;
using Aws;
using Functions;
using Migration;
using TestServers;

namespace Harness.Tests;

/// <summary>
/// Whole executions with marked tokens and with faults; then all that an execution leaves behind is searched for the marks: logs,
/// objects, the inputs and outputs of states and functions, errors, and while it runs the arguments and environments of all processes.
/// </summary>
public sealed class LeakTests(ShapeFixture fixture) : IAsyncLifetime
{
    // Each form that a token may be written in is another text.
    private const string Reader = "leak-reader:MARKED/not+a&real=pass word";
    private const string Writer = "leak-writer:MARKED/nor+this&fake=pass word";

    private readonly HashSet<string> marks = [.. Forms(Reader), .. Forms(Writer)];

    private DeployedShape Shape => fixture.Shape;

    public async ValueTask InitializeAsync()
    {
        await Shape.PutSourceSecretAsync(ShapeFixture.Secret(fixture.SourceProxy.Url, Reader.Split(':')[0], Reader.Split(':')[1]));
        await Shape.PutDestinationSecretAsync(ShapeFixture.Secret(fixture.DestinationProxy.Url, Writer.Split(':')[0], Writer.Split(':')[1]));
        Shape.Kill();
    }

    public async ValueTask DisposeAsync()
    {
        await Shape.PutSourceSecretAsync(ShapeFixture.Secret(fixture.SourceProxy.Url, "reader"));
        await Shape.PutDestinationSecretAsync(ShapeFixture.Secret(fixture.DestinationProxy.Url, "writer"));
        Shape.Kill();
    }

    [Fact]
    public async Task An_execution_over_cut_connections_server_errors_and_killed_functions_leaves_no_token_behind()
    {
        fixture.SourceProxy.On("POST", "/query", skip: 1).CutBefore();
        fixture.SourceProxy.On("POST", "/query", skip: 3).Answer(503, Echo(Reader));
        fixture.DestinationProxy.On("POST", "/write").CutAfter();
        fixture.DestinationProxy.On("POST", "/write", skip: 1).Answer(500, $$"""{"error":"timeout, got {{Echo(Writer)}}"}""");
        fixture.DestinationProxy.On("POST", "/write", skip: 2).PassAfter(() =>
        {
            Shape[HandlerNames.Import].Kill();
            return Task.CompletedTask;
        });

        var end = await RunAsync("leak-faults");

        Assert.True(end.Status == ExecutionStatus.Succeeded, $"{end.Error}: {end.Cause}");
        // What the tries were refused with is in the log, without the token.
        Assert.Contains(Shape.Log, line => line.Contains("Basic ***", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_server_that_echoes_the_headers_it_refuses_ends_an_execution_without_showing_them()
    {
        var stops = false;
        fixture.DestinationProxy.On(request => !Volatile.Read(ref stops) && request.Path == "/write" && request.ContentLength > 0, times: 1_000)
            .Answer(403, $$"""{"error":"forbidden, got {{Echo(Writer)}}"}""");

        var end = await RunAsync("leak-refused");
        Volatile.Write(ref stops, true);

        Assert.Equal((ExecutionStatus.Failed, ErrorNames.Refused), (end.Status, end.Error));
        Assert.Contains("Basic ***", end.Cause, StringComparison.Ordinal);
        Assert.Contains(await ObjectsAsync("leak-refused"), one => one.Key.Contains("/failures/", StringComparison.Ordinal) && one.Text.Contains("Basic ***", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_refused_write_that_echoes_the_headers_leaves_no_token_in_the_quarantine()
    {
        var stops = false;
        fixture.DestinationProxy.On(request => !Volatile.Read(ref stops) && request.Path == "/write" && request.ContentLength > 0, times: 1_000)
            .Answer(400, $$"""{"error":"unable to parse, got {{Echo(Writer)}}"}""");

        var end = await RunAsync("leak-quarantine");
        Volatile.Write(ref stops, true);

        Assert.Equal((ExecutionStatus.Failed, nameof(Verdict.Quarantined)), (end.Status, end.Error));
        var quarantine = (await ObjectsAsync("leak-quarantine")).Where(one => one.Key.Contains("/quarantine/", StringComparison.Ordinal)).ToList();
        Assert.NotEmpty(quarantine);
        Assert.All(quarantine, one => Assert.Contains("Basic ***", one.Text, StringComparison.Ordinal));
    }

    private static string[] Forms(string token)
    {
        var password = token.Split(':')[1];
        return [
            .. from text in (string[])[token, password]
               from form in (string[])[text, Base64(text), Uri.EscapeDataString(text), WebUtility.UrlEncode(text), JsonEncodedText.Encode(text).ToString()]
               select form];
    }

    private static string Base64(string text) => Convert.ToBase64String(Encoding.UTF8.GetBytes(text));

    private static string Echo(string token) => $"Authorization: Basic {Base64(token)}, p={Uri.EscapeDataString(token.Split(':')[1])}, password {token.Split(':')[1]}";

    private async Task<Execution> RunAsync(string name)
    {
        var execution = await Shape.StartExecutionAsync(name, ShapeFixture.Input(name));
        var run = Shape.EndOfAsync(execution);
        Assert.True(await WatchAsync(run) > 0, "no function's process was seen");
        var end = await run;
        AssertClean("the execution's input, output and cause", end.Input + end.Output + end.Cause);
        AssertClean("the history", Decoded(await Shape.HistoryAsync(execution)));
        foreach (var handler in HandlerNames.All)
        {
            AssertClean($"an input of {handler}", string.Join('\n', Shape[handler].Payloads.Select(Decoded)));
            AssertClean($"an answer of {handler}", string.Join('\n', Shape[handler].Outcomes.Select(outcome => outcome.Answer + (outcome.Error is { } error ? Decoded(error) : ""))));
        }
        AssertClean("a log", string.Join('\n', Shape.Log));
        var objects = await ObjectsAsync(name);
        Assert.Contains(objects, one => one.Key.EndsWith("/report.html", StringComparison.Ordinal));
        foreach (var (key, text) in objects)
            AssertClean(key, key + text);
        return end;
    }

    // As it is read by people: without the escapes of the JSON that the test itself writes here.
    private static string Decoded(JsonNode json) => json.ToJsonString() + "\n" + string.Join('\n', Texts(json));

    private static IEnumerable<string> Texts(JsonNode? json) => json switch
    {
        JsonObject group => group.SelectMany(member => Texts(member.Value)),
        JsonArray array => array.SelectMany(Texts),
        JsonValue value when value.TryGetValue<string>(out var text) => [text],
        _ => [],
    };

    // Every version, of the staged ones what they hold unzipped.
    private async Task<List<(string Key, string Text)>> ObjectsAsync(string migration)
    {
        var objects = new List<(string, string)>();
        var versions = await Shape.Staging.ListVersionsAsync(new ListVersionsRequest { BucketName = Shape.Bucket, Prefix = $"{DeployedLayout.Prefix(migration)}/" });
        Assert.False(versions.IsTruncated);
        foreach (var version in versions.Versions.Where(version => version.IsDeleteMarker != true))
        {
            using var answer = await Shape.Staging.GetObjectAsync(Shape.Bucket, version.Key, version.VersionId);
            await using var body = version.Key.EndsWith(".gz", StringComparison.Ordinal) ? new GZipStream(answer.ResponseStream, CompressionMode.Decompress) : answer.ResponseStream;
            using var text = new StreamReader(body);
            objects.Add((version.Key, await text.ReadToEndAsync()));
        }
        return objects;
    }

    /// <summary>Searches arguments and environments of all processes until the execution ends.</summary>
    /// <returns>How often a function's process was among them.</returns>
    private async Task<int> WatchAsync(Task run)
    {
        var seen = 0;
        await foreach (var process in ProcessTexts.WatchAsync(run))
        {
            seen += process.Arguments.Contains("functions/bootstrap", StringComparison.Ordinal) ? 1 : 0;
            AssertClean($"{process.Folder} arguments", process.Arguments);
            AssertClean($"{process.Folder} environment", process.Environment);
        }
        return seen;
    }

    private void AssertClean(string place, string text)
    {
        foreach (var mark in marks)
            Assert.False(text.Contains(mark, StringComparison.Ordinal), $"a token is in {place}");
    }
}
