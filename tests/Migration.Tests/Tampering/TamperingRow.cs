namespace Migration.Tests.Tampering;

/// <summary>Where a run stands when somebody tampers with its store.</summary>
internal enum Moment
{
    /// <summary>The plan and the destination's bucket are made, nothing is exported.</summary>
    Planned,

    /// <summary>Everything is exported and checked, nothing sealed.</summary>
    Exported,

    /// <summary>The manifest is sealed, nothing is imported.</summary>
    Sealed,

    /// <summary>Everything is imported, nothing is verified.</summary>
    Imported,

    /// <summary>Everything is verified, and the report is about to be made.</summary>
    Verified,

    /// <summary>The run is over.</summary>
    Ended,
}

/// <summary>What the run does then.</summary>
internal enum Then
{
    /// <summary>It was killed before, and is run again.</summary>
    Resumed,

    /// <summary>It was killed before, and is run again without touching the source.</summary>
    Restored,

    /// <summary>It goes on and notices nothing.</summary>
    GoesOn,
}

/// <summary>The staging store.</summary>
internal enum Kind
{
    Folder,
    S3,
    VersionedS3,
}

/// <summary>How the run ends: with a verdict, or refused.</summary>
/// <param name="Kind">The verdict, the fault of a <see cref="StagingException"/>, or the name of another exception.</param>
/// <param name="Words">What the message, or the words of a difference, must hold.</param>
internal sealed record End(string Kind, string Words = "")
{
    public static End Verified { get; } = new(nameof(Verdict.Verified));

    public static End Different(string words) => new(nameof(Verdict.Different), words);

    public static End Refused(string words, StagingFault fault = StagingFault.Changed) => new(fault.ToString(), words);
}

/// <summary>A row of the table.</summary>
/// <param name="Moment">When it happens.</param>
/// <param name="Then">What the run does then.</param>
/// <param name="Do">What is done.</param>
/// <param name="End">How the run must end.</param>
internal sealed record TamperingRow(Moment Moment, Then Then, Func<Tampered, Task> Do, End End)
{
    public Kind Kind { get; init; }

    public VerifyMode Verify { get; init; }

    /// <summary>Lines that a bucket of the destination holds before the run, which then writes into it; null for a bucket of its own.</summary>
    public string? Holds { get; init; }

    /// <summary>Lines that others write at the destination after the import; null for none.</summary>
    public string? Besides { get; init; }
}
