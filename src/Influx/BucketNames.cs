using System.Globalization;
using System.Text;

namespace Influx;

/// <summary>The names that a server's buckets can have, so that a refusal is known before the first one is made.</summary>
public static class BucketNames
{
    // 1.x keeps databases and retention policies as folders.
    private const int MaxFolderBytes = 255;
    private const int MaxDatabaseBytes = 511;

    /// <summary>Why a server can have no bucket of a name, as a sentence's rest; null when it can.</summary>
    /// <param name="dialect">The server's.</param>
    /// <param name="name">The bucket's name; of 1.x <c>database</c> or <c>database/retention-policy</c>.</param>
    public static string? Reason(Dialect dialect, string name) => dialect switch
    {
        Dialect.V1 => name.Split('/', 2).Select(OfFolder).FirstOrDefault(reason => reason is not null),
        Dialect.V2 => OfBucket(name),
        _ => OfDatabase(name),
    };

    // meta.ValidName of 1.x; Go's unicode.IsPrint is letters, marks, numbers, punctuation, symbols and the ASCII space.
    private static string? OfFolder(string name)
    {
        if (name is "" or "." or "..")
            return "a database or retention policy of 1.x is not empty, '.' or '..'";
        if (Encoding.UTF8.GetByteCount(name) > MaxFolderBytes)
            return $"a database or retention policy of 1.x has at most {MaxFolderBytes} bytes";
        return name.AsSpan().ContainsAny('/', '\\') || name.EnumerateRunes().Any(rune => !IsPrinted(rune))
            ? "a database or retention policy of 1.x holds no '/', no backslash and nothing that is not printed (only the one '/' between both)"
            : null;
    }

    private static bool IsPrinted(Rune rune) => rune.Value == ' ' || Rune.GetUnicodeCategory(rune) is not (
        UnicodeCategory.SpaceSeparator or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator or UnicodeCategory.Control
        or UnicodeCategory.Format or UnicodeCategory.Surrogate or UnicodeCategory.PrivateUse or UnicodeCategory.OtherNotAssigned);

    // The server makes one without a name, which nothing finds again (docs/influxdb.md).
    private static string? OfBucket(string name)
    {
        if (name.Length == 0)
            return "a bucket of 2.x needs a name";
        if (name[0] == '_')
            return "a bucket's name starts with no '_' in 2.x";
        return name.Contains('"', StringComparison.Ordinal) ? "a bucket's name holds no '\"' in 2.x" : null;
    }

    // As docs/influxdb.md says of 3.
    private static string? OfDatabase(string name)
    {
        if (name.Length == 0 || !char.IsAsciiLetterOrDigit(name[0]) || Encoding.UTF8.GetByteCount(name) > MaxDatabaseBytes)
            return $"a database of InfluxDB 3 has 1 to {MaxDatabaseBytes} bytes and starts with a letter or a digit of ASCII";
        return name.Any(c => !char.IsAsciiLetterOrDigit(c) && c is not ('_' or '-' or '/')) || name.Count(c => c == '/') > 1
            ? "a database of InfluxDB 3 holds letters and digits of ASCII, '_', '-' and at most one '/'"
            : null;
    }
}
