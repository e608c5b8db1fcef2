namespace Migration;

/// <summary>An import that a deadline cut short; means something only while it has no receipt.</summary>
public sealed record PartialImport
{
    /// <summary>The format's version.</summary>
    public int Format { get; init; } = StagingLayout.Format;

    /// <summary>The first member that is not written.</summary>
    public int NextMember { get; init; }

    /// <summary>The receipt of the members before it.</summary>
    public required ImportReceipt SoFar { get; init; }
}

/// <summary>A verification that a deadline cut short; means something only while it has no receipt.</summary>
public sealed record PartialVerify
{
    /// <summary>The format's version.</summary>
    public int Format { get; init; } = StagingLayout.Format;

    /// <summary>The first of the export receipt's windows that is not compared.</summary>
    public int NextWindow { get; init; }

    /// <summary>The receipt of the windows before it.</summary>
    public required VerifyReceipt SoFar { get; init; }
}
