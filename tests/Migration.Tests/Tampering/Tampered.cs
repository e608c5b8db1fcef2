using System.Text;
using System.Text.Json.Nodes;

namespace Migration.Tests.Tampering;

/// <summary>What can be done to the objects of a staging store from outside, and to the destination.</summary>
/// <param name="store">The store, as its owner has it.</param>
/// <param name="remove">Removes an object.</param>
/// <param name="destination">The destination.</param>
/// <param name="database">The database there.</param>
internal sealed class Tampered(IStagingStore store, Func<string, Task> remove, Uri destination, string database)
{
    public Task RemoveAsync(string key) => remove(key);

    /// <summary>Runs a statement at the destination.</summary>
    public Task AtDestinationAsync(string statement) => Pipeline.QueryAsync(destination, statement.Replace("$d", database, StringComparison.Ordinal), database);

    /// <summary>Writes lines at the destination.</summary>
    public Task WriteAsync(string lines) => Pipeline.WriteAsync(destination, lines, database);

    public async Task<byte[]> ReadAsync(string key)
    {
        await using var stream = await store.ReadAsync(key, version: null, from: 0, CancellationToken.None);
        using var bytes = new MemoryStream();
        await stream.CopyToAsync(bytes);
        return bytes.ToArray();
    }

    public Task PutAsync(string key, ReadOnlyMemory<byte> bytes) => store.WriteAsync(key, bytes, replace: true, CancellationToken.None);

    public async Task TruncateAsync(string key)
    {
        var bytes = await ReadAsync(key);
        await PutAsync(key, bytes.AsMemory(0, bytes.Length / 2));
    }

    public async Task FlipAsync(string key)
    {
        var bytes = await ReadAsync(key);
        bytes[bytes.Length / 2] ^= 1;
        await PutAsync(key, bytes);
    }

    public async Task SwapAsync(string first, string second)
    {
        var (one, other) = (await ReadAsync(first), await ReadAsync(second));
        await PutAsync(first, other);
        await PutAsync(second, one);
    }

    public async Task CopyAsync(string from, string to) => await PutAsync(to, await ReadAsync(from));

    /// <summary>Changes a text the way an editor would.</summary>
    public async Task EditAsync(string key, string old, string now)
    {
        var text = Encoding.UTF8.GetString(await ReadAsync(key));
        var at = text.IndexOf(old, StringComparison.Ordinal);
        Assert.True(at >= 0, $"'{key}' has no {old}");
        await PutAsync(key, Encoding.UTF8.GetBytes(text[..at] + now + text[(at + old.Length)..]));
    }

    /// <summary>Changes a value and seals it anew: a lie.</summary>
    public async Task LieAsync(string key, Action<JsonObject> change)
    {
        var value = SealedJson.Parse(Encoding.UTF8.GetString(await ReadAsync(key)));
        change(value);
        await PutAsync(key, SealedJson.Write(key, value));
    }
}
