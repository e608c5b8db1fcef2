using System.Globalization;
using Influx;

namespace Migration;

/// <summary>How numbers, times and sizes read on the page.</summary>
public static partial class ReportHtml
{
    private const string None = "–";

    /// <summary>A length of time to two units; the finer one goes where it tells nothing.</summary>
    private static string Duration(double seconds)
    {
        if (!double.IsFinite(seconds) || seconds <= 0)
            return "0 s";
        if (seconds < 0.9995)
        {
            return seconds switch
            {
                < 1e-6 => Invariant($"{seconds * 1e9:0} ns"),
                < 1e-3 => Invariant($"{seconds * 1e6:0} µs"),
                _ => Invariant($"{seconds * 1e3:0} ms"),
            };
        }
        if (seconds < 59.95)
            return Invariant($"{seconds:0.0} s");
        if (seconds < 3599.5)
            return Pair(Math.Round(seconds), 60, "min", "s");
        if (seconds < 86_370)
            return Pair(Math.Round(seconds / 60), 60, "h", "min");
        if (seconds < 366 * 86_400.0)
            return Pair(Math.Round(seconds / 3600), 24, "d", "h");
        return Pair(Math.Round(seconds / 86_400), 365, "years", "d");

        static string Pair(double units, int perLarge, string large, string small)
        {
            var whole = Math.Floor(units / perLarge);
            var rest = units - (whole * perLarge);
            return rest == 0 ? Invariant($"{whole:N0} {large}") : Invariant($"{whole:N0} {large} {rest:0} {small}");
        }
    }

    private static string Size(long bytes) => bytes switch
    {
        < 1_000 => Invariant($"{bytes} B"),
        < 999_500 => Invariant($"{bytes / 1e3:0.#} kB"),
        < 999_500_000 => Invariant($"{bytes / 1e6:0.#} MB"),
        < 999_500_000_000 => Invariant($"{bytes / 1e9:0.##} GB"),
        _ => Invariant($"{bytes / 1e12:N2} TB"),
    };

    private static string Rate(double count, double seconds) =>
        seconds > 0 && count > 0 ? (count / seconds).ToString("N0", CultureInfo.InvariantCulture) : None;

    private static string MegabytesPerSecond(long bytes, double seconds) =>
        seconds > 0 && bytes > 0 ? (bytes / 1e6 / seconds).ToString("N2", CultureInfo.InvariantCulture) : None;

    /// <summary>"1 point", "2 points".</summary>
    private static string Counted(Int128 count, string one, string? many = null) =>
        count == 1 ? $"1 {one}" : Invariant($"{count:N0} {many ?? one + "s"}");

    private static string Number(Int128 count) => count.ToString("N0", CultureInfo.InvariantCulture);

    private static string Percent(double share) => Invariant($"{Math.Clamp(share, 0, 1) * 100:0.##}");

    /// <summary>A whole second of the system's clock.</summary>
    private static string Instant(DateTimeOffset instant) =>
        instant.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);

    private static string WindowStop(long stop) => stop == long.MaxValue ? "end of time" : Timestamp.Format(stop);

    /// <summary>A name or an example of any length, cut to what a page can hold; report.json has all of it.</summary>
    private static string Cut(string text, int length = 160)
    {
        if (text.Length <= length)
            return text;
        // Half of a surrogate pair is no character.
        var end = char.IsHighSurrogate(text[length - 1]) ? length - 1 : length;
        return text[..end] + "…";
    }

    private static Int128 Total(IEnumerable<long> counts)
    {
        var total = Int128.Zero;
        foreach (var count in counts)
            total += count;
        return total;
    }

    private static string Invariant(FormattableString text) => FormattableString.Invariant(text);
}
