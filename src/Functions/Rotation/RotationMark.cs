using System.Text.RegularExpressions;

namespace Functions.Rotation;

/// <summary>
/// What a rotated token's description says besides its owner's words: which secret, and which version of it, the token is for. It is
/// all that is kept at the server, and what an orphan is found by.
/// </summary>
/// <param name="SecretArn">The secret.</param>
/// <param name="VersionId">The version.</param>
internal sealed partial record RotationMark(string SecretArn, string VersionId)
{
    /// <summary>Adds the mark to the owner's words, or puts it in the place of an earlier one.</summary>
    public string Describe(string description) => $"{Strip(description)} [rotated secret {SecretArn} version {VersionId}]".TrimStart();

    /// <summary>The mark of a description; null where it names another secret or none.</summary>
    public static RotationMark? Find(string description, string secretArn)
    {
        var match = Form().Match(description);
        return match.Success && match.Groups["arn"].Value == secretArn ? new RotationMark(secretArn, match.Groups["version"].Value) : null;
    }

    private static string Strip(string description) => Form().Replace(description, "").TrimEnd();

    [GeneratedRegex(@"\[rotated secret (?<arn>\S+) version (?<version>[^\s\]]+)\]$", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Form();
}
