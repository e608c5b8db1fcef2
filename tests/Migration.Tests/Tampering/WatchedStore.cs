namespace Migration.Tests.Tampering;

/// <summary>A staging store that tells of every call before it is made.</summary>
/// <param name="inner">The store.</param>
/// <param name="before">Gets the call's name and its key or prefix.</param>
internal sealed class WatchedStore(IStagingStore inner, Func<string, string, Task> before) : IStagingStore
{
    public string Location => inner.Location;

    public async Task<StagedObject?> FindAsync(string key, string? version, CancellationToken cancellationToken)
    {
        await before("find", key);
        return await inner.FindAsync(key, version, cancellationToken);
    }

    public async Task<StagingWriter> CreateAsync(string key, CancellationToken cancellationToken)
    {
        await before("create", key);
        return await inner.CreateAsync(key, cancellationToken);
    }

    public async Task<bool> WriteAsync(string key, ReadOnlyMemory<byte> content, bool replace, CancellationToken cancellationToken)
    {
        await before("write", key);
        return await inner.WriteAsync(key, content, replace, cancellationToken);
    }

    public async Task<Stream> ReadAsync(string key, string? version, long from, CancellationToken cancellationToken)
    {
        await before("read", key);
        return await inner.ReadAsync(key, version, from, cancellationToken);
    }

    public async IAsyncEnumerable<StagedObject> ListAsync(
        string prefix, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await before("list", prefix);
        await foreach (var found in inner.ListAsync(prefix, cancellationToken))
            yield return found;
    }

    public void Dispose()
    {
    }
}
