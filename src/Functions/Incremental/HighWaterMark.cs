namespace Functions.Incremental;

/// <summary>How far the runs of an incremental migration came, and which execution has it: <c>marks/NAME.json</c>.</summary>
public sealed record HighWaterMark
{
    /// <summary>What is moved: the request's identity without its times. A mark tells of nothing else.</summary>
    public required string Identity { get; init; }

    /// <summary>The ARN of the execution that took it last.</summary>
    public required string Holder { get; init; }

    /// <summary>Everything before this time was moved, RFC 3339; null before the first run has ended well.</summary>
    public string? Mark { get; init; }

    /// <summary>The migration that moved it there.</summary>
    public string? MigrationId { get; init; }
}
