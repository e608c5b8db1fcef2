using Influx;

namespace Migration;

/// <summary>A window that is read back in parts, more of them each time that the server gives one up.</summary>
/// <param name="window">The window.</param>
internal sealed class WindowParts(TimeRange window)
{
    /// <summary>Nanoseconds below which a failing query is not a matter of size.</summary>
    public const long MinPart = 1_000_000_000;

    private readonly List<TimeRange> parts = [window];

    /// <summary>The whole window.</summary>
    public TimeRange Window => window;

    /// <summary>The parts as they are now, in order.</summary>
    public IReadOnlyList<TimeRange> Ranges => parts;

    /// <summary>Reads all parts, and starts over when one had to be cut.</summary>
    /// <param name="read">Reads them anew, into a sink of its own each time.</param>
    /// <exception cref="QueryTooLargeException">Even a short part is given up.</exception>
    public async Task<T> ReadAsync<T>(Func<Task<T>> read)
    {
        while (true)
        {
            try
            {
                return await read();
            }
            catch (WindowTooLargeException large)
            {
                if (large.Range.Length < 2 * MinPart)
                    throw new QueryTooLargeException($"the server gives up even the short window {large.Range}: {large.Message}");
                var at = parts.IndexOf(large.Range);
                var (early, late) = large.Range.Halve();
                parts[at] = early;
                parts.Insert(at + 1, late);
            }
        }
    }
}
