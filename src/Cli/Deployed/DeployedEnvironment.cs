using Amazon;
using Amazon.Runtime;
using Amazon.Runtime.Credentials;
using Aws;
using Influx;
using Migration;

namespace Cli.Deployed;

/// <summary>The outputs of the pipeline's stack that the commands read.</summary>
/// <param name="StateMachineArn">What executions are of.</param>
/// <param name="ConsoleUrl">The state machine's page in the console.</param>
internal sealed record Pipeline(string StateMachineArn, string ConsoleUrl)
{
    /// <summary>An execution's ARN by its name; an ARN stays as it is.</summary>
    public string ExecutionArn(string execution) => execution.StartsWith("arn:", StringComparison.Ordinal)
        ? execution
        : $"{StateMachineArn.Replace(":stateMachine:", ":execution:", StringComparison.Ordinal)}:{execution}";

    /// <summary>An execution's page in the console.</summary>
    public string ExecutionUrl(string executionArn) => $"{ConsoleUrl.Split('#')[0]}#/v2/executions/details/{executionArn}";
}

/// <summary>One deployed environment, found by its stacks' outputs with the person's own AWS credentials.</summary>
/// <param name="name">The environment's name.</param>
internal sealed class DeployedEnvironment(string name) : IDisposable
{
    private AWSCredentials? credentials;
    private IReadOnlyDictionary<string, string>? outputs;
    private StepFunctionsClient? executions;

    /// <summary>The environment's name.</summary>
    public string Name => name;

    /// <summary>Its executions.</summary>
    public StepFunctionsClient Executions => executions ??= new StepFunctionsClient(Config(StepFunctionsClient.Service), Credentials());

    /// <summary>An output of the pipeline's stack; null before it was asked for.</summary>
    public string? KnownOutput(string output) => outputs?.GetValueOrDefault(output);

    /// <summary>What moves data.</summary>
    /// <exception cref="InputException">It is not deployed.</exception>
    public async Task<Pipeline> PipelineAsync(CancellationToken cancellationToken)
    {
        outputs ??= (await StackAsync(StackNames.Pipeline(name), cancellationToken)).Outputs;
        return new Pipeline(Output(outputs, OutputNames.StateMachineArn), Output(outputs, OutputNames.ConsoleUrl));
    }

    /// <summary>Where a migration's objects are; the account of the stack must own them.</summary>
    /// <exception cref="InputException">The stack of the data is not deployed.</exception>
    public async Task<S3StoreOptions> StagingAsync(string migrationId, CancellationToken cancellationToken)
    {
        var stack = await StackAsync(StackNames.Data(name), cancellationToken);
        var bucket = Output(stack.Outputs, OutputNames.StagingBucketName);
        return StoreFactory.S3Options(bucket, DeployedLayout.Prefix(migrationId)) with
        {
            // arn:aws:cloudformation:REGION:ACCOUNT:stack/…
            ExpectedBucketOwner = stack.StackId.Split(':')[4],
            Credentials = Credentials(),
        };
    }

    /// <summary>An execution by its name or ARN.</summary>
    /// <exception cref="InputException">There is none, or no more.</exception>
    public async Task<Execution> DescribeAsync(string executionArn, CancellationToken cancellationToken)
    {
        try
        {
            return await Executions.DescribeExecutionAsync(executionArn, cancellationToken);
        }
        catch (AwsException unknown) when (unknown.ErrorCode is AwsException.ExecutionDoesNotExist or AwsException.InvalidArn)
        {
            throw new InputException(
                $"there is no execution '{executionArn.Split(':')[^1]}' in the environment '{name}' (AWS forgets one 90 days after its end): "
                + $"{DeployedCommand.Line("status", name)} lists them");
        }
    }

    /// <inheritdoc/>
    public void Dispose() => executions?.Dispose();

    private static AwsConfig Config(AwsService service)
    {
        var config = new AwsConfig(service);
        // The SDK itself does not know AWS_DEFAULT_REGION.
        if (Settings.Region() is { } region && config.RegionEndpoint is null)
            config.RegionEndpoint = RegionEndpoint.GetBySystemName(region);
        return config.RegionEndpoint is not null
            ? config
            : throw new InputException("no AWS region is known: set AWS_REGION, or AWS_PROFILE to a profile that has one");
    }

    private static string Output(IReadOnlyDictionary<string, string> outputs, string output) => outputs.GetValueOrDefault(output)
        ?? throw new InputException($"the stack has no output {output}: it was deployed by another version, deploy it again");

    private AWSCredentials Credentials()
    {
        try
        {
            return credentials ??= DefaultAWSCredentialsIdentityResolver.GetCredentials(Config(CloudFormationClient.Service));
        }
        catch (AmazonClientException none)
        {
            throw new RejectedException(
                RejectionKind.Token,
                "no AWS credentials were found: sign in ('aws sso login', 'aws configure'), or set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY",
                none);
        }
    }

    private async Task<StackDescription> StackAsync(string stack, CancellationToken cancellationToken)
    {
        var config = Config(CloudFormationClient.Service);
        using var client = new CloudFormationClient(config, Credentials());
        try
        {
            return await client.DescribeStackAsync(stack, cancellationToken);
        }
        catch (AwsException missing) when (missing.ErrorCode == AwsException.ValidationError)
        {
            throw new InputException(
                $"there is no stack '{stack}' in {config.RegionEndpoint.SystemName} of this account: deploy it with: {ShellWords.Join("npx", "cdk", "deploy", "-c", $"env={name}", "--all")}; "
                + "or choose another region or account by AWS_REGION and AWS_PROFILE");
        }
    }
}
