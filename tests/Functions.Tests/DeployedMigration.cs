using System.Text.Json.Nodes;
using TestServers;

namespace Functions.Tests;

/// <summary>The seven functions as processes, and the flow of the state machine between them.</summary>
internal sealed class DeployedMigration : IAsyncDisposable
{
    public const string SourceSecret = "arn:aws:secretsmanager:us-east-1:123456789012:secret:source-AbCdEf";
    public const string DestinationSecret = "arn:aws:secretsmanager:us-east-1:123456789012:secret:destination-AbCdEf";

    private readonly Dictionary<string, LambdaFunction> functions = [];
    private readonly Dictionary<string, string> secrets = [];

    private DeployedMigration(AwsJsonServer aws)
    {
        Aws = aws;
        aws.On("secretsmanager.GetSecretValue", GetSecretValue);
        aws.On("AWSStepFunctions.DescribeExecution", DescribeExecution);
    }

    public AwsJsonServer Aws { get; }

    /// <summary>The executions that Step Functions says are running.</summary>
    public HashSet<string> Running { get; } = [];

    /// <summary>What Step Functions answers besides when it is asked for an execution: an error's code; null to answer.</summary>
    public string? ExecutionError { get; set; }

    public static async Task<DeployedMigration> StartAsync(
        DeployedFixture fixture, Uri destination, string? file = null, Uri? source = null, string? owner = null, string hosts = "127.0.0.1,http://127.0.0.1",
        bool allowSkipVerify = false, bool allowPlainHttp = true, Uri? s3 = null, int? mostConcurrency = null)
    {
        var migration = new DeployedMigration(await AwsJsonServer.StartAsync());
        migration.SetSecret(SourceSecret, $$"""{"url":"{{Text(source ?? fixture.Source.Url)}}","token":"reader:fake"}""");
        migration.SetSecret(DestinationSecret, $$"""{"url":"{{Text(destination)}}","token":"writer:fake"}""");
        foreach (var name in HandlerNames.All)
        {
            var environment = migration.Environment(name, s3 ?? fixture.S3.Url, owner ?? S3Server.Owner.Account);
            // By default the servers of the tests; infra lets no environment name their address.
            environment[SettingNames.AllowedHosts] = hosts;
            environment[SettingNames.AllowSkipVerify] = allowSkipVerify ? "true" : "false";
            environment[SettingNames.AllowPlainHttp] = allowPlainHttp ? "true" : "false";
            environment[SettingNames.MostConcurrency] = mostConcurrency?.ToString(System.Globalization.CultureInfo.InvariantCulture) ?? "";
            migration.functions[name] = new LambdaFunction(file ?? Path.Combine(AppContext.BaseDirectory, "bootstrap.dll"), environment);
        }
        return migration;
    }

    public LambdaFunction this[string handler] => functions[handler];

    public void SetSecret(string arn, string value)
    {
        lock (secrets)
            secrets[arn] = value;
    }

    /// <summary>Invokes a function and expects an answer.</summary>
    public async Task<JsonObject> CallAsync(string handler, JsonObject payload, TimeSpan? limit = null)
    {
        var outcome = await functions[handler].InvokeAsync(payload.ToJsonString(), limit);
        Assert.True(outcome.Answer is not null, $"{handler} failed with {outcome.ErrorType}: {outcome.ErrorMessage}\n{string.Join('\n', functions[handler].Log)}");
        return (JsonObject)JsonNode.Parse(outcome.Answer!)!;
    }

    /// <summary>Invokes a function and expects an error.</summary>
    public async Task<InvocationOutcome> FailAsync(string handler, JsonObject payload)
    {
        var outcome = await functions[handler].InvokeAsync(payload.ToJsonString());
        Assert.True(outcome.Answer is null, $"{handler} was to fail and answered {outcome.Answer}");
        return outcome;
    }

    /// <summary>The flow of the state machine; what each Map's items are comes from the staging bucket.</summary>
    public async Task<JsonObject> RunAsync(DeployedFixture fixture, JsonObject input, string execution, TimeSpan? limit = null)
    {
        var state = await CallAsync(HandlerNames.Validate, Start(input, execution));
        var plan = await CallAsync(HandlerNames.Plan, state);
        await MapAsync(fixture, HandlerNames.Export, state, (JsonObject)plan["items"]!, limit);
        var stage = await CallAsync(HandlerNames.Stage, state);
        await MapAsync(fixture, HandlerNames.Import, state, (JsonObject)stage["import"]!, limit);
        await MapAsync(fixture, HandlerNames.Verify, state, (JsonObject)stage["verify"]!, limit);
        return await CallAsync(HandlerNames.Report, state);
    }

    /// <summary>The payload of validate.</summary>
    public static JsonObject Start(JsonObject input, string execution) => new()
    {
        ["execution"] = new JsonObject { ["id"] = Arn(execution), ["name"] = execution },
        ["input"] = input.DeepClone(),
    };

    public static string Arn(string execution) => $"arn:aws:states:us-east-1:123456789012:execution:migration:{execution}";

    /// <summary>Calls a Map's function for each of its items, and again while it is not done.</summary>
    public async Task<int> MapAsync(DeployedFixture fixture, string handler, JsonObject state, JsonObject items, TimeSpan? limit = null)
    {
        var calls = 0;
        foreach (var item in JsonNode.Parse(await fixture.ReadAsync(items["key"]!.GetValue<string>()))!.AsArray())
        {
            var payload = WithChunk(state, item!["chunk"]!.GetValue<string>());
            JsonObject answer;
            do
            {
                answer = await CallAsync(handler, payload, limit);
                calls++;
            }
            while (!answer["done"]!.GetValue<bool>());
        }
        return calls;
    }

    public static JsonObject WithChunk(JsonObject state, string chunk)
    {
        var payload = (JsonObject)state.DeepClone();
        payload["chunk"] = chunk;
        return payload;
    }

    public static string Text(Uri url) => url.GetLeftPart(UriPartial.Authority);

    public async ValueTask DisposeAsync()
    {
        foreach (var function in functions.Values)
            await function.DisposeAsync();
        await Aws.DisposeAsync();
        Assert.Empty(Aws.Violations);
        Assert.DoesNotContain(functions.Values.SelectMany(function => function.Log), line => line.StartsWith("VIOLATION", StringComparison.Ordinal));
        // Whatever happened: no token is in any log.
        Assert.DoesNotContain(functions.Values.SelectMany(function => function.Log), line => line.Contains(":fake", StringComparison.Ordinal));
    }

    /// <summary>How many items a Map has.</summary>
    public static int Count(JsonNode? items) => items!["count"]!.GetValue<int>();

    private Dictionary<string, string> Environment(string handler, Uri s3, string owner) => new()
    {
        ["_HANDLER"] = handler,
        [SettingNames.StagingBucket] = DeployedFixture.Bucket,
        [SettingNames.StagingBucketOwner] = owner,
        [SettingNames.SourceSecret] = SourceSecret,
        [SettingNames.DestinationSecret] = DestinationSecret,
        [SettingNames.Environment] = "test",
        [SettingNames.MetricsNamespace] = "Migration",
        ["AWS_LAMBDA_FUNCTION_NAME"] = handler,
        ["AWS_LAMBDA_FUNCTION_MEMORY_SIZE"] = "512",
        ["AWS_REGION"] = AwsJsonServer.Region,
        ["AWS_ACCESS_KEY_ID"] = S3Server.Owner.AccessKey,
        ["AWS_SECRET_ACCESS_KEY"] = S3Server.Owner.Secret,
        ["AWS_ENDPOINT_URL_S3"] = s3.AbsoluteUri,
        ["AWS_ENDPOINT_URL_SECRETS_MANAGER"] = Aws.Url.AbsoluteUri,
        ["AWS_ENDPOINT_URL_SFN"] = Aws.Url.AbsoluteUri,
    };

    private AwsAnswer GetSecretValue(JsonObject input)
    {
        if (input["VersionStage"]?.GetValue<string>() != "AWSCURRENT")
            return AwsAnswer.Error("InvalidParameterException", "the functions ask for AWSCURRENT");
        var id = input["SecretId"]!.GetValue<string>();
        lock (secrets)
        {
            return secrets.TryGetValue(id, out var value)
                ? AwsAnswer.Ok(new JsonObject { ["ARN"] = id, ["Name"] = id, ["VersionId"] = "v1", ["SecretString"] = value, ["CreatedDate"] = 1.7e9 })
                : AwsAnswer.Error("ResourceNotFoundException", "Secrets Manager can't find the specified secret value for staging label: AWSCURRENT");
        }
    }

    private AwsAnswer DescribeExecution(JsonObject input)
    {
        var arn = input["executionArn"]!.GetValue<string>();
        // Validate's role may ask for the executions of its own state machine and of no other.
        if (ExecutionError is not null || !arn.StartsWith(Arn(""), StringComparison.Ordinal))
            return AwsAnswer.Error(ExecutionError ?? "AccessDeniedException", $"not authorized to perform: states:DescribeExecution on resource: {arn}");
        return AwsAnswer.Ok(new JsonObject
        {
            ["executionArn"] = arn,
            ["stateMachineArn"] = "arn:aws:states:us-east-1:123456789012:stateMachine:migration",
            ["status"] = Running.Contains(arn) ? "RUNNING" : "FAILED",
            ["startDate"] = 1.7e9,
        });
    }
}
