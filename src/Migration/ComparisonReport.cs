namespace Migration;

/// <summary>A measurement of a bucket pair, compared.</summary>
public sealed record MeasurementComparison
{
    /// <summary>The source bucket.</summary>
    public required string SourceBucket { get; init; }

    /// <summary>The destination bucket.</summary>
    public required string DestinationBucket { get; init; }

    /// <summary>The measurement.</summary>
    public required string Measurement { get; init; }

    /// <summary>Windows that were compared.</summary>
    public int Windows { get; init; }

    /// <summary>Field values of the source.</summary>
    public long SourceFieldValues { get; init; }

    /// <summary>Field values of the destination.</summary>
    public long DestinationFieldValues { get; init; }

    /// <summary>The windows that are not the same, in the order of time.</summary>
    public IReadOnlyList<WindowDifference> Differences { get; init; } = [];
}

/// <summary>What a comparison of two live servers found.</summary>
public sealed record ComparisonReport
{
    /// <summary>What was asked for.</summary>
    public required MigrationRequest Request { get; init; }

    /// <summary>The source.</summary>
    public required PlannedServer Source { get; init; }

    /// <summary>The destination.</summary>
    public required PlannedServer Destination { get; init; }

    /// <summary>The measurements of either end, by bucket and name.</summary>
    public required IReadOnlyList<MeasurementComparison> Measurements { get; init; }

    /// <summary>What the source has and does not show, so that it was not compared.</summary>
    public IReadOnlyList<PlanRemark> SourceRemarks { get; init; } = [];

    /// <summary>What the destination has and does not show.</summary>
    public IReadOnlyList<PlanRemark> DestinationRemarks { get; init; } = [];

    /// <summary>The filters that nothing matched, each as the option that asked for it.</summary>
    public IReadOnlyList<string> Unmatched { get; init; } = [];

    /// <summary>Whether either end has something that it does not show.</summary>
    public bool Incomplete => SourceRemarks.Concat(DestinationRemarks).Any(remark => remark.Hidden != HiddenPart.None);

    /// <summary>Whether a difference counts: what only a destination has does not where the request says that it may hold more.</summary>
    public bool IsDifferent(WindowDifference difference) =>
        difference.Missing > 0 || difference.Changed > 0 || difference.Extra == 0 || Request.Existing == ExistingBucket.Fail;

    /// <summary>Whether some window differs.</summary>
    public bool Different => Measurements.Any(measurement => measurement.Differences.Any(IsDifferent));
}
