using System.Runtime.CompilerServices;

namespace Migration;

/// <summary>A staging store in a folder. Objects are written beside their place and moved there when they are whole.</summary>
public sealed class FolderStore : IStagingStore
{
    private const string Unfinished = ".unfinished";

    private readonly string root;
    private readonly FileStream? runLock;
    private readonly Lock completing = new();
    private int writers;

    private FolderStore(string root, FileStream? runLock)
    {
        this.root = root;
        this.runLock = runLock;
    }

    /// <inheritdoc/>
    public string Location => root;

    /// <summary>Opens a folder for a run, and makes it when it is not there. One run at a time has it; a killed one frees it.</summary>
    /// <exception cref="IOException">Another run has it, or it can't be made.</exception>
    public static FolderStore Open(string path)
    {
        var folder = Path.GetFullPath(path);
        Directory.CreateDirectory(folder);
        FileStream held;
        try
        {
            held = new FileStream(Path.Combine(folder, "run.lock"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException taken)
        {
            throw new IOException($"another run is working in it, or it can't be locked: {taken.Message}", taken);
        }
        foreach (var left in Directory.EnumerateFiles(folder, "*" + Unfinished, SearchOption.AllDirectories))
            File.Delete(left);
        return new FolderStore(folder, held);
    }

    /// <summary>Opens a folder to read a finished run.</summary>
    public static FolderStore OpenForReading(string path) => new(Path.GetFullPath(path), runLock: null);

    /// <inheritdoc/>
    public Task<StagedObject?> FindAsync(string key, string? version, CancellationToken cancellationToken)
    {
        var file = new FileInfo(PathOf(key));
        return Task.FromResult(file.Exists ? new StagedObject(key, file.Length, Version: null) : null);
    }

    /// <inheritdoc/>
    public Task<StagingWriter> CreateAsync(string key, CancellationToken cancellationToken) =>
        Task.FromResult<StagingWriter>(new FileWriter(this, key, WriteCondition.Unchanged));

    /// <inheritdoc/>
    public async Task<bool> WriteAsync(string key, ReadOnlyMemory<byte> content, bool replace, CancellationToken cancellationToken)
    {
        if (!replace && File.Exists(PathOf(key)))
            return false;
        await using var writer = new FileWriter(this, key, replace ? WriteCondition.None : WriteCondition.Absent);
        await writer.WriteAsync(content, cancellationToken);
        return await writer.TryCompleteAsync() is not null;
    }

    /// <inheritdoc/>
    public Task<Stream> ReadAsync(string key, string? version, long from, CancellationToken cancellationToken)
    {
        try
        {
            return Task.FromResult<Stream>(new FileStream(
                PathOf(key), FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 1, FileOptions.Asynchronous | FileOptions.SequentialScan)
            {
                Position = from,
            });
        }
        catch (DirectoryNotFoundException absent)
        {
            throw new FileNotFoundException($"'{key}' is not in '{root}'", key, absent);
        }
    }

    /// <inheritdoc/>
    public async IAsyncEnumerable<StagedObject> ListAsync(string prefix, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await Task.CompletedTask;
        var folder = Path.Combine(root, Path.GetDirectoryName(prefix) ?? "");
        if (!Directory.Exists(folder))
            yield break;
        var keys = Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories)
            .Select(path => Path.GetRelativePath(root, path).Replace(Path.DirectorySeparatorChar, '/'))
            .Where(key => key.StartsWith(prefix, StringComparison.Ordinal) && !key.EndsWith(Unfinished, StringComparison.Ordinal))
            .Order(StringComparer.Ordinal);
        foreach (var key in keys)
        {
            cancellationToken.ThrowIfCancellationRequested();
            yield return new StagedObject(key, new FileInfo(PathOf(key)).Length, Version: null);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => runLock?.Dispose();

    private string PathOf(string key) => Path.Combine(root, key.Replace('/', Path.DirectorySeparatorChar));

    /// <summary>What must hold at the moment that a write becomes visible.</summary>
    private enum WriteCondition
    {
        None = 0,
        Absent = 1,
        Unchanged = 2,
    }

    private sealed class FileWriter : StagingWriter
    {
        private readonly FolderStore store;
        private readonly string key;
        private readonly WriteCondition condition;
        private readonly string path;
        private readonly string unfinished;
        private readonly (DateTime Written, long Bytes)? replaced;
        private readonly FileStream file;

        public FileWriter(FolderStore store, string key, WriteCondition condition)
        {
            this.store = store;
            this.key = key;
            this.condition = condition;
            path = store.PathOf(key);
            unfinished = $"{path}.{Interlocked.Increment(ref store.writers)}{Unfinished}";
            replaced = There();
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            file = new FileStream(unfinished, FileMode.Create, FileAccess.Write, FileShare.None, bufferSize: 1, FileOptions.Asynchronous);
        }

        protected override async Task AppendAsync(ReadOnlyMemory<byte> content, CancellationToken cancellationToken)
        {
            try
            {
                await file.WriteAsync(content, cancellationToken);
            }
            catch (ArgumentOutOfRangeException tooLarge)
            {
                // What .NET makes of EFBIG, a limit on the size of files.
                throw new IOException($"'{path}' would be larger than the system lets a file be", tooLarge);
            }
        }

        protected override async Task<StagedObject> FinishAsync(CancellationToken cancellationToken) =>
            await TryCompleteAsync()
            ?? throw new StagingException($"another run wrote '{key}' in {store.Location} at the same time: let one of them finish, then run again");

        /// <summary>Makes the object appear; null when the condition does not hold.</summary>
        public async Task<StagedObject?> TryCompleteAsync()
        {
            // What a receipt vouches for must outlive a power cut.
            file.Flush(flushToDisk: true);
            var bytes = file.Length;
            await file.DisposeAsync();
            // All writers of a folder are in the one process that has its lock.
            lock (store.completing)
            {
                var there = There();
                if ((condition == WriteCondition.Absent && there is not null) || (condition == WriteCondition.Unchanged && there != replaced))
                    return null;
                File.Move(unfinished, path, overwrite: true);
            }
            return new StagedObject(key, bytes, Version: null);
        }

        public override async ValueTask DisposeAsync()
        {
            await file.DisposeAsync();
            File.Delete(unfinished);
        }

        private (DateTime Written, long Bytes)? There()
        {
            var found = new FileInfo(path);
            return found.Exists ? (found.LastWriteTimeUtc, found.Length) : null;
        }
    }
}
