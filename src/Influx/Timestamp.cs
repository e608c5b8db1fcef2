using System.Globalization;

namespace Influx;

/// <summary>
/// Nanoseconds since 1970 as InfluxDB stores them. A DateTime has 100 ns ticks, so none is on a data path.
/// </summary>
public static class Timestamp
{
    /// <summary>The earliest time of a point, 1677-09-21T00:12:43.145224194Z (InfluxDB keeps the two below for itself).</summary>
    public const long Min = long.MinValue + 2;

    /// <summary>The latest time of a point, 2262-04-11T23:47:16.854775806Z.</summary>
    public const long Max = long.MaxValue - 1;

    private const long NanosecondsPerSecond = 1_000_000_000;

    /// <summary>Reads RFC 3339 in UTC with up to nine fraction digits, a date alone, or plain nanoseconds.</summary>
    /// <returns>False for any other text, and for a time outside of <see cref="Min"/> to <see cref="Max"/>.</returns>
    public static bool TryParse(string text, out long nanoseconds)
    {
        if (long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out nanoseconds))
            return nanoseconds is >= Min and <= Max;
        nanoseconds = 0;
        var whole = text;
        var fraction = 0L;
        var dot = text.IndexOf('.', StringComparison.Ordinal);
        if (dot >= 0)
        {
            var end = dot + 1;
            while (end < text.Length && char.IsAsciiDigit(text[end]))
                end++;
            var digits = end - dot - 1;
            if (digits is < 1 or > 9)
                return false;
            fraction = long.Parse(text.AsSpan(dot + 1, digits), NumberStyles.None, CultureInfo.InvariantCulture);
            for (; digits < 9; digits++)
                fraction *= 10;
            whole = text[..dot] + text[end..];
        }
        string[] formats = dot < 0 ? ["yyyy-MM-dd'T'HH:mm:ssK", "yyyy-MM-dd"] : ["yyyy-MM-dd'T'HH:mm:ssK"];
        if (!DateTimeOffset.TryParseExact(whole, formats, CultureInfo.InvariantCulture,
                DateTimeStyles.AssumeUniversal, out var instant))
            return false;
        var value = ((Int128)instant.ToUnixTimeSeconds() * NanosecondsPerSecond) + fraction;
        if (value < Min || value > Max)
            return false;
        nanoseconds = (long)value;
        return true;
    }

    /// <summary>RFC 3339 with all nine fraction digits where there are any, and without a fraction on a whole second.</summary>
    public static string Format(long nanoseconds)
    {
        var fraction = nanoseconds % NanosecondsPerSecond;
        if (fraction < 0)
            fraction += NanosecondsPerSecond;
        // Subtracting a negative time's fraction could pass long.MinValue.
        var seconds = (long)(((Int128)nanoseconds - fraction) / NanosecondsPerSecond);
        var text = DateTimeOffset.FromUnixTimeSeconds(seconds).ToString("yyyy-MM-dd'T'HH:mm:ss", CultureInfo.InvariantCulture);
        return fraction == 0
            ? text + "Z"
            : string.Create(CultureInfo.InvariantCulture, $"{text}.{fraction:000000000}Z");
    }

    /// <summary>An instant of the system's clock in nanoseconds, as exact as the clock.</summary>
    public static long From(DateTimeOffset instant) => (instant.UtcTicks - DateTimeOffset.UnixEpoch.Ticks) * 100;
}

/// <summary>A time range in nanoseconds.</summary>
/// <param name="Start">Included.</param>
/// <param name="Stop">Excluded; <see cref="long.MaxValue"/> takes in <see cref="Timestamp.Max"/>.</param>
public readonly record struct TimeRange(long Start, long Stop)
{
    /// <summary>Every time that a point can have.</summary>
    public static readonly TimeRange All = new(Timestamp.Min, long.MaxValue);

    /// <summary>Whether no time lies inside.</summary>
    public bool IsEmpty => Stop <= Start;

    /// <summary>Whether a time lies inside.</summary>
    public bool Contains(long time) => time >= Start && time < Stop;

    /// <summary>What lies in both.</summary>
    public TimeRange Intersect(TimeRange other) => new(Math.Max(Start, other.Start), Math.Min(Stop, other.Stop));

    /// <summary>Two halves that meet; the first is the shorter by 1 ns where the length is odd.</summary>
    public (TimeRange First, TimeRange Second) Halve()
    {
        // A shift rounds down where a division would round towards 1970.
        var middle = (long)(((Int128)Start + Stop) >> 1);
        return (this with { Stop = middle }, this with { Start = middle });
    }

    /// <summary>The length in nanoseconds; the whole range exceeds a long.</summary>
    public Int128 Length => (Int128)Stop - Start;

    /// <inheritdoc/>
    public override string ToString() =>
        $"[{Timestamp.Format(Start)}, {(Stop == long.MaxValue ? "end of time" : Timestamp.Format(Stop))})";
}
