using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace Migration;

/// <summary>JSON objects of the staging store.</summary>
public static class StagingStoreJson
{
    /// <summary>Writes a JSON object whole, with its seal.</summary>
    /// <returns>False when it is there and may not be replaced.</returns>
    public static async Task<bool> WriteJsonAsync<T>(
        this IStagingStore store, string key, T value, JsonTypeInfo<T> type, bool replace, CancellationToken cancellationToken) =>
        await store.WriteAsync(key, JsonSeal.Write(key, value, type), replace, cancellationToken);

    /// <summary>Reads a JSON object; null when it is not there.</summary>
    /// <exception cref="StagingException">It is not as it was written.</exception>
    public static async Task<T?> ReadJsonAsync<T>(
        this IStagingStore store, string key, JsonTypeInfo<T> type, CancellationToken cancellationToken)
        where T : class =>
        (await store.ReadHashedAsync(key, type, cancellationToken))?.Value;

    /// <summary>Reads a JSON object with the SHA-256 of its bytes; null when it is not there.</summary>
    /// <exception cref="StagingException">It is not as it was written.</exception>
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
            var sha256 = Convert.ToHexStringLower(SHA256.HashData(content.Span));
            var value = JsonSerializer.Deserialize(JsonSeal.Open(key, content).Span, type) ?? throw new JsonException("null");
            return (value, sha256);
        }
        catch (FileNotFoundException)
        {
            return null;
        }
        catch (JsonException broken)
        {
            throw new StagingException($"'{key}' in {store.Location} is damaged ({broken.Message}): {Remedy(key)}");
        }
    }

    // What was planned once can't be planned the same again.
    private static string Remedy(string key) => key == StagingLayout.Plan
        ? "put it back as it was written, or start over with another --dir-name"
        : "remove it and run again to make it anew";
}
