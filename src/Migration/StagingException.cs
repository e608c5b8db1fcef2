namespace Migration;

/// <summary>
/// The staging store does not hold what it should: an object is missing, changed or not planned, or it belongs to another
/// migration. The run stops before the importer trusts it.
/// </summary>
public sealed class StagingException : Exception
{
    /// <summary>Makes one.</summary>
    /// <param name="message">Which object, what is wrong with it and what to do.</param>
    /// <param name="otherRun">Whether the store belongs to another migration.</param>
    public StagingException(string message, bool otherRun = false)
        : base(message) => OtherRun = otherRun;

    /// <summary>Whether the store belongs to another migration: a wrong input, not a damage.</summary>
    public bool OtherRun { get; }
}
