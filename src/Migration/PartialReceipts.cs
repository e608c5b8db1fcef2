namespace Migration;

/// <summary>A plan that a deadline cut short.</summary>
public sealed record PartialPlan
{
    /// <summary>The format's version.</summary>
    public int Format { get; init; } = StagingLayout.Format;

    /// <summary>When its planning began.</summary>
    public DateTimeOffset Created { get; init; }

    /// <summary>The buckets.</summary>
    public required IReadOnlyList<BucketPair> Buckets { get; init; }

    /// <summary>The index of the first that is not wholly planned.</summary>
    public int Bucket { get; init; }

    /// <summary>The measurements of that bucket that are.</summary>
    public IReadOnlyList<string> Planned { get; init; } = [];

    /// <summary>What is known of the next measurement.</summary>
    public WindowScan? Scan { get; init; }

    /// <summary>The chunks of everything that is planned.</summary>
    public required IReadOnlyList<Chunk> Chunks { get; init; }

    /// <summary>What needs care of it.</summary>
    public IReadOnlyList<PlanRemark> Remarks { get; init; } = [];
}

/// <summary>A check of what is staged that a deadline cut short.</summary>
public sealed record PartialStage
{
    /// <summary>The format's version.</summary>
    public int Format { get; init; } = StagingLayout.Format;

    /// <summary>The index of the plan's first chunk that is not checked.</summary>
    public int NextChunk { get; init; }

    /// <summary>The segments of those before it.</summary>
    public required IReadOnlyList<SealedChunk> Chunks { get; init; }
}

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
