using System.Collections.Concurrent;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;

namespace TestServers;

/// <summary>What a test server of AWS answers.</summary>
/// <param name="Status">The HTTP status.</param>
/// <param name="Body">The body.</param>
public sealed record AwsAnswer(int Status, JsonObject Body)
{
    /// <summary>A success.</summary>
    public static AwsAnswer Ok(JsonObject body) => new(200, body);

    /// <summary>An error as a JSON service gives it.</summary>
    public static AwsAnswer Error(string code, string message, int status = 400) =>
        new(status, new JsonObject { ["__type"] = $"com.amazonaws.service#{code}", ["message"] = message });
}

/// <summary>
/// A loopback server of AWS's JSON services. It checks method, path, content type and signature, and refuses an operation that no
/// test gave it; what it refused stands in <see cref="Violations"/>.
/// </summary>
public sealed class AwsJsonServer : IAsyncDisposable
{
    /// <summary>The credentials that it knows.</summary>
    public const string AccessKey = "owner-key";

    /// <summary>Their secret; a test's.</summary>
    public const string SecretKey = "owner-secret";

    /// <summary>The region that calls must be signed for.</summary>
    public const string Region = "us-east-1";

    private readonly ConcurrentDictionary<string, Func<JsonObject, AwsAnswer>> operations = new(StringComparer.Ordinal);
    private readonly ConcurrentQueue<string> violations = [];
    private readonly ConcurrentQueue<string> calls = [];
    private Loopback? http;

    private AwsJsonServer()
    {
    }

    /// <summary>Where it listens.</summary>
    public Uri Url => http!.Url;

    /// <summary>What was refused because no real service would take it.</summary>
    public IReadOnlyCollection<string> Violations => violations;

    /// <summary>The operations that were called, refused ones left out.</summary>
    public IReadOnlyCollection<string> Calls => calls;

    /// <summary>Starts one that knows no operation.</summary>
    public static async Task<AwsJsonServer> StartAsync()
    {
        var server = new AwsJsonServer();
        server.http = await Loopback.StartAsync(server.HandleAsync);
        return server;
    }

    /// <summary>Answers an operation, such as <c>secretsmanager.GetSecretValue</c>.</summary>
    public void On(string target, Func<JsonObject, AwsAnswer> answer) => operations[target] = answer;

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (http is not null)
            await http.DisposeAsync();
    }

    private async Task HandleAsync(HttpContext context)
    {
        using var body = new MemoryStream();
        await context.Request.Body.CopyToAsync(body, context.RequestAborted);
        var target = context.Request.Headers["X-Amz-Target"].ToString();
        AwsAnswer answer;
        if (Problem(context.Request, target, body.ToArray()) is { } problem)
        {
            violations.Enqueue($"{target}: {problem}");
            answer = AwsAnswer.Error("InvalidSignatureException", problem, 403);
        }
        else
        {
            calls.Enqueue(target);
            answer = operations[target]((JsonObject)JsonNode.Parse(body.ToArray())!);
        }
        context.Response.StatusCode = answer.Status;
        context.Response.ContentType = context.Request.ContentType;
        context.Response.Headers["x-amzn-RequestId"] = "request-1";
        await context.Response.WriteAsync(answer.Body.ToJsonString());
    }

    private string? Problem(HttpRequest request, string target, byte[] body)
    {
        if (!operations.ContainsKey(target))
            return "no test gave this server that operation";
        var (service, version) = target.Split('.')[0] switch
        {
            "secretsmanager" => ("secretsmanager", "1.1"),
            "AmazonTimestreamInfluxDB" => ("timestream-influxdb", "1.0"),
            _ => ("states", "1.0"),
        };
        if (request.Method != "POST" || request.Path != "/")
            return $"it was sent as {request.Method} {request.Path}";
        if (request.ContentType != $"application/x-amz-json-{version}")
            return $"it came as '{request.ContentType}'";
        try
        {
            if (JsonNode.Parse(Encoding.UTF8.GetString(body)) is not JsonObject)
                return "its body is no JSON object";
        }
        catch (JsonException)
        {
            return "its body is no JSON";
        }
        return SigV4.Problem(request, body, AccessKey, SecretKey, service, Region, "x-amz-target");
    }
}
