using System.Text.Json.Serialization;

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

    /// <summary>When the version was made, in seconds since 1970.</summary>
    public double CreatedDate { get; init; }

    /// <inheritdoc/>
    public override string ToString() => $"{Arn} version {VersionId}";
}

/// <summary>What a secret is besides its values.</summary>
public sealed record SecretDescription
{
    /// <summary>The secret's ARN.</summary>
    [JsonPropertyName("ARN")]
    public string Arn { get; init; } = "";

    /// <summary>Whether it is rotated.</summary>
    public bool RotationEnabled { get; init; }

    /// <summary>When the last rotation ended, in seconds since 1970; null before the first.</summary>
    public double? LastRotatedDate { get; init; }

    /// <summary>The stages of each version that has any.</summary>
    public IReadOnlyDictionary<string, IReadOnlyList<string>> VersionIdsToStages { get; init; } =
        new Dictionary<string, IReadOnlyList<string>>();
}

internal sealed record GetSecretValueInput(string SecretId, string VersionStage);

internal sealed record DescribeSecretInput(string SecretId);

internal sealed record PutSecretValueInput(string SecretId, string ClientRequestToken, string SecretString, IReadOnlyList<string> VersionStages)
{
    public override string ToString() => $"{SecretId} version {ClientRequestToken}";
}

internal sealed record UpdateSecretVersionStageInput(string SecretId, string VersionStage, string MoveToVersionId, string? RemoveFromVersionId);

[JsonSourceGenerationOptions(GenerationMode = JsonSourceGenerationMode.Metadata, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(GetSecretValueInput))]
[JsonSerializable(typeof(SecretValue))]
[JsonSerializable(typeof(DescribeSecretInput))]
[JsonSerializable(typeof(SecretDescription))]
[JsonSerializable(typeof(PutSecretValueInput))]
[JsonSerializable(typeof(UpdateSecretVersionStageInput))]
internal sealed partial class SecretsManagerJson : JsonSerializerContext;
