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

/// <summary>A folder whose disk fails where it is told to.</summary>
/// <param name="inner">The folder.</param>
/// <param name="onOperation">Called before every operation with its name and key; throws to fail it.</param>
internal sealed class FailingStore(IStagingStore inner, Action<StoreOperation, string> onOperation) : IStagingStore
{
    public string Location => inner.Location;

    public Task<StagedObject?> FindAsync(string key, string? version, CancellationToken cancellationToken)
    {
        onOperation(StoreOperation.Find, key);
        return inner.FindAsync(key, version, cancellationToken);
    }

    public async Task<StagingWriter> CreateAsync(string key, CancellationToken cancellationToken)
    {
        onOperation(StoreOperation.Create, key);
        return new Writer(await inner.CreateAsync(key, cancellationToken), key, onOperation);
    }

    public async Task<bool> WriteAsync(string key, ReadOnlyMemory<byte> content, bool replace, CancellationToken cancellationToken)
    {
        onOperation(StoreOperation.Write, key);
        return await inner.WriteAsync(key, content, replace, cancellationToken);
    }

    public Task<Stream> ReadAsync(string key, string? version, long from, CancellationToken cancellationToken)
    {
        onOperation(StoreOperation.Read, key);
        return inner.ReadAsync(key, version, from, cancellationToken);
    }

    public IAsyncEnumerable<StagedObject> ListAsync(string prefix, CancellationToken cancellationToken)
    {
        onOperation(StoreOperation.List, prefix);
        return inner.ListAsync(prefix, cancellationToken);
    }

    public void Dispose() => inner.Dispose();

    private sealed class Writer(StagingWriter inner, string key, Action<StoreOperation, string> onOperation) : StagingWriter
    {
        public override ValueTask DisposeAsync() => inner.DisposeAsync();

        protected override async Task AppendAsync(ReadOnlyMemory<byte> content, CancellationToken cancellationToken)
        {
            onOperation(StoreOperation.Append, key);
            await inner.WriteAsync(content, cancellationToken);
        }

        protected override Task<StagedObject> FinishAsync(CancellationToken cancellationToken)
        {
            onOperation(StoreOperation.Complete, key);
            return inner.CompleteAsync(cancellationToken);
        }
    }
}

/// <summary>What is done to a store.</summary>
internal enum StoreOperation
{
    Find,
    Create,
    Append,
    Complete,
    Write,
    Read,
    List,
}
