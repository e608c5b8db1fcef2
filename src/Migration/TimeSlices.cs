using Influx;

namespace Migration;

/// <summary>Field values over time in equal slices, as the report draws them.</summary>
/// <param name="range">The time range of all slices.</param>
/// <param name="finest">The least length of a slice in nanoseconds: that of the longest window, since inside of it nothing is known.</param>
internal sealed class TimeSlices(TimeRange range, Int128 finest)
{
    private const int Count = 200;

    private readonly long[] slices = new long[(int)Int128.Clamp(range.Length / Int128.Max(finest, 1), 1, Count)];

    /// <summary>The field values by slice.</summary>
    public IReadOnlyList<long> Values => slices;

    /// <summary>Spreads a window's field values over the slices that it covers by length; none is lost to rounding.</summary>
    public void Add(TimeRange window, long fieldValues)
    {
        if (window.IsEmpty)
            return;
        var first = SliceOf(window.Start);
        var last = SliceOf(window.Stop - 1);
        var placed = 0L;
        for (var slice = first; slice <= last; slice++)
        {
            var covered = slice == last ? window.Length : EdgeAfter(slice) - window.Start;
            var upToHere = (long)(fieldValues * covered / window.Length);
            slices[slice] += upToHere - placed;
            placed = upToHere;
        }
    }

    private int SliceOf(long time)
    {
        var slice = (int)(((Int128)time - range.Start) * slices.Length / range.Length);
        // The division above rounds down, the edges do too: a time at an edge belongs to the later slice.
        return slice + 1 < slices.Length && time >= EdgeAfter(slice) ? slice + 1 : slice;
    }

    private Int128 EdgeAfter(int slice) => range.Start + (range.Length * (slice + 1) / slices.Length);
}
