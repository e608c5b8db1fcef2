using Microsoft.Extensions.Logging;

namespace Functions;

/// <summary>The environment variables that infra sets for the functions.</summary>
public static class SettingNames
{
    /// <summary>
    /// Which handler the function is. Lambda's own <c>_HANDLER</c> says the same on a custom runtime; the managed one takes it for
    /// the name of an assembly.
    /// </summary>
    public const string Handler = "HANDLER";

    /// <summary>The staging bucket's name.</summary>
    public const string StagingBucket = "STAGING_BUCKET";

    /// <summary>The account, 12 digits, that must own the staging bucket.</summary>
    public const string StagingBucketOwner = "STAGING_BUCKET_OWNER";

    /// <summary>The ARN of the source's secret; for plan and export.</summary>
    public const string SourceSecret = "SOURCE_SECRET";

    /// <summary>The ARN of the destination's secret; for plan, stage, import, verify and report.</summary>
    public const string DestinationSecret = "DESTINATION_SECRET";

    /// <summary>The environment's name, a dimension of the metrics.</summary>
    public const string Environment = "ENVIRONMENT";

    /// <summary>The namespace of the metrics.</summary>
    public const string MetricsNamespace = "METRICS_NAMESPACE";

    /// <summary>Whether an input may ask to leave the servers' certificates unchecked: true or false.</summary>
    public const string AllowSkipVerify = "ALLOW_SKIP_VERIFY";

    /// <summary>Whether a server may be reached over http: true or false.</summary>
    public const string AllowPlainHttp = "ALLOW_PLAIN_HTTP";

    /// <summary>The hosts, separated by commas, that the functions may connect to, or <see cref="Functions.AllowedHosts.AnyHost"/>.</summary>
    public const string AllowedHosts = "ALLOWED_HOSTS";

    /// <summary>Chunks at a time, at most, whatever an input asks for; for validate.</summary>
    public const string MostConcurrency = "MOST_CONCURRENCY";

    /// <summary>Hours that a rotated token stays active after it was replaced; for rotate.</summary>
    public const string RotationGraceHours = "ROTATION_GRACE_HOURS";

    /// <summary>All of them.</summary>
    public static IReadOnlyList<string> All { get; } =
    [
        Handler, StagingBucket, StagingBucketOwner, SourceSecret, DestinationSecret, Environment, MetricsNamespace, AllowSkipVerify, AllowPlainHttp, AllowedHosts,
        MostConcurrency, RotationGraceHours,
    ];
}

/// <summary>What the functions read from the environment; the only reader of it.</summary>
internal sealed record Settings
{
    /// <summary>Which handler this process is.</summary>
    public required string Handler { get; init; }

    /// <summary>The staging bucket's name.</summary>
    public required string StagingBucket { get; init; }

    /// <summary>The account that must own it.</summary>
    public required string StagingBucketOwner { get; init; }

    /// <summary>The environment's name.</summary>
    public required string Environment { get; init; }

    /// <summary>The namespace of the metrics.</summary>
    public required string MetricsNamespace { get; init; }

    /// <summary>The function's region.</summary>
    public required string Region { get; init; }

    /// <summary>The ARN of the source's secret; null where the function has no use for it.</summary>
    public string? SourceSecret { get; init; }

    /// <summary>The ARN of the destination's secret; null where the function has no use for it.</summary>
    public string? DestinationSecret { get; init; }

    /// <summary>What an input may ask for.</summary>
    public required InputRules Rules { get; init; }

    /// <summary>How long a rotated token stays active after it was replaced; null where the function has no use for it.</summary>
    public TimeSpan? RotationGrace { get; init; }

    /// <summary>Reads all of them.</summary>
    /// <exception cref="InvalidOperationException">Some are missing; all of these are named.</exception>
    public static Settings Read()
    {
        var missing = new List<string>();
        var settings = new Settings
        {
            Handler = Variable(SettingNames.Handler) ?? Required("_HANDLER"),
            StagingBucket = Required(SettingNames.StagingBucket),
            StagingBucketOwner = Required(SettingNames.StagingBucketOwner),
            Environment = Required(SettingNames.Environment),
            MetricsNamespace = Required(SettingNames.MetricsNamespace),
            Region = Required("AWS_REGION"),
            Rules = new InputRules
            {
                AllowSkipVerify = IsTrue(SettingNames.AllowSkipVerify),
                AllowPlainHttp = IsTrue(SettingNames.AllowPlainHttp),
                // Without a list nothing is allowed: that any host is must be said.
                Hosts = Required(SettingNames.AllowedHosts) is { Length: > 0 } list ? AllowedHosts.Parse(list) : AllowedHosts.Any,
                MostConcurrency = int.TryParse(Variable(SettingNames.MostConcurrency), out var most) ? most : MigrationInput.MostConcurrency,
            },
            SourceSecret = Variable(SettingNames.SourceSecret),
            DestinationSecret = Variable(SettingNames.DestinationSecret),
            RotationGrace = int.TryParse(Variable(SettingNames.RotationGraceHours), out var hours) ? TimeSpan.FromHours(hours) : null,
        };
        return missing.Count == 0
            ? settings
            : throw new InvalidOperationException($"the function lacks the environment variables {string.Join(", ", missing)}: deploy the stack again, which sets them");

        string Required(string name)
        {
            if (Variable(name) is { } value)
                return value;
            missing.Add(name);
            return "";
        }
    }

    /// <summary>Where Lambda's Runtime API is; host and port.</summary>
    public static Uri RuntimeApi() => new("http://" + (Variable("AWS_LAMBDA_RUNTIME_API")
        ?? throw new InvalidOperationException("AWS_LAMBDA_RUNTIME_API is not set: this program is started by AWS Lambda")));

    /// <summary>The function's memory in MiB; null where Lambda did not say.</summary>
    public static int? MemoryMegabytes() => int.TryParse(Variable("AWS_LAMBDA_FUNCTION_MEMORY_SIZE"), out var megabytes) ? megabytes : null;

    /// <summary>The least that is logged, in Lambda's words.</summary>
    public static LogLevel LogLevel() => Variable("AWS_LAMBDA_LOG_LEVEL")?.ToUpperInvariant() switch
    {
        "TRACE" => Microsoft.Extensions.Logging.LogLevel.Trace,
        "DEBUG" => Microsoft.Extensions.Logging.LogLevel.Debug,
        "WARN" or "WARNING" => Microsoft.Extensions.Logging.LogLevel.Warning,
        "ERROR" => Microsoft.Extensions.Logging.LogLevel.Error,
        "FATAL" or "CRITICAL" => Microsoft.Extensions.Logging.LogLevel.Critical,
        _ => Microsoft.Extensions.Logging.LogLevel.Information,
    };

    private static bool IsTrue(string name) => string.Equals(Variable(name), "true", StringComparison.OrdinalIgnoreCase);

    private static string? Variable(string name)
    {
        // This is the file that BannedSymbols.txt names.
#pragma warning disable RS0030
        var text = System.Environment.GetEnvironmentVariable(name);
#pragma warning restore RS0030
        return string.IsNullOrWhiteSpace(text) ? null : text;
    }
}
