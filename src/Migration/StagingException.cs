namespace Migration;

/// <summary>What is wrong with a staging store.</summary>
public enum StagingFault
{
    /// <summary>An object is missing, damaged or changed, or is there unplanned.</summary>
    Changed = 0,

    /// <summary>A receipt is missing: a stage before did not do all of its work.</summary>
    Unfinished = 1,

    /// <summary>It belongs to another migration: a wrong input, not a damage.</summary>
    OtherMigration = 2,

    /// <summary>Another run was faster at the same work; nothing is lost, and the next try finds what the other one made.</summary>
    Raced = 3,
}

/// <summary>
/// The staging store does not hold what it should: an object is missing, changed or not planned, or it belongs to another
/// migration. The run stops before the importer trusts it.
/// </summary>
public sealed class StagingException : Exception
{
    /// <summary>Makes one.</summary>
    /// <param name="message">Which object, what is wrong with it and what to do.</param>
    /// <param name="fault">The kind of what is wrong.</param>
    public StagingException(string message, StagingFault fault = StagingFault.Changed)
        : base(message) => Fault = fault;

    /// <summary>The kind of what is wrong.</summary>
    public StagingFault Fault { get; }
}
