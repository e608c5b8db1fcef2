using System.Text.Json.Serialization;
using Amazon.Runtime;

namespace Aws;

/// <summary>A secret's value. Never printed: its ToString shows where it is and not what.</summary>
public sealed record SecretValue
{
    /// <summary>The secret's ARN.</summary>
    [JsonPropertyName("ARN")]
    public string Arn { get; init; } = "";

    /// <summary>The version's id.</summary>
    public string VersionId { get; init; } = "";

    /// <summary>The value; null where it is binary.</summary>
    public string? SecretString { get; init; }

    /// <inheritdoc/>
    public override string ToString() => $"{Arn} version {VersionId}";
}

/// <summary>Secrets Manager, as far as it is needed. Rotation adds its calls here.</summary>
/// <param name="config">The settings; null for those of the environment.</param>
/// <param name="credentials">Who asks; null for the credentials that the SDK finds.</param>
public sealed class SecretsManagerClient(AwsConfig? config = null, AWSCredentials? credentials = null)
    : AwsJsonClient(Service, config, credentials)
{
    /// <summary>The stage of the version in use.</summary>
    public const string Current = "AWSCURRENT";

    private static readonly AwsJsonOperation<GetSecretValueInput, SecretValue> GetSecretValue =
        new("GetSecretValue", SecretsManagerJson.Default.GetSecretValueInput, SecretsManagerJson.Default.SecretValue);

    /// <summary>The service.</summary>
    public static AwsJsonService Service { get; } = new("Secrets Manager", "secretsmanager", "secretsmanager", "1.1", "2017-10-17");

    /// <summary>Reads a secret's version.</summary>
    /// <param name="secretId">Its ARN or name.</param>
    /// <param name="versionStage">Such as <see cref="Current"/>; during a rotation "no stage" is not always the current one.</param>
    /// <param name="cancellationToken">Cancels.</param>
    public Task<SecretValue> GetSecretValueAsync(string secretId, string versionStage, CancellationToken cancellationToken) =>
        CallAsync(GetSecretValue, new GetSecretValueInput(secretId, versionStage), cancellationToken);
}

internal sealed record GetSecretValueInput(string SecretId, string VersionStage);

[JsonSourceGenerationOptions(GenerationMode = JsonSourceGenerationMode.Metadata, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(GetSecretValueInput))]
[JsonSerializable(typeof(SecretValue))]
internal sealed partial class SecretsManagerJson : JsonSerializerContext;
