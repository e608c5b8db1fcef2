namespace Migration.Tests.Faults;

/// <summary>Which part fails.</summary>
internal enum Side
{
    Source,
    Destination,
    Store,
}

/// <summary>What the run is doing when it is met.</summary>
internal enum Stage
{
    /// <summary>Asks a server what it is.</summary>
    Detect,

    /// <summary>Looks for the bucket and asks what the token may do.</summary>
    Preflight,

    /// <summary>Finds out what there is to move.</summary>
    Plan,

    /// <summary>Makes the destination's bucket.</summary>
    Prepare,

    Export,

    /// <summary>Checks and seals what was exported.</summary>
    Stage,

    Import,

    Verify,

    Report,
}

/// <summary>How a row ends.</summary>
/// <param name="ExitCode">The command's exit code.</param>
/// <param name="Word">Something that it says.</param>
/// <param name="Whole">Whether the destination then equals the source.</param>
internal sealed record Expected(int ExitCode, string Word, bool Whole)
{
    public static readonly Expected Verified = new(0, "read back from the destination and is the same", Whole: true);

    /// <summary>Whether the same command, without the fault, then ends complete. False where data was refused.</summary>
    public bool EndsAgain { get; init; } = true;
}

/// <summary>A row of the table: what fails where, how often, and how that ends.</summary>
/// <param name="Side">Which part fails.</param>
/// <param name="Stage">During what.</param>
/// <param name="Fault">A name of <see cref="ServerFaults"/> or <see cref="StoreFaults"/>.</param>
/// <param name="Expected">How it ends.</param>
internal sealed record FaultRow(Side Side, Stage Stage, string Fault, Expected Expected)
{
    public const string NothingListens = "nothing listens";
    public const string UnknownAuthority = "TLS of an unknown authority";
    public const string NoTls = "no TLS behind https";

    /// <summary>Whether it comes before the first request.</summary>
    public bool IsOfConnection => Fault is NothingListens or UnknownAuthority or NoTls;

    /// <summary>So many requests that fit pass first.</summary>
    public int Skip { get; init; }

    /// <summary>So many are then met.</summary>
    public int Times { get; init; } = 1;

    /// <summary>What the statement begins with; empty for any of the stage.</summary>
    public string At { get; init; } = "";

    public override string ToString() =>
        $"{Side}, {Stage}{(At.Length > 0 ? $" ({At})" : "")}: {Fault} {(Times == int.MaxValue ? "for ever" : Times == 1 ? "once" : $"{Times} times")}{(Skip > 0 ? $" after {Skip}" : "")}";
}
