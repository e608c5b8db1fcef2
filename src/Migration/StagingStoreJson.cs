using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace Migration;

/// <summary>JSON objects of the staging store.</summary>
public static class StagingStoreJson
{
    /// <summary>Writes a JSON object whole.</summary>
    /// <returns>False when it is there and may not be replaced.</returns>
    public static async Task<bool> WriteJsonAsync<T>(
        this IStagingStore store, string key, T value, JsonTypeInfo<T> type, bool replace, CancellationToken cancellationToken) =>
        await store.WriteAsync(key, JsonSerializer.SerializeToUtf8Bytes(value, type), replace, cancellationToken);

    /// <summary>Reads a JSON object; null when it is not there.</summary>
    public static async Task<T?> ReadJsonAsync<T>(
        this IStagingStore store, string key, JsonTypeInfo<T> type, CancellationToken cancellationToken)
        where T : class =>
        (await store.ReadHashedAsync(key, type, cancellationToken))?.Value;

    /// <summary>Reads a JSON object with the SHA-256 of its bytes; null when it is not there.</summary>
    public static async Task<(T Value, string Sha256)?> ReadHashedAsync<T>(
        this IStagingStore store, string key, JsonTypeInfo<T> type, CancellationToken cancellationToken)
        where T : class
    {
        try
        {
            await using var stream = await store.ReadAsync(key, version: null, from: 0, cancellationToken);
            using var bytes = new MemoryStream();
            await stream.CopyToAsync(bytes, cancellationToken);
            var content = bytes.GetBuffer().AsMemory(0, (int)bytes.Length);
            var value = JsonSerializer.Deserialize(content.Span, type) ?? throw new JsonException("null");
            return (value, Convert.ToHexStringLower(SHA256.HashData(content.Span)));
        }
        catch (FileNotFoundException)
        {
            return null;
        }
        catch (JsonException broken)
        {
            throw new StagingException($"'{key}' in {store.Location} is damaged ({broken.Message}): remove it and run again to make it anew");
        }
    }
}
