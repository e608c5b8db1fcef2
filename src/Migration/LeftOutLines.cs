using System.Buffers;
using System.Text.Json;
using System.Text.Unicode;

namespace Migration;

/// <summary>An object of what was left out, one JSON object a line, written as a stream; it exists only when there is any.</summary>
internal sealed class LeftOutLines(IStagingStore store, string key) : IAsyncDisposable
{
    private const int DrainAt = 256 * 1024;

    private readonly ArrayBufferWriter<byte> pending = new();
    private StagingWriter? output;

    /// <summary>Whether it is time to drain.</summary>
    public bool Full => pending.WrittenCount >= DrainAt;

    /// <summary>Whether it has a line.</summary>
    public bool Any => output is not null || pending.WrittenCount > 0;

    /// <summary>Begins a line: the members of its object are written next.</summary>
    public Utf8JsonWriter Begin()
    {
        var json = new Utf8JsonWriter(pending);
        json.WriteStartObject();
        return json;
    }

    /// <summary>Ends the line.</summary>
    public void End(Utf8JsonWriter json)
    {
        json.WriteEndObject();
        json.Dispose();
        pending.Write("\n"u8);
    }

    /// <summary>Writes what has gathered.</summary>
    public async Task DrainAsync(CancellationToken cancellationToken)
    {
        if (pending.WrittenCount == 0)
            return;
        output ??= await store.CreateAsync(key, cancellationToken);
        await output.WriteAsync(pending.WrittenMemory, cancellationToken);
        pending.ResetWrittenCount();
    }

    /// <summary>Makes the object appear.</summary>
    public async Task CompleteAsync(CancellationToken cancellationToken)
    {
        await DrainAsync(cancellationToken);
        if (output is not null)
            await output.CompleteAsync(cancellationToken);
    }

    public async ValueTask DisposeAsync()
    {
        if (output is not null)
            await output.DisposeAsync();
    }

    /// <summary>How many lines an object has; 0 when it is not there.</summary>
    public static async Task<long> CountAsync(IStagingStore store, string key, CancellationToken cancellationToken)
    {
        var buffer = new byte[DrainAt];
        var lines = 0L;
        try
        {
            await using var content = await store.ReadAsync(key, version: null, from: 0, cancellationToken);
            for (int read; (read = await content.ReadAsync(buffer, cancellationToken)) > 0;)
                lines += buffer.AsSpan(0, read).Count((byte)'\n');
        }
        catch (FileNotFoundException)
        {
            return 0;
        }
        return lines;
    }

    /// <summary>Writes bytes; JSON holds UTF-8 only, and others go as base64 under another name, so that nothing is lost.</summary>
    public static void Write(Utf8JsonWriter json, string name, ReadOnlySpan<byte> bytes)
    {
        if (Utf8.IsValid(bytes))
            json.WriteString(name, bytes);
        else
            json.WriteBase64String(name + "Base64", bytes);
    }
}
