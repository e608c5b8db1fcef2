using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Functions.Rotation;
using Influx;
using Migration;
using TestServers;

namespace Functions.Tests;

/// <summary>The rotation as a function's process: in the middle of an execution, and called by a Secrets Manager that is not ours.</summary>
[Collection(DeployedTests.Name)]
public sealed class RotationProcessTests(DeployedFixture fixture)
{
    [Fact]
    public async Task A_rotation_in_the_middle_of_an_import_loses_nothing_and_is_not_reported()
    {
        await using var destination = await Influx2Server.StartAsync();
        await destination.AddBucketAsync("org1", "telemetry");
        var bucket = destination.BucketOf("org1", "telemetry");
        await using var migration = await DeployedMigration.StartAsync(fixture, destination.Url);
        var secrets = new SecretsManagerState(migration.Aws, TimeProvider.System);
        var first = destination.CreateToken("org1", Permission.Read("buckets", bucket.OrgId, bucket.Id), Permission.Write("buckets", bucket.OrgId, bucket.Id));
        var url = DeployedMigration.Text(destination.Url);
        using var operated = new Influx2Tokens(new ServerOptions { Url = destination.Url, ReadToken = (_, _) => new(new Secret(destination.OperatorToken)) }, TimeProvider.System);
        var id = (await operated.ListAsync(CancellationToken.None))[^1].Id;
        secrets.Put(DeployedMigration.SourceSecret, $$"""{"url":"{{DeployedMigration.Text(fixture.Source.Url)}}","token":"reader:fake"}""", rotated: false);
        secrets.Put(RotationBench.Admin, $$"""{"url":"{{url}}","token":"{{destination.OperatorToken}}"}""", rotated: false);
        secrets.Put(
            DeployedMigration.DestinationSecret,
            $$"""{"url":"{{url}}","org":"org1","token":"{{first}}","authorizationId":"{{id}}","adminSecretArn":"{{RotationBench.Admin}}","role":"destination","buckets":["telemetry"]}""");
        await using var rotate = Rotation(migration.Aws.Url);
        var input = new JsonObject
        {
            ["source"] = new JsonObject { ["bucket"] = "d/rp" },
            ["destination"] = new JsonObject { ["bucket"] = "telemetry" },
            ["existing"] = "Reuse",
            ["chunkFieldValues"] = 1_000,
        };
        var state = await migration.CallAsync(HandlerNames.Validate, DeployedMigration.Start(input, "rotated-2x"));
        var plan = await migration.CallAsync(HandlerNames.Plan, state);
        await migration.MapAsync(fixture, HandlerNames.Export, state, (JsonObject)plan["items"]!);
        var stage = await migration.CallAsync(HandlerNames.Stage, state);
        var items = JsonNode.Parse(await fixture.ReadAsync(stage["import"]!["key"]!.GetValue<string>()))!.AsArray();
        await migration.CallAsync(HandlerNames.Import, DeployedMigration.WithChunk(state, items[0]!["chunk"]!.GetValue<string>()));

        var version = secrets.BeginRotation(DeployedMigration.DestinationSecret);
        foreach (var step in RotationSteps.All.Append(RotationSteps.Cleanup))
            await InvokeAsync(rotate, step, version);
        await migration.MapAsync(fixture, HandlerNames.Import, state, (JsonObject)stage["import"]!);
        await migration.MapAsync(fixture, HandlerNames.Verify, state, (JsonObject)stage["verify"]!);
        var report = await migration.CallAsync(HandlerNames.Report, state);

        // With no grace at all the token that the import held is gone, so that it must have read the new one.
        Assert.DoesNotContain(await operated.ListAsync(CancellationToken.None), token => token.Id == id);
        Assert.Contains(migration[HandlerNames.Import].Log, line => line.Contains("is read anew after its token was refused", StringComparison.Ordinal));
        Assert.Equal(("Verified", 3_001L), (report["verdict"]!.GetValue<string>(), report["points"]!.GetValue<long>()));
        Assert.DoesNotContain("unauthorized", await fixture.ReadAsync(report["reportKey"]!.GetValue<string>()), StringComparison.Ordinal);
        var spoken = string.Join('\n', rotate.Log);
        Assert.DoesNotContain(destination.OperatorToken, spoken, StringComparison.Ordinal);
        Assert.DoesNotContain((string)secrets.ValueAt(DeployedMigration.DestinationSecret, "AWSCURRENT")!["token"]!, spoken, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Another_Secrets_Manager_rotates_with_the_function()
    {
        await using var server = await Influx2Server.StartAsync();
        var bucket = await server.AddBucketAsync("org1", "telemetry");
        var token = server.CreateToken("org1", Permission.Read("buckets", bucket.OrgId, bucket.Id));
        await using var functions = await FunctionHost.StartAsync();
        await using var aws = await AwsServer.StartAsync(fixture.S3, functions.Url);
        using var client = new HttpClient { BaseAddress = aws.Url };
        var rotate = functions.Add("rotate", Executable, Environment(aws.Url), TimeSpan.FromMinutes(1));
        var function = (string)(await CallAsync(client, "lambda", null, "/2015-03-31/functions", new JsonObject
        {
            ["FunctionName"] = "rotate",
            ["Handler"] = "bootstrap",
            ["Runtime"] = "provided.al2023",
            ["Role"] = await RoleAsync(client),
            // An empty archive: the function is a process of this test.
            ["Code"] = new JsonObject { ["ZipFile"] = "UEsFBgAAAAAAAAAAAAAAAAAAAAAAAA==" },
        }))["FunctionArn"]!;
        var admin = await SecretAsync(client, "admin", $$"""{"url":"{{DeployedMigration.Text(server.Url)}}","token":"{{server.OperatorToken}}"}""");
        var secret = await SecretAsync(client, "source", $$"""{"token":"{{token}}","adminSecretArn":"{{admin}}","role":"source","buckets":["telemetry"]}""");

        var asked = await CallAsync(client, "secretsmanager", "RotateSecret", "/", new JsonObject
        {
            ["SecretId"] = secret,
            ["ClientRequestToken"] = Guid.NewGuid().ToString(),
            ["RotationLambdaARN"] = function,
            ["RotationRules"] = new JsonObject { ["AutomaticallyAfterDays"] = 30 },
        });

        var current = await CallAsync(client, "secretsmanager", "GetSecretValue", "/", new JsonObject { ["SecretId"] = secret, ["VersionStage"] = "AWSCURRENT" });
        var value = JsonNode.Parse((string)current["SecretString"]!)!;
        Assert.Equal(
            [RotationSteps.Create, RotationSteps.Set, RotationSteps.Test, RotationSteps.Finish],
            rotate.Payloads.Select(payload => (string)payload["Step"]!));
        Assert.True((string)current["VersionId"]! == (string)asked["VersionId"]!, string.Join('\n', rotate.Log));
        Assert.NotEqual(token, (string)value["token"]!);
        using var itself = new Influx2Tokens(new ServerOptions { Url = server.Url, ReadToken = (_, _) => new(new Secret((string)value["token"]!)) }, TimeProvider.System);
        Assert.Equal((true, false), (await itself.MayReadAsync(bucket.Id, CancellationToken.None), await itself.MayWriteAsync(bucket.OrgId, bucket.Id, CancellationToken.None)));
    }

    [Theory]
    [InlineData("rotation off", ErrorNames.RotationOff, "switch its rotation on")]
    [InlineData("unknown step", ErrorNames.InvalidInput, "there is no step 'deleteSecret'")]
    [InlineData("current", ErrorNames.VersionNotPending, "is current already")]
    [InlineData("malformed", ErrorNames.SecretUnusable, "is no JSON object")]
    [InlineData("not allowed", ErrorNames.Refused, "sees no token, not even itself")]
    public async Task A_rotation_that_can_not_be_is_an_error_of_the_function_and_one_line_of_its_log(string how, string name, string told)
    {
        await using var server = await Influx2Server.StartAsync();
        var bucket = server.BucketOf("org1", "bucket1");
        await using var aws = await AwsJsonServer.StartAsync();
        var secrets = new SecretsManagerState(aws, TimeProvider.System);
        var token = server.CreateToken("org1", Permission.Read("buckets", bucket.OrgId, bucket.Id));
        secrets.Put(RotationBench.Admin, $$"""{"url":"{{DeployedMigration.Text(server.Url)}}","token":"{{(how == "not allowed" ? token : server.OperatorToken)}}"}""", rotated: false);
        var value = how == "malformed" ? token : $$"""{"token":"{{token}}","adminSecretArn":"{{RotationBench.Admin}}","role":"source"}""";
        secrets.Put(DeployedMigration.DestinationSecret, value, rotated: how != "rotation off");
        var current = secrets.VersionAt(DeployedMigration.DestinationSecret, "AWSCURRENT");
        var version = how == "current" ? current! : secrets.BeginRotation(DeployedMigration.DestinationSecret);
        await using var rotate = Rotation(aws.Url);

        var outcome = await rotate.InvokeAsync(new JsonObject
        {
            ["Step"] = how == "unknown step" ? "deleteSecret" : RotationSteps.Create,
            ["SecretId"] = DeployedMigration.DestinationSecret,
            ["ClientRequestToken"] = version,
        }.ToJsonString());

        // An invocation that ends with an error is what the alarm counts.
        Assert.Equal((null, name), (outcome.Answer, outcome.ErrorType));
        Assert.Contains(told, outcome.ErrorMessage, StringComparison.Ordinal);
        var line = Assert.Single(rotate.Log, line => line.Contains("\"level\":\"ERROR\"", StringComparison.Ordinal));
        Assert.Contains(told, (string)JsonNode.Parse(line)!["message"]!, StringComparison.Ordinal);
        Assert.DoesNotContain(rotate.Log, line => line.Contains(token, StringComparison.Ordinal) || line.Contains(server.OperatorToken, StringComparison.Ordinal));
        Assert.Equal(current, secrets.VersionAt(DeployedMigration.DestinationSecret, "AWSCURRENT"));
        Assert.DoesNotContain(server.Requests, request => request.Method != "GET");
    }

    private static string Executable => Path.Combine(AppContext.BaseDirectory, "bootstrap.dll");

    private static LambdaFunction Rotation(Uri aws) => new(Executable, Environment(aws));

    private static Dictionary<string, string> Environment(Uri aws) => new()
    {
        ["_HANDLER"] = HandlerNames.Rotate,
        [SettingNames.StagingBucket] = DeployedFixture.Bucket,
        [SettingNames.StagingBucketOwner] = S3Server.Owner.Account,
        [SettingNames.Environment] = "test",
        [SettingNames.MetricsNamespace] = "Migration",
        [SettingNames.AllowedHosts] = "http://127.0.0.1",
        [SettingNames.AllowPlainHttp] = "true",
        [SettingNames.RotationGraceHours] = "0",
        ["AWS_LAMBDA_FUNCTION_NAME"] = HandlerNames.Rotate,
        ["AWS_LAMBDA_FUNCTION_MEMORY_SIZE"] = "512",
        ["AWS_REGION"] = AwsJsonServer.Region,
        ["AWS_ACCESS_KEY_ID"] = S3Server.Owner.AccessKey,
        ["AWS_SECRET_ACCESS_KEY"] = S3Server.Owner.Secret,
        ["AWS_ENDPOINT_URL"] = aws.AbsoluteUri,
    };

    private static async Task InvokeAsync(LambdaFunction rotate, string step, string version)
    {
        var payload = new JsonObject
        {
            ["Step"] = step,
            ["SecretId"] = DeployedMigration.DestinationSecret,
            ["ClientRequestToken"] = version,
            ["RotationToken"] = "a property that the service adds",
        };
        var outcome = await rotate.InvokeAsync(payload.ToJsonString());
        Assert.True(outcome.Answer is not null, $"{step} failed with {outcome.ErrorType}: {outcome.ErrorMessage}");
    }

    private static async Task<string> SecretAsync(HttpClient client, string name, string value) => (string)(await CallAsync(
        client, "secretsmanager", "CreateSecret", "/",
        new JsonObject { ["Name"] = name, ["SecretString"] = value, ["ClientRequestToken"] = Guid.NewGuid().ToString() }))["ARN"]!;

    private static async Task<string> RoleAsync(HttpClient client)
    {
        using var request = Signed("iam", "/");
        request.Content = new FormUrlEncodedContent(new Dictionary<string, string>
        {
            ["Action"] = "CreateRole",
            ["Version"] = "2010-05-08",
            ["RoleName"] = "rotate",
            ["AssumeRolePolicyDocument"] = """{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"lambda.amazonaws.com"},"Action":"sts:AssumeRole"}]}""",
        });
        using var answer = await client.SendAsync(request);
        Assert.True(answer.IsSuccessStatusCode, await answer.Content.ReadAsStringAsync());
        return "arn:aws:iam::123456789012:role/rotate";
    }

    private static async Task<JsonNode> CallAsync(HttpClient client, string service, string? operation, string path, JsonObject input)
    {
        using var request = Signed(service, path);
        if (operation is not null)
            request.Headers.Add("X-Amz-Target", $"{service}.{operation}");
        request.Content = JsonContent.Create(input, new MediaTypeHeaderValue("application/x-amz-json-1.1"));
        using var answer = await client.SendAsync(request);
        var text = await answer.Content.ReadAsStringAsync();
        Assert.True(answer.IsSuccessStatusCode, text);
        return JsonNode.Parse(text)!;
    }

    // It reads the service from the signature and checks none.
    private static HttpRequestMessage Signed(string service, string path)
    {
        var request = new HttpRequestMessage(HttpMethod.Post, path);
        request.Headers.Authorization = new AuthenticationHeaderValue(
            "AWS4-HMAC-SHA256", $"Credential=fake/20260101/{AwsJsonServer.Region}/{service}/aws4_request, SignedHeaders=host, Signature=fake");
        return request;
    }
}
