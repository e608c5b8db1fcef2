using System.Text.Json.Serialization;

namespace Functions.Rotation;

/// <summary>The steps that Secrets Manager asks for, and the one that a schedule asks for.</summary>
public static class RotationSteps
{
    /// <summary>Makes the new token and puts it into AWSPENDING.</summary>
    public const string Create = "createSecret";

    /// <summary>Makes the server know it.</summary>
    public const string Set = "setSecret";

    /// <summary>Tries what it can do and what it can't.</summary>
    public const string Test = "testSecret";

    /// <summary>Moves AWSCURRENT to it.</summary>
    public const string Finish = "finishSecret";

    /// <summary>Removes what no version needs any more; not of Secrets Manager's.</summary>
    public const string Cleanup = "cleanup";

    /// <summary>All of them.</summary>
    public static IReadOnlyList<string> All { get; } = [Create, Set, Test, Finish, Cleanup];
}

/// <summary>The payload of <see cref="HandlerNames.Rotate"/>, in Secrets Manager's own words.</summary>
public sealed record RotationPayload
{
    /// <summary>One of <see cref="RotationSteps"/>.</summary>
    [JsonPropertyName("Step")]
    public string Step { get; init; } = "";

    /// <summary>The secret's ARN.</summary>
    [JsonPropertyName("SecretId")]
    public string SecretId { get; init; } = "";

    /// <summary>The version that the rotation makes; empty for <see cref="RotationSteps.Cleanup"/>.</summary>
    [JsonPropertyName("ClientRequestToken")]
    public string ClientRequestToken { get; init; } = "";
}

/// <summary>The answer of <see cref="HandlerNames.Rotate"/>, which nobody but a person reads.</summary>
/// <param name="Step">The step.</param>
/// <param name="Secret">The secret.</param>
/// <param name="Removed">How many tokens or users of the secret were deactivated or removed.</param>
public sealed record RotationAnswer(string Step, string Secret, int Removed);
