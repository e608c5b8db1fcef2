using System.Collections.Concurrent;
using System.Security;
using System.Text;
using Microsoft.AspNetCore.Http;

namespace TestServers;

/// <summary>
/// A loopback CloudFormation that knows DescribeStacks, with the answers of its reference: a form there, XML back. It checks method,
/// path, content type and signature; what it refused because no real service would take it stands in <see cref="Violations"/>.
/// </summary>
public sealed class CloudFormationServer : IAsyncDisposable
{
    private const string Namespace = "http://cloudformation.amazonaws.com/doc/2010-05-15/";

    private readonly ConcurrentQueue<string> violations = [];
    private Loopback? http;

    private CloudFormationServer()
    {
    }

    /// <summary>Where it listens.</summary>
    public Uri Url => http!.Url;

    /// <summary>What was refused because no real service would take it.</summary>
    public IReadOnlyCollection<string> Violations => violations;

    /// <summary>The outputs of the stacks that are there, by the stacks' names.</summary>
    public IDictionary<string, IReadOnlyDictionary<string, string>> Stacks { get; } = new ConcurrentDictionary<string, IReadOnlyDictionary<string, string>>(StringComparer.Ordinal);

    /// <summary>The account that they are in.</summary>
    public string Account { get; set; } = S3Server.Owner.Account;

    /// <summary>The error that every call gets: code, message, status; null for none.</summary>
    public (string Code, string Message, int Status)? Refusal { get; set; }

    /// <summary>Starts one without stacks.</summary>
    public static async Task<CloudFormationServer> StartAsync()
    {
        var server = new CloudFormationServer();
        server.http = await Loopback.StartAsync(server.HandleAsync);
        return server;
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (http is not null)
            await http.DisposeAsync();
    }

    private async Task HandleAsync(HttpContext context)
    {
        using var bytes = new MemoryStream();
        await context.Request.Body.CopyToAsync(bytes, context.RequestAborted);
        var body = bytes.ToArray();
        var problem = Problem(context.Request, body);
        if (problem is not null)
            violations.Enqueue(problem);
        var (status, answer) = problem is not null ? Error("SignatureDoesNotMatch", problem, 403)
            : Refusal is { } refusal ? Error(refusal.Code, refusal.Message, refusal.Status)
            : Describe(Form(body)["StackName"]);
        context.Response.StatusCode = status;
        context.Response.ContentType = "text/xml";
        context.Response.Headers["x-amzn-RequestId"] = "request-1";
        await context.Response.WriteAsync(answer);
    }

    private (int Status, string Answer) Describe(string stack)
    {
        if (!Stacks.TryGetValue(stack, out var outputs))
            return Error("ValidationError", $"Stack with id {stack} does not exist", 400);
        var members = string.Concat(outputs.Select(output => $"""

                      <member>
                        <Description>What &amp; where</Description>
                        <OutputKey>{output.Key}</OutputKey>
                        <OutputValue>{SecurityElement.Escape(output.Value)}</OutputValue>
                      </member>
            """));
        return (200, $"""
            <DescribeStacksResponse xmlns="{Namespace}">
              <DescribeStacksResult>
                <Stacks>
                  <member>
                    <Outputs>{members}
                    </Outputs>
                    <Capabilities><member>CAPABILITY_IAM</member></Capabilities>
                    <CreationTime>2026-11-01T12:00:00.000Z</CreationTime>
                    <NotificationARNs/>
                    <StackId>arn:aws:cloudformation:{AwsJsonServer.Region}:{Account}:stack/{stack}/6f6a5b10-0000-1111-2222-0123456789ab</StackId>
                    <StackName>{stack}</StackName>
                    <Description>influx-migrate</Description>
                    <StackStatus>UPDATE_COMPLETE</StackStatus>
                    <DisableRollback>false</DisableRollback>
                    <Tags><member><Value>influx-migrate</Value><Key>application</Key></member></Tags>
                    <DriftInformation><StackDriftStatus>NOT_CHECKED</StackDriftStatus></DriftInformation>
                  </member>
                </Stacks>
              </DescribeStacksResult>
              <ResponseMetadata><RequestId>request-1</RequestId></ResponseMetadata>
            </DescribeStacksResponse>
            """);
    }

    private static (int Status, string Answer) Error(string code, string message, int status) => (status, $"""
        <ErrorResponse xmlns="{Namespace}">
          <Error>
            <Type>Sender</Type>
            <Code>{code}</Code>
            <Message>{SecurityElement.Escape(message)}</Message>
          </Error>
          <RequestId>request-1</RequestId>
        </ErrorResponse>
        """);

    private static string? Problem(HttpRequest request, byte[] body)
    {
        if (request.Method != "POST" || request.Path != "/")
            return $"it was sent as {request.Method} {request.Path}";
        if (request.ContentType != "application/x-www-form-urlencoded; charset=utf-8")
            return $"it came as '{request.ContentType}'";
        var form = Form(body);
        if (!form.Keys.Order(StringComparer.Ordinal).SequenceEqual(["Action", "StackName", "Version"]) || form["Action"] != "DescribeStacks" || form["Version"] != "2010-05-15")
            return $"its form is '{Encoding.UTF8.GetString(body)}'";
        return SigV4.Problem(request, body, AwsJsonServer.AccessKey, AwsJsonServer.SecretKey, "cloudformation", AwsJsonServer.Region, "content-type");
    }

    private static Dictionary<string, string> Form(byte[] body) => Encoding.UTF8.GetString(body).Split('&').Select(field => field.Split('='))
        .ToDictionary(field => field[0], field => Uri.UnescapeDataString(field[^1]), StringComparer.Ordinal);
}
