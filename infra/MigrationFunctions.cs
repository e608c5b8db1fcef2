using System.Globalization;
using Amazon.CDK;
using Amazon.CDK.AWS.IAM;
using Amazon.CDK.AWS.Lambda;
using Constructs;
using Functions;
using Migration;

namespace Infra;

/// <summary>What <see cref="MigrationFunctions"/> is built from.</summary>
internal sealed record MigrationFunctionsProps
{
    /// <summary>The environment.</summary>
    public required EnvironmentSettings Settings { get; init; }

    /// <summary>The executable's folder.</summary>
    public required Code Code { get; init; }

    /// <summary>Bucket, key and secrets.</summary>
    public required DataStack Data { get; init; }

    /// <summary>The VPC and its security group; null for Lambda's own network.</summary>
    public Network? Network { get; init; }
}

/// <summary>One function and one role for each handler, with what <see cref="FunctionRights"/> says and no more.</summary>
internal sealed class MigrationFunctions : Construct
{
    private readonly MigrationFunctionsProps props;
    private readonly Dictionary<string, Function> functions = [];

    /// <summary>Builds them.</summary>
    public MigrationFunctions(Construct scope, string id, MigrationFunctionsProps props)
        : base(scope, id)
    {
        this.props = props;
        foreach (var rights in FunctionRights.All)
            functions.Add(rights.Handler, Make(rights));
        if (props.Settings.Rotation is not null)
            Rotate = Make(FunctionRights.Rotate);
    }

    /// <summary>The functions by handler, in the order of the flow.</summary>
    public IReadOnlyDictionary<string, Function> ByHandler => functions;

    /// <summary>The function that rotates the secrets; null where the environment asks for no rotation.</summary>
    public Function? Rotate { get; }

    private Function Make(FunctionRights rights)
    {
        var settings = props.Settings;
        var logs = LogGroups.Make(this, $"{rights.Id}Logs", settings);
        var role = new Role(this, $"{rights.Id}Role", new RoleProps
        {
            AssumedBy = new ServicePrincipal("lambda.amazonaws.com"),
            Description = $"What the handler '{rights.Handler}' of influx-migrate may do, {settings.Name}",
        });
        logs.GrantWrite(role);
        if (rights.Reads.Count > 0)
            GrantStaging(role, rights);
        GrantSecrets(role, rights);
        if (props.Network is not null)
            GrantNetwork(role);
        var function = new Function(this, rights.Id, new FunctionProps
        {
            Description = $"influx-migrate {rights.Handler}, {settings.Name}",
            Runtime = settings.Runtime == EnvironmentSettings.NativeRuntime
                ? Runtime.PROVIDED_AL2023
                : new Runtime(EnvironmentSettings.ManagedRuntime, RuntimeFamily.DOTNET_CORE, new LambdaRuntimeProps()),
            Architecture = settings.Architecture == "arm64" ? Architecture.ARM_64 : Architecture.X86_64,
            // The managed runtime starts the assembly of this name, the other one always starts bootstrap.
            Handler = settings.Runtime == EnvironmentSettings.NativeRuntime ? rights.Handler : "bootstrap",
            Code = props.Code,
            Role = role,
            MemorySize = settings.MemoryMegabytes,
            Timeout = Duration.Minutes(rights.Minutes),
            ReservedConcurrentExecutions = rights.MovesData ? settings.ReservedConcurrency : null,
            Environment = Variables(rights),
            LogGroup = logs,
            LoggingFormat = LoggingFormat.JSON,
            ApplicationLogLevelV2 = ApplicationLogLevel.INFO,
            SystemLogLevelV2 = SystemLogLevel.WARN,
            Tracing = Tracing.ACTIVE,
            Vpc = props.Network?.Vpc,
            VpcSubnets = props.Network?.Subnets,
            SecurityGroups = props.Network is { } network ? [network.SecurityGroup] : null,
        });
        if (props.Network is not null)
            DenyNetwork(rights, role, function);
        return function;
    }

    private Dictionary<string, string> Variables(FunctionRights rights)
    {
        var values = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            [SettingNames.Handler] = rights.Handler,
            [SettingNames.StagingBucket] = props.Data.StagingBucket.BucketName,
            [SettingNames.StagingBucketOwner] = Stack.Of(this).Account,
            [SettingNames.Environment] = props.Settings.Name,
            [SettingNames.MetricsNamespace] = StageMetrics.Namespace,
            [SettingNames.AllowSkipVerify] = props.Settings.AllowSkipVerify ? "true" : "false",
            [SettingNames.AllowPlainHttp] = props.Settings.AllowPlainHttp ? "true" : "false",
            [SettingNames.AllowedHosts] = props.Settings.HostList,
            [SettingNames.MostConcurrency] = (props.Settings.ReservedConcurrency ?? MigrationInput.MostConcurrency).ToString(CultureInfo.InvariantCulture),
        };
        if (rights.Source)
            values[SettingNames.SourceSecret] = props.Data.SourceSecret;
        if (rights.Destination)
            values[SettingNames.DestinationSecret] = props.Data.DestinationSecret;
        if (rights.Handler == HandlerNames.Rotate)
            values[SettingNames.RotationGraceHours] = RotationSettings.Grace.TotalHours.ToString("0", CultureInfo.InvariantCulture);
        return values;
    }

    // The bucket's own grants would add s3:GetObject*, s3:List* and s3:Abort*; these are the actions that the store calls.
    private void GrantStaging(Role role, FunctionRights rights)
    {
        string[] marks = rights.Marks ? [props.Data.StagingBucket.ArnForObjects(StagingKeys.Marks)] : [];
        string[] Keys(IEnumerable<string> patterns) => [.. patterns.Select(pattern => StagingKeys.Arn(props.Data.StagingBucket, pattern)), .. marks];
        Allow(role, ["s3:GetObject", "s3:GetObjectVersion"], Keys(rights.Reads));
        Allow(role, ["s3:PutObject", "s3:AbortMultipartUpload"], Keys(rights.Writes));
        if (rights.Writes.Contains(StagingKeys.Chunks))
            Allow(role, ["s3:PutObjectTagging"], Keys([StagingKeys.Chunks]));
        // Without the right to list, a missing object is answered with 403 instead of 404.
        Allow(role, ["s3:ListBucket"], [props.Data.StagingBucket.BucketArn], new Dictionary<string, object>
        {
            ["StringLike"] = new Dictionary<string, object> { ["s3:prefix"] = rights.Marks ? new[] { StagingKeys.All, $"{DeployedLayout.Marks}/*" } : StagingKeys.All },
        });
        // Uploads that a killed invocation left are found by listing, which S3 can't narrow to a prefix.
        Allow(role, ["s3:ListBucketMultipartUploads"], [props.Data.StagingBucket.BucketArn]);
        StagingKeys.AllowKey(role, props.Data.Key, "s3", "kms:Decrypt", "kms:GenerateDataKey");
    }

    private void GrantSecrets(Role role, FunctionRights rights)
    {
        var data = props.Data;
        foreach (var (reads, secret, key) in new[]
        {
            (rights.Source, data.SourceSecret, data.SourceSecretKey), (rights.Destination, data.DestinationSecret, data.DestinationSecretKey),
        })
        {
            if (!reads)
                continue;
            Allow(role, ["secretsmanager:GetSecretValue"], [secret]);
            StagingKeys.AllowKeyOfSecret(role, key, "kms:Decrypt");
        }
    }

    // Lambda makes the network interfaces with the function's role before they have ids: AWS takes no narrower resource.
    private static void GrantNetwork(Role role) => Allow(
        role,
        [
            "ec2:CreateNetworkInterface", "ec2:DescribeNetworkInterfaces", "ec2:DescribeSubnets", "ec2:DeleteNetworkInterface",
            "ec2:AssignPrivateIpAddresses", "ec2:UnassignPrivateIpAddresses",
        ],
        ["*"]);

    // Lambda's own calls are made with the role too, but not from inside of the function, where AWS's condition key stands. A policy of
    // its own: one of the role's would have to be there before the function that it names.
    private void DenyNetwork(FunctionRights rights, Role role, Function function) => _ = new Policy(this, $"{rights.Id}DenyNetwork", new PolicyProps
    {
        Roles = [role],
        Statements =
        [
            new PolicyStatement(new PolicyStatementProps
            {
                Effect = Effect.DENY,
                Actions =
                [
                    "ec2:CreateNetworkInterface", "ec2:DeleteNetworkInterface", "ec2:DescribeNetworkInterfaces", "ec2:DescribeSubnets",
                    "ec2:DetachNetworkInterface", "ec2:AssignPrivateIpAddresses", "ec2:UnassignPrivateIpAddresses",
                ],
                Resources = ["*"],
                Conditions = new Dictionary<string, object>
                {
                    ["ArnEquals"] = new Dictionary<string, string> { ["lambda:SourceFunctionArn"] = function.FunctionArn },
                },
            }),
        ],
    });

    private static void Allow(Role role, string[] actions, string[] resources, Dictionary<string, object>? conditions = null) =>
        role.AddToPolicy(new PolicyStatement(new PolicyStatementProps { Actions = actions, Resources = resources, Conditions = conditions }));
}
