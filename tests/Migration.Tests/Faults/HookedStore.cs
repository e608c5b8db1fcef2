namespace Migration.Tests.Faults;

/// <summary>What is done to a store.</summary>
internal enum StoreOperation
{
    Find,
    Create,
    Append,
    Complete,

    /// <summary>Lets go of a writer, which takes away what it has not completed.</summary>
    Leave,

    Write,
    Read,
    List,
}

/// <summary>A store where something can happen before and after every operation.</summary>
/// <param name="inner">The store.</param>
/// <param name="before">
/// Called before an operation with its key, and throws to keep it from being done. What it returns is called when it is done, and
/// may throw as well: then it is done and nobody learns of it.
/// </param>
internal sealed class HookedStore(IStagingStore inner, Func<StoreOperation, string, Action?> before) : IStagingStore
{
    private readonly Func<StoreOperation, string, Action?> before = before;

    public string Location => inner.Location;

    public Task<StagedObject?> FindAsync(string key, string? version, CancellationToken cancellationToken) =>
        DoAsync(StoreOperation.Find, key, () => inner.FindAsync(key, version, cancellationToken));

    public async Task<StagingWriter> CreateAsync(string key, CancellationToken cancellationToken) =>
        await DoAsync(StoreOperation.Create, key, async () => new Writer(await inner.CreateAsync(key, cancellationToken), key, this));

    public Task<bool> WriteAsync(string key, ReadOnlyMemory<byte> content, bool replace, CancellationToken cancellationToken) =>
        DoAsync(StoreOperation.Write, key, () => inner.WriteAsync(key, content, replace, cancellationToken));

    public Task<Stream> ReadAsync(string key, string? version, long from, CancellationToken cancellationToken) =>
        DoAsync(StoreOperation.Read, key, () => inner.ReadAsync(key, version, from, cancellationToken));

    public IAsyncEnumerable<StagedObject> ListAsync(string prefix, CancellationToken cancellationToken)
    {
        before(StoreOperation.List, prefix)?.Invoke();
        return inner.ListAsync(prefix, cancellationToken);
    }

    public void Dispose() => inner.Dispose();

    private async Task<T> DoAsync<T>(StoreOperation operation, string key, Func<Task<T>> run)
    {
        var after = before(operation, key);
        var done = await run();
        after?.Invoke();
        return done;
    }

    private sealed class Writer(StagingWriter inner, string key, HookedStore store) : StagingWriter
    {
        public override async ValueTask DisposeAsync()
        {
            store.before(StoreOperation.Leave, key)?.Invoke();
            await inner.DisposeAsync();
        }

        protected override Task AppendAsync(ReadOnlyMemory<byte> content, CancellationToken cancellationToken) =>
            store.DoAsync(StoreOperation.Append, key, async () =>
            {
                await inner.WriteAsync(content, cancellationToken);
                return true;
            });

        protected override Task<StagedObject> FinishAsync(CancellationToken cancellationToken) =>
            store.DoAsync(StoreOperation.Complete, key, () => inner.CompleteAsync(cancellationToken));
    }
}
