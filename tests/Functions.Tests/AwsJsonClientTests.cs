using System.Net;
using System.Text.Json.Nodes;
using Amazon.Runtime;
using Amazon.Runtime.Endpoints;
using Aws;
using TestServers;

namespace Functions.Tests;

public sealed class AwsJsonClientTests : IAsyncLifetime
{
    private AwsJsonServer server = null!;

    public async ValueTask InitializeAsync() => server = await AwsJsonServer.StartAsync();

    public async ValueTask DisposeAsync() => await server.DisposeAsync();

    [Fact]
    public async Task Reads_a_secret_with_a_signature_that_someone_else_computes_the_same()
    {
        JsonObject? asked = null;
        server.On("secretsmanager.GetSecretValue", input =>
        {
            asked = input;
            return AwsAnswer.Ok(new JsonObject { ["ARN"] = "arn:1", ["VersionId"] = "v2", ["SecretString"] = "fake", ["VersionStages"] = new JsonArray("AWSCURRENT"), ["CreatedDate"] = 1.7e9 });
        });
        using var client = Secrets(server);

        var value = await client.GetSecretValueAsync("arn:1", SecretsManagerClient.Current, CancellationToken.None);

        Assert.Equal(("fake", "v2"), (value.SecretString, value.VersionId));
        Assert.DoesNotContain("fake", value.ToString(), StringComparison.Ordinal);
        Assert.Equal("""{"SecretId":"arn:1","VersionStage":"AWSCURRENT"}""", asked!.ToJsonString());
        Assert.Empty(server.Violations);
    }

    [Fact]
    public async Task A_wrong_secret_key_is_told_by_the_test_server()
    {
        server.On("secretsmanager.GetSecretValue", _ => AwsAnswer.Ok([]));
        using var client = new SecretsManagerClient(Config(server, SecretsManagerClient.Service), new BasicAWSCredentials(AwsJsonServer.AccessKey, "another"));

        var refused = await Assert.ThrowsAsync<AwsException>(() => client.GetSecretValueAsync("arn:1", "AWSCURRENT", CancellationToken.None));

        Assert.Equal("InvalidSignatureException", refused.ErrorCode);
        Assert.Contains(server.Violations, violation => violation.Contains("does not match", StringComparison.Ordinal));
    }

    [Fact]
    public async Task What_is_not_there_is_a_typed_error_that_is_not_tried_again()
    {
        server.On("secretsmanager.GetSecretValue", _ => AwsAnswer.Error("ResourceNotFoundException", "no such secret"));
        using var client = Secrets(server);

        var missing = await Assert.ThrowsAsync<AwsException>(() => client.GetSecretValueAsync("arn:1", "AWSCURRENT", CancellationToken.None));

        Assert.Equal((AwsException.ResourceNotFound, HttpStatusCode.BadRequest, "request-1", false), (missing.ErrorCode, missing.StatusCode, missing.RequestId, missing.IsTransient));
        Assert.Single(server.Calls);
    }

    [Fact]
    public async Task A_failure_of_the_service_is_tried_again()
    {
        var calls = 0;
        server.On("secretsmanager.GetSecretValue", _ => ++calls < 3
            ? AwsAnswer.Error("InternalServiceError", "x", 500)
            : AwsAnswer.Ok(new JsonObject { ["SecretString"] = "fake" }));
        using var client = Secrets(server);

        var value = await client.GetSecretValueAsync("arn:1", "AWSCURRENT", CancellationToken.None);

        Assert.Equal(("fake", 3), (value.SecretString, calls));
    }

    [Fact]
    public async Task Throttling_is_tried_again_and_then_told_as_transient()
    {
        server.On("secretsmanager.GetSecretValue", _ => AwsAnswer.Error("ThrottlingException", "slow down"));
        using var client = Secrets(server);

        var throttled = await Assert.ThrowsAsync<AwsException>(() => client.GetSecretValueAsync("arn:1", "AWSCURRENT", CancellationToken.None));

        Assert.True(throttled.IsTransient);
        Assert.Equal(3, server.Calls.Count);
    }

    [Fact]
    public async Task Knows_every_operation_of_executions_and_map_runs()
    {
        Answer("StartExecution", """{"executionArn":"arn:e","startDate":1.7e9}""", """{"stateMachineArn":"arn:m","name":"n","input":"{}"}""");
        Answer("DescribeExecution", """{"executionArn":"arn:e","status":"FAILED","startDate":1.7e9,"stopDate":1.8e9,"error":"Refused","cause":"no","redriveStatus":"REDRIVABLE","redriveCount":1,"mapRunArn":null}""", """{"executionArn":"arn:e"}""");
        Answer("StopExecution", """{"stopDate":1.7e9}""", """{"executionArn":"arn:e","cause":"asked"}""");
        Answer("RedriveExecution", """{"redriveDate":1.7e9}""", """{"executionArn":"arn:e"}""");
        Answer("ListExecutions", """{"executions":[{"executionArn":"arn:e","stateMachineArn":"arn:m","name":"n","status":"RUNNING","startDate":1.7e9}],"nextToken":"t"}""", """{"stateMachineArn":"arn:m","statusFilter":"RUNNING"}""");
        Answer("ListMapRuns", """{"mapRuns":[{"executionArn":"arn:e","mapRunArn":"arn:r","stateMachineArn":"arn:m/Export","startDate":1.7e9}]}""", """{"executionArn":"arn:e","nextToken":"t"}""");
        Answer("DescribeMapRun", """{"mapRunArn":"arn:r","status":"RUNNING","startDate":1.7e9,"maxConcurrency":4,"itemCounts":{"pending":1,"running":2,"succeeded":3,"failed":0,"timedOut":0,"aborted":0,"total":6,"resultsWritten":0}}""", """{"mapRunArn":"arn:r"}""");
        using var client = new StepFunctionsClient(Config(server, StepFunctionsClient.Service), Credentials);
        var none = CancellationToken.None;

        var started = await client.StartExecutionAsync("arn:m", "n", "{}", none);
        var execution = await client.DescribeExecutionAsync("arn:e", none);
        await client.StopExecutionAsync("arn:e", error: null, "asked", none);
        await client.RedriveExecutionAsync("arn:e", none);
        var page = await client.ListExecutionsAsync("arn:m", ExecutionStatus.Running, nextToken: null, none);
        var runs = await client.ListMapRunsAsync("arn:e", "t", none);
        var run = await client.DescribeMapRunAsync("arn:r", none);

        Assert.Equal("arn:e", started.ExecutionArn);
        Assert.Equal((ExecutionStatus.Failed, "Refused", "no", 1), (execution.Status, execution.Error, execution.Cause, execution.RedriveCount));
        Assert.Equal(("n", "t"), (Assert.Single(page.Executions).Name, page.NextToken));
        Assert.Equal("arn:m/Export", Assert.Single(runs.MapRuns).StateMachineArn);
        Assert.Equal((6L, 1L, 2L, 3L), (run.ItemCounts.Total, run.ItemCounts.Pending, run.ItemCounts.Running, run.ItemCounts.Succeeded));
        Assert.Empty(server.Violations);
    }

    [Fact]
    public async Task A_rotation_s_calls_send_what_their_reference_says()
    {
        AnswerOf("secretsmanager.DescribeSecret", """{"ARN":"arn:s","RotationEnabled":true,"LastRotatedDate":1.7e9,"VersionIdsToStages":{"v1":["AWSCURRENT","AWSPENDING"]}}""", """{"SecretId":"arn:s"}""");
        AnswerOf("secretsmanager.PutSecretValue", """{"ARN":"arn:s","VersionId":"v2"}""", """{"SecretId":"arn:s","ClientRequestToken":"v2","SecretString":"fake","VersionStages":["AWSPENDING"]}""");
        AnswerOf("secretsmanager.UpdateSecretVersionStage", """{"ARN":"arn:s"}""", """{"SecretId":"arn:s","VersionStage":"AWSCURRENT","MoveToVersionId":"v2","RemoveFromVersionId":"v1"}""");
        AnswerOf("AmazonTimestreamInfluxDB.GetDbInstance", """{"id":"db-1","name":"n","status":"AVAILABLE","endpoint":"db.example.com"}""", """{"identifier":"db-1"}""");
        using var client = Secrets(server);
        using var timestream = new TimestreamClient(Config(server, TimestreamClient.Service), Credentials);
        var none = CancellationToken.None;

        var secret = await client.DescribeSecretAsync("arn:s", none);
        await client.PutSecretValueAsync("arn:s", "v2", "fake", [SecretsManagerClient.Pending], none);
        await client.MoveStageAsync("arn:s", SecretsManagerClient.Current, "v2", "v1", none);
        var instance = await timestream.GetDbInstanceAsync("db-1", none);

        Assert.Equal((true, 1.7e9), (secret.RotationEnabled, secret.LastRotatedDate));
        Assert.Equal(["AWSCURRENT", "AWSPENDING"], secret.VersionIdsToStages["v1"]);
        Assert.Equal(("db.example.com", (int?)null), (instance.Endpoint, instance.Port));
        Assert.Empty(server.Violations);
    }

    [Theory]
    [InlineData("us-east-1", "https://states.us-east-1.amazonaws.com/")]
    [InlineData("cn-north-1", "https://states.cn-north-1.amazonaws.com.cn/")]
    [InlineData("us-gov-west-1", "https://states.us-gov-west-1.amazonaws.com/")]
    public void A_region_leads_to_its_own_endpoint(string region, string url)
    {
        var config = new AwsConfig(StepFunctionsClient.Service) { RegionEndpoint = Amazon.RegionEndpoint.GetBySystemName(region) };

        var endpoint = config.DetermineServiceOperationEndpoint(new ServiceOperationEndpointParameters(new NoRequest()));

        Assert.Equal(new Uri(url), new Uri(endpoint.URL));
    }

    internal static AWSCredentials Credentials => new BasicAWSCredentials(AwsJsonServer.AccessKey, AwsJsonServer.SecretKey);

    internal static SecretsManagerClient Secrets(AwsJsonServer server) => new(Config(server, SecretsManagerClient.Service), Credentials);

    private static AwsConfig Config(AwsJsonServer server, AwsJsonService service) =>
        new(service) { ServiceURL = server.Url.AbsoluteUri, AuthenticationRegion = AwsJsonServer.Region };

    private void Answer(string operation, string answer, string expected) => AnswerOf($"AWSStepFunctions.{operation}", answer, expected);

    private void AnswerOf(string target, string answer, string expected) => server.On(target, input =>
    {
        Assert.Equal(expected, input.ToJsonString());
        return AwsAnswer.Ok((JsonObject)JsonNode.Parse(answer)!);
    });

    private sealed class NoRequest : AmazonWebServiceRequest;
}
