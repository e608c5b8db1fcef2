namespace Migration;

/// <summary>How a migration ended: the answer of the report function, and the output of an execution that succeeded.</summary>
public sealed record ReportAnswer
{
    /// <summary>How it ended.</summary>
    public required Verdict Verdict { get; init; }

    /// <summary>The verdict as a sentence.</summary>
    public required string Sentence { get; init; }

    /// <summary>The error's name where the execution was stopped: of a failed Map that of its chunk.</summary>
    public string? Error { get; init; }

    /// <summary>The report for programs; null where the migration stopped before it had a plan.</summary>
    public string? ReportKey { get; init; }

    /// <summary>The report for people.</summary>
    public string? ReportHtmlKey { get; init; }

    /// <summary>Points that were exported.</summary>
    public long Points { get; init; }

    /// <summary>Field values that were exported.</summary>
    public long FieldValues { get; init; }

    /// <summary>Points older than the destination's retention.</summary>
    public long ExpiredPoints { get; init; }

    /// <summary>Field values that were left out, with their reasons in the report.</summary>
    public long LeftOutFieldValues { get; init; }

    /// <summary>Windows that differ.</summary>
    public int Differences { get; init; }

    /// <summary>Of an incremental migration: everything before this time was moved; null where no run has ended well.</summary>
    public string? Mark { get; init; }
}
