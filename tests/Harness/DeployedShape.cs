using System.Diagnostics;
using System.Globalization;
using System.Text.Json.Nodes;
using Amazon.Runtime;
using Amazon.S3;
using Aws;
using Functions;
using TestServers;

namespace Harness;

/// <summary>What a shape is deployed with.</summary>
public sealed record ShapeOptions
{
    /// <summary>Where <c>scripts/publish-functions.sh</c> puts the native file.</summary>
    public static string PublishedFunctions { get; } = Path.Combine(Repository.Root, "artifacts", "functions", "bootstrap");

    /// <summary>The published functions: the native <c>bootstrap</c>, or the assembly.</summary>
    public string Functions { get; init; } = PublishedFunctions;

    /// <summary>The environment of <c>cdk.json</c> that is deployed.</summary>
    public string Environment { get; init; } = "dev";

    /// <summary>The memory of every function; null for what the template says.</summary>
    public int? MemoryMegabytes { get; init; }

    /// <summary>The source's secret.</summary>
    public required string SourceSecret { get; init; }

    /// <summary>The destination's secret.</summary>
    public required string DestinationSecret { get; init; }
}

/// <summary>
/// The deployed shape without AWS: the synthesised templates of one environment, of which the staging bucket, the secrets,
/// the functions and the state machine are made; the others are what AWS needs around them.
/// </summary>
public sealed class DeployedShape : IAsyncDisposable
{
    private readonly List<IAsyncDisposable> owned = [];
    private readonly Dictionary<string, DeployedFunction> functions = new(StringComparer.Ordinal);
    private readonly Dictionary<string, IReadOnlyDictionary<string, string>> settings = new(StringComparer.Ordinal);
    private Moto moto = null!;
    private string sourceSecret = "";
    private string destinationSecret = "";

    private DeployedShape()
    {
    }

    /// <summary>The staging bucket's server.</summary>
    public S3Server S3 { get; private set; } = null!;

    /// <summary>The staging bucket's client.</summary>
    public AmazonS3Client Staging { get; private set; } = null!;

    /// <summary>The staging bucket's name.</summary>
    public string Bucket { get; private set; } = "";

    /// <summary>AWS's control plane.</summary>
    public AwsServer Aws { get; private set; } = null!;

    /// <summary>The product's own client of Step Functions.</summary>
    public StepFunctionsClient Executions { get; private set; } = null!;

    /// <summary>The state machine's ARN.</summary>
    public string StateMachine { get; private set; } = "";

    /// <summary>The function of a handler.</summary>
    public DeployedFunction this[string handler] => functions[handler];

    /// <summary>The variables with which AWS's tools, and the command, find these servers and no others.</summary>
    public IReadOnlyDictionary<string, string?> ClientVariables => new Dictionary<string, string?>(StringComparer.Ordinal)
    {
        ["AWS_ACCESS_KEY_ID"] = S3Server.Owner.AccessKey,
        ["AWS_SECRET_ACCESS_KEY"] = S3Server.Owner.Secret,
        ["AWS_SESSION_TOKEN"] = null,
        ["AWS_PROFILE"] = null,
        ["AWS_REGION"] = CloudTemplates.Region,
        ["AWS_ENDPOINT_URL"] = Aws.Url.AbsoluteUri,
        ["AWS_ENDPOINT_URL_S3"] = S3.Url.AbsoluteUri,
        ["AWS_EC2_METADATA_DISABLED"] = "true",
        ["AWS_CONFIG_FILE"] = "/nonexistent/config",
        ["AWS_SHARED_CREDENTIALS_FILE"] = "/nonexistent/credentials",
    };

    /// <summary>The environment variables of a handler's function.</summary>
    public IReadOnlyDictionary<string, string> Settings(string handler) => settings[handler];

    /// <summary>Every function's log.</summary>
    public IEnumerable<string> Log => functions.Values.SelectMany(function => function.Log);

    /// <summary>Synthesises, starts the servers and deploys.</summary>
    public static async Task<DeployedShape> StartAsync(ShapeOptions options)
    {
        var shape = new DeployedShape();
        try
        {
            await shape.DeployAsync(options);
            return shape;
        }
        catch
        {
            await shape.DisposeAsync();
            throw;
        }
    }

    /// <summary>Starts an execution.</summary>
    /// <returns>Its ARN.</returns>
    public async Task<string> StartExecutionAsync(string name, JsonObject input) =>
        (await Executions.StartExecutionAsync(StateMachine, name, input.ToJsonString(), CancellationToken.None)).ExecutionArn;

    /// <summary>Waits until an execution has ended.</summary>
    /// <exception cref="TimeoutException">It has not within the limit.</exception>
    public async Task<Execution> EndOfAsync(string execution, TimeSpan? limit = null)
    {
        var clock = Stopwatch.StartNew();
        var most = limit ?? TimeSpan.FromMinutes(2);
        while (clock.Elapsed < most)
        {
            var seen = await Executions.DescribeExecutionAsync(execution, CancellationToken.None);
            if (seen.Status != ExecutionStatus.Running)
                return seen;
            await Task.Delay(TimeSpan.FromMilliseconds(100));
        }
        throw new TimeoutException($"{execution} still runs after {most}; the functions' last lines:\n{string.Join('\n', Log.TakeLast(20))}");
    }

    /// <summary>Starts an execution and waits for its end.</summary>
    public async Task<Execution> RunAsync(string name, JsonObject input, TimeSpan? limit = null) =>
        await EndOfAsync(await StartExecutionAsync(name, input), limit);

    /// <summary>How long each state of an execution took, by the states' names; of one that was entered several times the last time.</summary>
    public async Task<IReadOnlyDictionary<string, double>> StateSecondsAsync(string execution)
    {
        var (entered, seconds) = (new Dictionary<string, double>(StringComparer.Ordinal), new Dictionary<string, double>(StringComparer.Ordinal));
        foreach (var one in await HistoryAsync(execution))
        {
            var time = one!["timestamp"]!.GetValue<double>();
            if (one["stateEnteredEventDetails"] is { } begun)
                entered[begun["name"]!.GetValue<string>()] = time;
            else if (one["stateExitedEventDetails"]?["name"]!.GetValue<string>() is { } name)
                seconds[name] = time - entered[name];
        }
        return seconds;
    }

    /// <summary>All events of an execution in their order, with their data. Moto, unlike AWS, gives them as one page.</summary>
    public Task<JsonArray> HistoryAsync(string execution) => moto.HistoryAsync(execution);

    /// <summary>Ends all processes, so that the next invocations are cold and no secret is remembered.</summary>
    public void Kill()
    {
        foreach (var function in functions.Values)
            function.Kill();
    }

    /// <summary>An object of the staging bucket.</summary>
    public async Task<string> ReadAsync(string key)
    {
        using var answer = await Staging.GetObjectAsync(Bucket, key);
        using var text = new StreamReader(answer.ResponseStream);
        return await text.ReadToEndAsync();
    }

    /// <summary>Replaces the source's secret.</summary>
    public Task PutSourceSecretAsync(string value) => moto.PutSecretAsync(sourceSecret, value);

    /// <summary>Replaces the destination's secret.</summary>
    public Task PutDestinationSecretAsync(string value) => moto.PutSecretAsync(destinationSecret, value);

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        Executions?.Dispose();
        moto?.Dispose();
        Staging?.Dispose();
        foreach (var one in Enumerable.Reverse(owned))
            await one.DisposeAsync();
    }

    private async Task DeployAsync(ShapeOptions options)
    {
        var synthesis = Synthesis.RunAsync(options);
        S3 = Own(await S3Server.StartAsync());
        var host = Own(await FunctionHost.StartAsync());
        Aws = Own(await AwsServer.StartAsync(S3, host.Url));
        moto = new Moto(Aws.Url);
        var credentials = new BasicAWSCredentials(S3Server.Owner.AccessKey, S3Server.Owner.Secret);
        Executions = new StepFunctionsClient(
            new AwsConfig(StepFunctionsClient.Service) { ServiceURL = Aws.Url.AbsoluteUri, AuthenticationRegion = CloudTemplates.Region }, credentials);
        Staging = new AmazonS3Client(
            credentials, new AmazonS3Config { ServiceURL = S3.Url.AbsoluteUri, ForcePathStyle = true, AuthenticationRegion = CloudTemplates.Region });
        await using var folder = await synthesis;
        var templates = new CloudTemplates(folder.Path);
        await MakeStagingAsync(templates);
        await MakeSecretsAsync(templates, options);
        await MakeFunctionsAsync(templates, options, host);
        await MakeStateMachineAsync(templates);
        foreach (var (stack, outputs) in templates.Outputs())
            await moto.CreateStackAsync(stack, outputs);
    }

    private async Task MakeStagingAsync(CloudTemplates templates)
    {
        foreach (var bucket in templates.Of("AWS::S3::Bucket"))
        {
            var name = $"{bucket.Id.ToLowerInvariant()}-{CloudTemplates.Account}";
            bucket.Created(name, $"arn:aws:s3:::{name}");
            await Staging.PutBucketAsync(name);
            if (bucket["VersioningConfiguration"]?["Status"]?.GetValue<string>() == "Enabled")
                await Staging.PutBucketVersioningAsync(new() { BucketName = name, VersioningConfig = new() { Status = VersionStatus.Enabled } });
        }
        Bucket = templates.Output("StagingBucketName");
    }

    private async Task MakeSecretsAsync(CloudTemplates templates, ShapeOptions options)
    {
        foreach (var secret in templates.Of("AWS::SecretsManager::Secret"))
        {
            var arn = await moto.CreateSecretAsync(secret.Id, secret.Id == "SourceSecret" ? options.SourceSecret : options.DestinationSecret);
            secret.Created(arn, arn);
        }
        sourceSecret = templates.Output("SourceSecretArn");
        destinationSecret = templates.Output("DestinationSecretArn");
    }

    private async Task MakeFunctionsAsync(CloudTemplates templates, ShapeOptions options, FunctionHost host)
    {
        var role = await moto.CreateRoleAsync("functions");
        foreach (var function in templates.Of("AWS::Lambda::Function"))
        {
            var handler = function["Handler"]!.GetValue<string>();
            var arn = await moto.CreateFunctionAsync(function.Id, handler, function["Runtime"]!.GetValue<string>(), role);
            function.Created(function.Id, arn);
            var limit = TimeSpan.FromSeconds(function["Timeout"]!.GetValue<int>());
            settings[handler] = SettingsOf(function, handler, options);
            functions[handler] = host.Add(function.Id, options.Functions, settings[handler], limit);
        }
    }

    // What Lambda sets, where the tests' servers are, and above all what the template says.
    private Dictionary<string, string> SettingsOf(CloudTemplates.Resource function, string handler, ShapeOptions options)
    {
        var variables = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["_HANDLER"] = handler,
            ["AWS_LAMBDA_FUNCTION_NAME"] = function.Id,
            ["AWS_LAMBDA_FUNCTION_MEMORY_SIZE"] = options.MemoryMegabytes?.ToString(CultureInfo.InvariantCulture) ?? function["MemorySize"]!.ToString(),
            ["AWS_LAMBDA_LOG_LEVEL"] = function["LoggingConfig"]!["ApplicationLogLevel"]!.GetValue<string>(),
            ["AWS_REGION"] = CloudTemplates.Region,
            ["AWS_ACCESS_KEY_ID"] = S3Server.Owner.AccessKey,
            ["AWS_SECRET_ACCESS_KEY"] = S3Server.Owner.Secret,
            ["AWS_ENDPOINT_URL_S3"] = S3.Url.AbsoluteUri,
            ["AWS_ENDPOINT_URL_SECRETS_MANAGER"] = Aws.Url.AbsoluteUri,
            ["AWS_ENDPOINT_URL_SFN"] = Aws.Url.AbsoluteUri,
        };
        foreach (var (name, value) in function["Environment"]!["Variables"]!.AsObject())
            variables[name] = value!.GetValue<string>();
        // The servers are on this machine, where no deployed function connects to.
        variables[SettingNames.AllowedHosts] = "127.0.0.1,http://127.0.0.1";
        variables[SettingNames.AllowPlainHttp] = "true";
        return variables;
    }

    private async Task MakeStateMachineAsync(CloudTemplates templates)
    {
        var role = await moto.CreateRoleAsync("machine");
        var machine = templates.Of("AWS::StepFunctions::StateMachine").Single();
        var definition = machine["DefinitionString"]!.GetValue<string>();
        foreach (var (name, value) in machine["DefinitionSubstitutions"]!.AsObject())
            definition = definition.Replace($"${{{name}}}", value!.GetValue<string>(), StringComparison.Ordinal);
        // The one change: moto's grammar knows percentages with a point only.
        definition = definition.Replace("\"ToleratedFailurePercentage\": 0", "\"ToleratedFailurePercentage\": 0.0", StringComparison.Ordinal);
        StateMachine = await moto.CreateStateMachineAsync(machine["StateMachineName"]!.GetValue<string>(), definition, role);
        machine.Created(StateMachine, StateMachine);
    }

    private T Own<T>(T one)
        where T : IAsyncDisposable
    {
        owned.Add(one);
        return one;
    }
}
