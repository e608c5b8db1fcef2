using System.IO.Compression;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;

namespace Harness;

/// <summary>The calls that CloudFormation would make at a deployment, made at the tests' AWS server; it reads the service from the signature and checks none.</summary>
internal sealed class Moto(Uri url) : IDisposable
{
    private readonly HttpClient client = new() { BaseAddress = url, Timeout = TimeSpan.FromMinutes(1) };

    public async Task<string> CreateRoleAsync(string name)
    {
        using var request = Request("iam", HttpMethod.Post, "/");
        request.Content = new FormUrlEncodedContent(new Dictionary<string, string>
        {
            ["Action"] = "CreateRole",
            ["Version"] = "2010-05-08",
            ["RoleName"] = name,
            ["AssumeRolePolicyDocument"] = """{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"lambda.amazonaws.com"},"Action":"sts:AssumeRole"}]}""",
        });
        await SendAsync(request);
        return $"arn:aws:iam::{CloudTemplates.Account}:role/{name}";
    }

    public async Task<string> CreateFunctionAsync(string name, string handler, string runtime, string role)
    {
        using var request = Request("lambda", HttpMethod.Post, "/2015-03-31/functions");
        request.Content = Json(new JsonObject
        {
            ["FunctionName"] = name,
            ["Handler"] = handler,
            ["Runtime"] = runtime,
            ["Role"] = role,
            ["Code"] = new JsonObject { ["ZipFile"] = Convert.ToBase64String(EmptyPackage()) },
        });
        return (await SendAsync(request))["FunctionArn"]!.GetValue<string>();
    }

    public async Task<string> CreateSecretAsync(string name, string value) =>
        (await CallAsync("secretsmanager", "secretsmanager.CreateSecret", new JsonObject { ["Name"] = name, ["SecretString"] = value, ["ClientRequestToken"] = Guid.NewGuid().ToString() }))["ARN"]!.GetValue<string>();

    public Task PutSecretAsync(string arn, string value) =>
        CallAsync("secretsmanager", "secretsmanager.PutSecretValue", new JsonObject { ["SecretId"] = arn, ["SecretString"] = value, ["ClientRequestToken"] = Guid.NewGuid().ToString() });

    public async Task<string> CreateStateMachineAsync(string name, string definition, string role) =>
        (await CallAsync("states", "AWSStepFunctions.CreateStateMachine", new JsonObject { ["name"] = name, ["definition"] = definition, ["roleArn"] = role }))["stateMachineArn"]!.GetValue<string>();

    /// <summary>Makes a stack that has outputs only: what they name was made call by call.</summary>
    public async Task CreateStackAsync(string name, JsonObject outputs)
    {
        var template = new JsonObject
        {
            ["Resources"] = new JsonObject { ["Made"] = new JsonObject { ["Type"] = "AWS::CloudFormation::WaitConditionHandle" } },
            ["Outputs"] = new JsonObject(outputs.Select(output => KeyValuePair.Create<string, JsonNode?>(output.Key, new JsonObject { ["Value"] = output.Value!.DeepClone() }))),
        };
        using var request = Request("cloudformation", HttpMethod.Post, "/");
        request.Content = new FormUrlEncodedContent(new Dictionary<string, string>
        {
            ["Action"] = "CreateStack",
            ["Version"] = "2010-05-15",
            ["StackName"] = name,
            ["TemplateBody"] = template.ToJsonString(),
        });
        await SendAsync(request);
    }

    public async Task<JsonArray> HistoryAsync(string execution) =>
        (await CallAsync("states", "AWSStepFunctions.GetExecutionHistory", new JsonObject { ["executionArn"] = execution }))["events"]!.AsArray();

    public void Dispose() => client.Dispose();

    private async Task<JsonObject> CallAsync(string service, string target, JsonObject input)
    {
        using var request = Request(service, HttpMethod.Post, "/");
        request.Headers.Add("X-Amz-Target", target);
        request.Content = Json(input);
        return await SendAsync(request);
    }

    private async Task<JsonObject> SendAsync(HttpRequestMessage request)
    {
        using var answer = await client.SendAsync(request);
        var text = await answer.Content.ReadAsStringAsync();
        if (!answer.IsSuccessStatusCode)
            throw new InvalidOperationException($"{request.RequestUri}: {(int)answer.StatusCode} {text}");
        return text.StartsWith('{') ? JsonNode.Parse(text)!.AsObject() : [];
    }

    private static HttpRequestMessage Request(string service, HttpMethod method, string path)
    {
        var request = new HttpRequestMessage(method, path);
        request.Headers.Authorization = new AuthenticationHeaderValue(
            "AWS4-HMAC-SHA256", $"Credential=fake/20260101/{CloudTemplates.Region}/{service}/aws4_request, SignedHeaders=host, Signature=fake");
        return request;
    }

    private static StringContent Json(JsonObject body) => new(body.ToJsonString(), Encoding.UTF8, "application/x-amz-json-1.1");

    // It never runs there: the functions are processes of the harness.
    private static byte[] EmptyPackage()
    {
        using var bytes = new MemoryStream();
        using (var zip = new ZipArchive(bytes, ZipArchiveMode.Create, leaveOpen: true))
            zip.CreateEntry("bootstrap");
        return bytes.ToArray();
    }
}
