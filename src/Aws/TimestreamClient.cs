using System.Text.Json.Serialization;
using Amazon.Runtime;

namespace Aws;

/// <summary>A DB instance of Timestream for InfluxDB.</summary>
public sealed record DbInstance
{
    /// <summary>Its host's name; null while it is made.</summary>
    [JsonPropertyName("endpoint")]
    public string? Endpoint { get; init; }

    /// <summary>Its port; null where the service does not say.</summary>
    [JsonPropertyName("port")]
    public int? Port { get; init; }

    /// <summary>The secret with its first user and password, which AWS made with it.</summary>
    [JsonPropertyName("influxAuthParametersSecretArn")]
    public string? AdminSecretArn { get; init; }
}

/// <summary>Timestream for InfluxDB, as far as it is needed.</summary>
/// <param name="config">The settings; null for those of the environment.</param>
/// <param name="credentials">Who asks; null for the credentials that the SDK finds.</param>
public sealed class TimestreamClient(AwsConfig? config = null, AWSCredentials? credentials = null)
    : AwsJsonClient(Service, config, credentials)
{
    private static readonly AwsJsonOperation<GetDbInstanceInput, DbInstance> GetDbInstance =
        new("GetDbInstance", TimestreamJson.Default.GetDbInstanceInput, TimestreamJson.Default.DbInstance);

    /// <summary>The service.</summary>
    public static AwsJsonService Service { get; } =
        new("Timestream InfluxDB", "timestream-influxdb", "AmazonTimestreamInfluxDB", "1.0", "2023-01-27");

    /// <summary>Finds an instance.</summary>
    /// <param name="identifier">Its id.</param>
    /// <param name="cancellationToken">Cancels.</param>
    public Task<DbInstance> GetDbInstanceAsync(string identifier, CancellationToken cancellationToken) =>
        CallAsync(GetDbInstance, new GetDbInstanceInput(identifier), cancellationToken);
}

internal sealed record GetDbInstanceInput([property: JsonPropertyName("identifier")] string Identifier);

[JsonSourceGenerationOptions(GenerationMode = JsonSourceGenerationMode.Metadata)]
[JsonSerializable(typeof(GetDbInstanceInput))]
[JsonSerializable(typeof(DbInstance))]
internal sealed partial class TimestreamJson : JsonSerializerContext;
