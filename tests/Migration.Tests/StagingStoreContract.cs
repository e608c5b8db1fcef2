using System.Security.Cryptography;

namespace Migration.Tests;

/// <summary>What every staging store must do, whatever it stands on.</summary>
public abstract class StagingStoreContract
{
    private static readonly string[] OddNames =
    [
        "odd/a b.txt", "odd/a%20b", "odd/a+b", "odd/a.b", "odd/a/b", "odd/a=b&c", "odd/a~b", "odd/A", "odd/zürich", "odd/日本",
    ];

    public static TheoryData<int, bool> Races => new()
    {
        { 10, false }, { 10, true }, { S3Store.PartBytes + 10, false }, { S3Store.PartBytes + 10, true },
    };

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(S3Store.PartBytes - 1)]
    [InlineData(S3Store.PartBytes)]
    [InlineData(S3Store.PartBytes + 1)]
    [InlineData(2 * S3Store.PartBytes)]
    [InlineData((2 * S3Store.PartBytes) + 12345)]
    public async Task Reads_back_what_was_written(int bytes)
    {
        using var store = await OpenAsync();
        var content = Content(bytes);

        var staged = await WriteInPiecesAsync(store, "chunks/1.lp.gz", content);

        Assert.Equal(("chunks/1.lp.gz", bytes), (staged.Key, staged.Bytes));
        Assert.Equal(SHA256.HashData(content), SHA256.HashData(await ReadAsync(store, "chunks/1.lp.gz", staged.Version)));
        Assert.Equal(staged, await store.FindAsync("chunks/1.lp.gz", version: null, default));
        Assert.Equal(staged, await store.FindAsync("chunks/1.lp.gz", staged.Version, default));
    }

    [Theory]
    [InlineData(10)]
    [InlineData(S3Store.PartBytes + 10)]
    public async Task Object_is_invisible_before_its_writer_completed(int bytes)
    {
        using var store = await OpenAsync();
        await using var writer = await store.CreateAsync("chunks/1", default);
        await writer.WriteAsync(Content(bytes), default);

        var before = await store.FindAsync("chunks/1", version: null, default);
        var listed = await ListAsync(store, "");

        Assert.Null(before);
        Assert.DoesNotContain("chunks/1", listed);
        await Assert.ThrowsAsync<FileNotFoundException>(() => store.ReadAsync("chunks/1", version: null, from: 0, default));
        await writer.CompleteAsync(default);
        Assert.NotNull(await store.FindAsync("chunks/1", version: null, default));
    }

    [Theory]
    [InlineData(10)]
    [InlineData(S3Store.PartBytes + 10)]
    public async Task Unfinished_writer_leaves_nothing(int bytes)
    {
        using var store = await OpenAsync();
        await using (var writer = await store.CreateAsync("chunks/1", default))
            await writer.WriteAsync(Content(bytes), default);

        Assert.Null(await store.FindAsync("chunks/1", version: null, default));
        Assert.Empty(await UnfinishedAsync());
    }

    [Fact]
    public async Task Unfinished_writer_leaves_the_object_that_was_there()
    {
        using var store = await OpenAsync();
        await store.WriteAsync("chunks/1", "old"u8.ToArray(), replace: false, default);

        await using (var writer = await store.CreateAsync("chunks/1", default))
            await writer.WriteAsync("new"u8.ToArray(), default);

        Assert.Equal("old"u8.ToArray(), await ReadAsync(store, "chunks/1"));
    }

    [Theory]
    [InlineData(10)]
    [InlineData(S3Store.PartBytes + 10)]
    public async Task Cancelled_write_leaves_nothing_and_ends_its_writer(int bytes)
    {
        using var store = await OpenAsync();
        await using (var writer = await store.CreateAsync("chunks/1", default))
        {
            await writer.WriteAsync(Content(bytes), default);

            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => writer.WriteAsync(Content(10), new CancellationToken(canceled: true)));
            await Assert.ThrowsAsync<InvalidOperationException>(() => writer.WriteAsync(Content(10), default));
            await Assert.ThrowsAsync<InvalidOperationException>(() => writer.CompleteAsync(default));
        }

        Assert.Null(await store.FindAsync("chunks/1", version: null, default));
        Assert.Empty(await UnfinishedAsync());
    }

    [Fact]
    public async Task Completed_writer_refuses_more()
    {
        using var store = await OpenAsync();
        await using var writer = await store.CreateAsync("chunks/1", default);
        await writer.CompleteAsync(default);

        await Assert.ThrowsAsync<InvalidOperationException>(() => writer.WriteAsync(Content(10), default));
        await Assert.ThrowsAsync<InvalidOperationException>(() => writer.CompleteAsync(default));
    }

    [Theory]
    [InlineData(10)]
    [InlineData(S3Store.PartBytes + 10)]
    public async Task Writer_replaces_what_was_there_before_it_started(int bytes)
    {
        using var store = await OpenAsync();
        await WriteInPiecesAsync(store, "chunks/1", Content(100));

        await WriteInPiecesAsync(store, "chunks/1", Content(bytes));

        Assert.Equal(bytes, (await ReadAsync(store, "chunks/1")).Length);
    }

    [Theory]
    [MemberData(nameof(Races))]
    public async Task Of_two_writers_of_one_key_the_first_to_complete_wins(int bytes, bool present)
    {
        using var store = await OpenAsync();
        if (present)
            await store.WriteAsync("chunks/1", "old"u8.ToArray(), replace: false, default);
        await using var first = await store.CreateAsync("chunks/1", default);
        await using var second = await store.CreateAsync("chunks/1", default);
        await second.WriteAsync(Content(bytes + 1), default);
        await first.WriteAsync(Content(bytes), default);

        await first.CompleteAsync(default);
        var error = await Assert.ThrowsAsync<StagingException>(() => second.CompleteAsync(default));

        Assert.Contains("another run wrote 'chunks/1'", error.Message, StringComparison.Ordinal);
        Assert.Equal(bytes, (await ReadAsync(store, "chunks/1")).Length);
    }

    [Fact]
    public async Task Small_object_is_replaced_only_where_that_is_asked()
    {
        using var store = await OpenAsync();

        var first = await store.WriteAsync("plan.json", "first"u8.ToArray(), replace: false, default);
        var second = await store.WriteAsync("plan.json", "second"u8.ToArray(), replace: false, default);
        var kept = await ReadAsync(store, "plan.json");
        var third = await store.WriteAsync("plan.json", "third"u8.ToArray(), replace: true, default);

        Assert.Equal((true, false, true), (first, second, third));
        Assert.Equal("first"u8.ToArray(), kept);
        Assert.Equal("third"u8.ToArray(), await ReadAsync(store, "plan.json"));
    }

    [Fact]
    public async Task Replacing_writes_also_what_is_not_there()
    {
        using var store = await OpenAsync();

        Assert.True(await store.WriteAsync("plan.json", ReadOnlyMemory<byte>.Empty, replace: true, default));

        Assert.Empty(await ReadAsync(store, "plan.json"));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(99_999)]
    [InlineData(100_000)]
    [InlineData(100_001)]
    public async Task Reads_from_any_byte_to_the_end(int from)
    {
        using var store = await OpenAsync();
        var content = Content(100_000);
        await store.WriteAsync("chunks/1", content, replace: false, default);

        Assert.Equal(content.Skip(from), await ReadAsync(store, "chunks/1", from: from));
    }

    [Fact]
    public async Task Lists_by_prefix_in_the_order_of_keys()
    {
        using var store = await OpenAsync();
        foreach (var key in OddNames.Reverse().Append("od/other").Append("oddly").Append("p"))
            await store.WriteAsync(key, "x"u8.ToArray(), replace: false, default);

        var below = await ListAsync(store, "odd/");
        var started = await ListAsync(store, "odd/a");

        Assert.Equal(OddNames.Order(StringComparer.Ordinal), below);
        Assert.Equal(OddNames.Where(key => key.StartsWith("odd/a", StringComparison.Ordinal)).Order(StringComparer.Ordinal), started);
        Assert.Empty(await ListAsync(store, "nothing/"));
        foreach (var key in OddNames)
            Assert.Equal("x"u8.ToArray(), await ReadAsync(store, key));
    }

    [Fact]
    public async Task Missing_key_is_null_to_find_and_an_error_to_read()
    {
        using var store = await OpenAsync();

        Assert.Null(await store.FindAsync("chunks/missing", version: null, default));
        var error = await Assert.ThrowsAsync<FileNotFoundException>(() => store.ReadAsync("chunks/missing", version: null, from: 0, default));
        Assert.Contains("missing", error.Message, StringComparison.Ordinal);
    }

    /// <summary>An empty store for this test.</summary>
    protected abstract Task<IStagingStore> OpenAsync();

    /// <summary>What unfinished writers left in this test's store.</summary>
    protected abstract Task<IReadOnlyList<string>> UnfinishedAsync();

    protected static byte[] Content(int bytes)
    {
        var content = new byte[bytes];
        new Random(bytes).NextBytes(content);
        return content;
    }

    protected static async Task<StagedObject> WriteInPiecesAsync(IStagingStore store, string key, ReadOnlyMemory<byte> content)
    {
        await using var writer = await store.CreateAsync(key, default);
        for (var piece = 1; content.Length > 0; piece = Math.Min((piece * 3) + 1, 3_000_000))
        {
            var length = Math.Min(piece, content.Length);
            await writer.WriteAsync(content[..length], default);
            content = content[length..];
        }
        return await writer.CompleteAsync(default);
    }

    protected static async Task<byte[]> ReadAsync(IStagingStore store, string key, string? version = null, long from = 0)
    {
        await using var stream = await store.ReadAsync(key, version, from, default);
        using var bytes = new MemoryStream();
        await stream.CopyToAsync(bytes);
        return bytes.ToArray();
    }

    protected static async Task<IReadOnlyList<string>> ListAsync(IStagingStore store, string prefix)
    {
        var keys = new List<string>();
        await foreach (var found in store.ListAsync(prefix, default))
            keys.Add(found.Key);
        return keys;
    }
}
