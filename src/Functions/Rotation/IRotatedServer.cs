namespace Functions.Rotation;

/// <summary>What rotation asks of a server: tokens of 2.x, or users and passwords of 1.x. Everything may be asked twice.</summary>
internal interface IRotatedServer : IDisposable
{
    /// <summary>Makes what the next version holds.</summary>
    /// <returns>The version's value.</returns>
    Task<string> CreateAsync(SecretVersions versions, string versionId, CancellationToken cancellationToken);

    /// <summary>Makes the server know what the pending version holds.</summary>
    Task SetAsync(SecretVersions versions, RotatedSecret pending, CancellationToken cancellationToken);

    /// <summary>Tries with real calls what the pending version can do, and what it can't.</summary>
    /// <exception cref="NamedException"><see cref="Migration.ErrorNames.ScopeWrong"/>.</exception>
    Task TestAsync(SecretVersions versions, RotatedSecret pending, CancellationToken cancellationToken);

    /// <summary>Takes away what no version needs any more.</summary>
    /// <returns>How many were deactivated or removed.</returns>
    Task<int> RemoveAsync(SecretVersions versions, CancellationToken cancellationToken);
}

/// <summary>When what a version held may go.</summary>
/// <param name="Grace">How long it stays after it was replaced.</param>
/// <param name="Time">The clock.</param>
internal sealed record RotationGrace(TimeSpan Grace, TimeProvider Time)
{
    /// <summary>
    /// Whether the time of a version is over that is neither current nor pending. The previous one's began when it was replaced. One
    /// without any stage was replaced by the previous one, if it ever was in use: what goes out of use becomes the previous one first.
    /// </summary>
    public bool IsOver(SecretVersions versions, bool isPrevious)
    {
        var replaced = isPrevious ? versions.Replaced : versions.Previous?.Created;
        return replaced is not { } since || since + Grace < Time.GetUtcNow();
    }
}
