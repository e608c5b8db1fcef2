using System.Text;

namespace Influx;

/// <summary>The words of an error in the msgpack that a 1.x server answers with when a query asks for msgpack, under 4xx and 5xx too.</summary>
internal static class MsgpackError
{
    /// <summary>The text of a map's <c>error</c>; null where the body is none, or ends before it.</summary>
    public static string? Find(ReadOnlySpan<byte> body)
    {
        try
        {
            var position = 0;
            if (!Msgpack.TryReadMap(body, ref position, out var count))
                return null;
            for (var i = 0; i < count; i++)
            {
                if (!Msgpack.TryReadString(body, ref position, out var key))
                    return null;
                if (key.SequenceEqual("error"u8))
                    return Msgpack.TryReadString(body, ref position, out var text) ? Encoding.UTF8.GetString(text) : null;
                if (!Msgpack.TrySkip(body, ref position))
                    return null;
            }
        }
        catch (InvalidDataException)
        {
            // Another text that happens to begin as a map does.
        }
        return null;
    }
}
