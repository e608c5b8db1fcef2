namespace Migration;

/// <summary>An object of the staging store.</summary>
/// <param name="Key">Its key below the migration's prefix, with <c>/</c> between its parts.</param>
/// <param name="Bytes">Its size.</param>
/// <param name="Version">The S3 version that the call saw or made, whose bytes never change; null where there are no versions.</param>
/// <param name="Checksum">The checksum that S3 compared when the object was written; null where none is told.</param>
public sealed record StagedObject(string Key, long Bytes, string? Version, string? Checksum = null);

/// <summary>
/// Where chunks wait between the stages, and where the receipts stand: a folder or a prefix of a staging bucket. Every write
/// is whole or not there at all; a key exists only after its writer completed.
/// </summary>
public interface IStagingStore : IDisposable
{
    /// <summary>Where it is, for messages: a path or <c>s3://bucket/prefix</c>.</summary>
    string Location { get; }

    /// <summary>An object, or null.</summary>
    /// <param name="key">Its key.</param>
    /// <param name="version">The S3 version; null for the newest. A store without versions takes no notice.</param>
    /// <param name="cancellationToken">Cancels.</param>
    Task<StagedObject?> FindAsync(string key, string? version, CancellationToken cancellationToken);

    /// <summary>Starts an object that is written as a stream.</summary>
    /// <param name="key">Its key.</param>
    /// <param name="cancellationToken">Cancels.</param>
    Task<StagingWriter> CreateAsync(string key, CancellationToken cancellationToken);

    /// <summary>Writes a small object whole.</summary>
    /// <param name="key">Its key.</param>
    /// <param name="content">Its bytes.</param>
    /// <param name="replace">Whether it may replace one that is there.</param>
    /// <param name="cancellationToken">Cancels.</param>
    /// <returns>False when it is there and may not be replaced: another run was first.</returns>
    Task<bool> WriteAsync(string key, ReadOnlyMemory<byte> content, bool replace, CancellationToken cancellationToken);

    /// <summary>Reads an object to its end.</summary>
    /// <param name="key">Its key.</param>
    /// <param name="version">The S3 version; null for the newest.</param>
    /// <param name="from">The byte to begin at; from its size on there is nothing to read.</param>
    /// <param name="cancellationToken">Cancels.</param>
    /// <exception cref="FileNotFoundException">It is not there.</exception>
    Task<Stream> ReadAsync(string key, string? version, long from, CancellationToken cancellationToken);

    /// <summary>The objects whose key starts with a prefix, in the order of their keys.</summary>
    IAsyncEnumerable<StagedObject> ListAsync(string prefix, CancellationToken cancellationToken);
}

/// <summary>
/// Writes one object. Disposed before it completed, it leaves nothing behind; after its first error, a cancellation included,
/// it refuses everything but to be disposed.
/// </summary>
public abstract class StagingWriter : IAsyncDisposable
{
    private bool usable = true;

    /// <summary>Appends bytes.</summary>
    /// <exception cref="InvalidOperationException">The writer failed or completed before.</exception>
    public async Task WriteAsync(ReadOnlyMemory<byte> content, CancellationToken cancellationToken)
    {
        TakeTurn();
        cancellationToken.ThrowIfCancellationRequested();
        await AppendAsync(content, cancellationToken);
        usable = true;
    }

    /// <summary>Makes the object appear under its key.</summary>
    /// <exception cref="InvalidOperationException">The writer failed or completed before.</exception>
    /// <exception cref="StagingException">Another run wrote the object since this writer was made; that one stays.</exception>
    public async Task<StagedObject> CompleteAsync(CancellationToken cancellationToken)
    {
        TakeTurn();
        cancellationToken.ThrowIfCancellationRequested();
        return await FinishAsync(cancellationToken);
    }

    /// <inheritdoc/>
    public abstract ValueTask DisposeAsync();

    /// <summary>Appends bytes; not called again after it failed.</summary>
    protected abstract Task AppendAsync(ReadOnlyMemory<byte> content, CancellationToken cancellationToken);

    /// <summary>Makes the object appear; called once, and only when nothing failed.</summary>
    protected abstract Task<StagedObject> FinishAsync(CancellationToken cancellationToken);

    private void TakeTurn()
    {
        if (!usable)
            throw new InvalidOperationException("the writer failed or completed before: it can only be disposed");
        usable = false;
    }
}
