using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace Migration;

/// <summary>
/// The seal of a JSON object of the staging store: its first member is the SHA-256, in hexadecimal, of the object's key, a line feed and the object
/// without that member. What was cut off, changed by hand, or copied from the place of another is told from what the stages wrote; whoever can
/// compute a hash can seal anew.
/// </summary>
public static class JsonSeal
{
    /// <summary>The first format whose objects are sealed.</summary>
    public const int FirstFormat = 4;

    private const int DigestLength = 64;

    private static ReadOnlySpan<byte> Head => "{\n  \"seal\": \""u8;

    private static int HeadLength => Head.Length + DigestLength + 1;

    /// <summary>Writes a value with its seal.</summary>
    /// <param name="key">The key that it is stored under.</param>
    /// <param name="value">The value, a JSON object.</param>
    /// <param name="type">Its type.</param>
    public static ReadOnlyMemory<byte> Write<T>(string key, T value, JsonTypeInfo<T> type)
    {
        using var text = new MemoryStream();
        text.Write(new byte[HeadLength]);
        JsonSerializer.Serialize(text, value, type);
        var content = text.GetBuffer().AsMemory(0, (int)text.Length);
        var digest = Digest(key, content.Span[HeadLength..]);
        Head.CopyTo(content.Span);
        Encoding.ASCII.GetBytes(digest, content.Span[Head.Length..]);
        content.Span[HeadLength - 1] = (byte)'"';
        // The brace that the value began with; its place is the seal's now.
        content.Span[HeadLength] = (byte)',';
        return content;
    }

    /// <summary>Checks the seal, and takes it off; objects of the formats before <see cref="FirstFormat"/> have none.</summary>
    /// <param name="key">The key that it was read from.</param>
    /// <param name="content">The object's bytes, which are changed.</param>
    /// <returns>The value's own bytes.</returns>
    /// <exception cref="JsonException">The seal does not fit, or is missing where there should be one.</exception>
    public static ReadOnlyMemory<byte> Open(string key, Memory<byte> content)
    {
        if (content.Length <= HeadLength || !content.Span.StartsWith(Head))
        {
            RefuseUnsealed(content.Span);
            return content;
        }
        var json = content[HeadLength..];
        json.Span[0] = (byte)'{';
        if (!Encoding.ASCII.GetBytes(Digest(key, json.Span)).AsSpan().SequenceEqual(content.Span.Slice(Head.Length, DigestLength)))
            throw new JsonException("its seal does not fit: it was changed or cut off, or belongs elsewhere");
        return json;
    }

    private static string Digest(string key, ReadOnlySpan<byte> json)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(Encoding.UTF8.GetBytes(key + "\n"));
        hash.AppendData(json);
        return Convert.ToHexStringLower(hash.GetCurrentHash());
    }

    private static void RefuseUnsealed(ReadOnlySpan<byte> content)
    {
        var reader = new Utf8JsonReader(content);
        while (reader.Read())
        {
            if (reader.CurrentDepth != 1 || reader.TokenType != JsonTokenType.PropertyName)
                continue;
            var isSeal = reader.ValueTextEquals("seal"u8);
            var isFormat = reader.ValueTextEquals("format"u8);
            reader.Skip();
            if (isSeal || (isFormat && reader.TokenType == JsonTokenType.Number && (!reader.TryGetInt32(out var format) || format >= FirstFormat)))
                throw new JsonException(isSeal ? "its seal is not where it was written: it was changed" : "it lost its seal: it was changed");
        }
    }
}
