namespace Migration.Tests;

public sealed class FolderStoreTests : StagingStoreContract, IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("folder-store-").FullName;

    [Fact]
    public async Task Opening_removes_what_a_killed_run_left()
    {
        var left = Path.Combine(folder, "chunks", "1.lp.gz.unfinished");
        Directory.CreateDirectory(Path.GetDirectoryName(left)!);
        await File.WriteAllTextAsync(left, "half");

        using var store = await OpenAsync();

        Assert.False(File.Exists(left));
    }

    [Fact]
    public async Task Second_run_in_the_folder_is_refused()
    {
        using var store = await OpenAsync();

        var error = Assert.Throws<IOException>(() => FolderStore.Open(folder));

        Assert.Contains("another run", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_full_disk_is_told_and_leaves_nothing_behind()
    {
        var path = Path.Combine(folder, "chunks", "1.lp.gz.1.unfinished");
        using var store = await OpenAsync();
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        // Where the store's first writer writes; every write to this device finds the disk full.
        File.CreateSymbolicLink(path, "/dev/full");

        var full = await Assert.ThrowsAsync<IOException>(() => store.WriteAsync("chunks/1.lp.gz", new byte[100], replace: true, CancellationToken.None));

        Assert.Contains("No space left on device", full.Message, StringComparison.Ordinal);
        Assert.Empty(Directory.EnumerateFileSystemEntries(Path.GetDirectoryName(path)!));
    }

    public void Dispose() => Directory.Delete(folder, recursive: true);

    protected override Task<IStagingStore> OpenAsync() => Task.FromResult<IStagingStore>(FolderStore.Open(folder));

    protected override Task<IReadOnlyList<string>> UnfinishedAsync() =>
        Task.FromResult<IReadOnlyList<string>>([.. Directory.EnumerateFiles(folder, "*.unfinished", SearchOption.AllDirectories)]);
}
