using Amazon.Runtime;

namespace Aws;

/// <summary>Secrets Manager, as far as it is needed.</summary>
/// <param name="config">The settings; null for those of the environment.</param>
/// <param name="credentials">Who asks; null for the credentials that the SDK finds.</param>
public sealed class SecretsManagerClient(AwsConfig? config = null, AWSCredentials? credentials = null)
    : AwsJsonClient(Service, config, credentials)
{
    /// <summary>The stage of the version in use.</summary>
    public const string Current = "AWSCURRENT";

    /// <summary>The stage of the version that a rotation makes.</summary>
    public const string Pending = "AWSPENDING";

    /// <summary>The stage of the version that was in use before; Secrets Manager moves it by itself.</summary>
    public const string Previous = "AWSPREVIOUS";

    private static readonly AwsJsonOperation<GetSecretValueInput, SecretValue> GetSecretValue =
        new("GetSecretValue", SecretsManagerJson.Default.GetSecretValueInput, SecretsManagerJson.Default.SecretValue);

    private static readonly AwsJsonOperation<DescribeSecretInput, SecretDescription> DescribeSecret =
        new("DescribeSecret", SecretsManagerJson.Default.DescribeSecretInput, SecretsManagerJson.Default.SecretDescription);

    private static readonly AwsJsonOperation<PutSecretValueInput, SecretValue> PutSecretValue =
        new("PutSecretValue", SecretsManagerJson.Default.PutSecretValueInput, SecretsManagerJson.Default.SecretValue);

    private static readonly AwsJsonOperation<UpdateSecretVersionStageInput, SecretValue> UpdateSecretVersionStage =
        new("UpdateSecretVersionStage", SecretsManagerJson.Default.UpdateSecretVersionStageInput, SecretsManagerJson.Default.SecretValue);

    /// <summary>The service.</summary>
    public static AwsJsonService Service { get; } = new("Secrets Manager", "secretsmanager", "secretsmanager", "1.1", "2017-10-17");

    /// <summary>Reads a secret's version.</summary>
    /// <param name="secretId">Its ARN or name.</param>
    /// <param name="versionStage">Such as <see cref="Current"/>; during a rotation "no stage" is not always the current one.</param>
    /// <param name="cancellationToken">Cancels.</param>
    public Task<SecretValue> GetSecretValueAsync(string secretId, string versionStage, CancellationToken cancellationToken) =>
        CallAsync(GetSecretValue, new GetSecretValueInput(secretId, versionStage), cancellationToken);

    /// <summary>Reads all about a secret but its values.</summary>
    /// <param name="secretId">Its ARN or name.</param>
    /// <param name="cancellationToken">Cancels.</param>
    public Task<SecretDescription> DescribeSecretAsync(string secretId, CancellationToken cancellationToken) =>
        CallAsync(DescribeSecret, new DescribeSecretInput(secretId), cancellationToken);

    /// <summary>Adds a version. The same version with the same value may be put twice, with another value never.</summary>
    /// <param name="secretId">The secret's ARN or name.</param>
    /// <param name="versionId">The new version's id, 32 to 64 characters.</param>
    /// <param name="value">The value.</param>
    /// <param name="versionStages">The stages that move to it.</param>
    /// <param name="cancellationToken">Cancels.</param>
    public Task PutSecretValueAsync(
        string secretId, string versionId, string value, IReadOnlyList<string> versionStages, CancellationToken cancellationToken) =>
        CallAsync(PutSecretValue, new PutSecretValueInput(secretId, versionId, value, versionStages), cancellationToken);

    /// <summary>Moves a stage from one version to another.</summary>
    /// <param name="secretId">The secret's ARN or name.</param>
    /// <param name="versionStage">The stage.</param>
    /// <param name="moveTo">The version that gets it.</param>
    /// <param name="removeFrom">The version that has it; the call fails when it has not.</param>
    /// <param name="cancellationToken">Cancels.</param>
    public Task MoveStageAsync(string secretId, string versionStage, string moveTo, string? removeFrom, CancellationToken cancellationToken) =>
        CallAsync(UpdateSecretVersionStage, new UpdateSecretVersionStageInput(secretId, versionStage, moveTo, removeFrom), cancellationToken);
}
