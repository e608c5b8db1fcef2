namespace Migration.Tests.Faults;

/// <summary>What a disk does wrong, by name.</summary>
internal static class StoreFaults
{
    // The exceptions and their words are those of .NET for ENOSPC, EACCES, EIO and EROFS.
    public static readonly IReadOnlyDictionary<string, Func<string, Exception>> All = new Dictionary<string, Func<string, Exception>>(StringComparer.Ordinal)
    {
        ["disk full"] = path => new IOException($"No space left on device : '{path}'"),
        ["no permission"] = path => new UnauthorizedAccessException($"Access to the path '{path}' is denied."),
        ["bad sector"] = path => new IOException($"Input/output error : '{path}'"),
        ["read-only file system"] = path => new IOException($"Read-only file system : '{path}'"),
    };
}
