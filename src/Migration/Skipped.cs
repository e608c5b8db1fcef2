namespace Migration;

/// <summary>The output of an execution of an incremental migration that had nothing to do: no failure.</summary>
public sealed record Skipped
{
    /// <summary>Why.</summary>
    public required string Sentence { get; init; }

    /// <summary>How far earlier runs came; null before the first has ended well.</summary>
    public string? Mark { get; init; }
}
