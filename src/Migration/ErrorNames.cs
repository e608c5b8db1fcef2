namespace Migration;

/// <summary>The error types of the functions, which Step Functions matches in Retry and Catch and an execution ends with.</summary>
public static class ErrorNames
{
    /// <summary>The same may succeed later: a cut connection, throttling, a server that restarts. Retried.</summary>
    public const string Transient = "Transient";

    /// <summary>A server or a permission says no.</summary>
    public const string Refused = "Refused";

    /// <summary>The execution's input has problems; the message lists all of them.</summary>
    public const string InvalidInput = "InvalidInput";

    /// <summary>Another execution of this migration is still going.</summary>
    public const string AlreadyRunning = "AlreadyRunning";

    /// <summary>The migration's id or the mark belongs to a migration of other servers, buckets or ranges.</summary>
    public const string OtherMigration = "OtherMigration";

    /// <summary>An object of the staging bucket is missing, damaged or changed.</summary>
    public const string StagingChanged = "StagingChanged";

    /// <summary>A chunk has no receipt of a stage that should have been over.</summary>
    public const string Unfinished = "Unfinished";

    /// <summary>A secret is absent, empty, of a wrong shape or may not be read.</summary>
    public const string SecretUnusable = "SecretUnusable";

    /// <summary>A step of a rotation came for a secret whose rotation is off.</summary>
    public const string RotationOff = "RotationOff";

    /// <summary>A step of a rotation came for a version that no rotation is making.</summary>
    public const string VersionNotPending = "VersionNotPending";

    /// <summary>A token can do less than its secret says, or more.</summary>
    public const string ScopeWrong = "ScopeWrong";

    /// <summary>Anything else.</summary>
    public const string Bug = "Bug";

    /// <summary>All of them.</summary>
    public static IReadOnlyList<string> All { get; } =
    [
        Transient, Refused, InvalidInput, AlreadyRunning, OtherMigration, StagingChanged, Unfinished, SecretUnusable, RotationOff,
        VersionNotPending, ScopeWrong, Bug,
    ];
}
