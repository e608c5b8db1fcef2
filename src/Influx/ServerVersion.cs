using System.Globalization;
using System.Text.RegularExpressions;

namespace Influx;

/// <summary>The server families; they differ in API, names and line-protocol escapes.</summary>
public enum ServerFamily
{
    /// <summary>InfluxDB 1.x.</summary>
    V1 = 1,

    /// <summary>InfluxDB 2.x, self-managed or Amazon Timestream for InfluxDB.</summary>
    V2 = 2,

    /// <summary>InfluxDB 3.</summary>
    V3 = 3,
}

/// <summary>A server's version as it states it: <c>1.6.7~rc0</c>, <c>v2.7.1</c>, <c>3.4.2</c>.</summary>
/// <param name="Family">Taken from the major number; never from which path exists (1.11 serves 2.x paths).</param>
/// <param name="Minor">The minor number.</param>
/// <param name="Patch">The patch number.</param>
public readonly partial record struct ServerVersion(ServerFamily Family, int Minor, int Patch) : IComparable<ServerVersion>
{
    /// <summary>Reads a version text with or without a leading <c>v</c>; anything after the patch number is dropped.</summary>
    /// <returns>False when the text holds no <c>major.minor.patch</c> with a major number of 1 to 3.</returns>
    public static bool TryParse(string? text, out ServerVersion version)
    {
        version = default;
        var match = VersionText().Match(text ?? "");
        if (!match.Success)
            return false;
        version = new ServerVersion((ServerFamily)Number("major"), Number("minor"), Number("patch"));
        return true;

        int Number(string group) => int.Parse(match.Groups[group].ValueSpan, CultureInfo.InvariantCulture);
    }

    /// <inheritdoc/>
    public int CompareTo(ServerVersion other) =>
        (Family, Minor, Patch).CompareTo((other.Family, other.Minor, other.Patch));

    /// <inheritdoc/>
    public override string ToString() => $"{(int)Family}.{Minor}.{Patch}";

    /// <summary>Older.</summary>
    public static bool operator <(ServerVersion left, ServerVersion right) => left.CompareTo(right) < 0;

    /// <summary>Newer.</summary>
    public static bool operator >(ServerVersion left, ServerVersion right) => left.CompareTo(right) > 0;

    /// <summary>Older or the same.</summary>
    public static bool operator <=(ServerVersion left, ServerVersion right) => left.CompareTo(right) <= 0;

    /// <summary>Newer or the same.</summary>
    public static bool operator >=(ServerVersion left, ServerVersion right) => left.CompareTo(right) >= 0;

    [GeneratedRegex(@"^v?(?<major>[123])\.(?<minor>\d{1,5})\.(?<patch>\d{1,5})", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex VersionText();
}
