namespace Migration;

/// <summary>Finds the name that a person meant.</summary>
public static class NearestName
{
    /// <summary>What to say of a property that is not known.</summary>
    public static string Unknown(string name, IReadOnlyCollection<string> known)
    {
        var nearest = Of(name, known)!;
        return Distance(name.ToUpperInvariant(), nearest.ToUpperInvariant()) <= Math.Max(2, nearest.Length / 2)
            ? $"'{name}' is no property: did you mean '{nearest}'?"
            : $"'{name}' is no property: there are {string.Join(", ", known)}";
    }

    /// <summary>The one of some names that is nearest to what was written, in any case; null where there are none.</summary>
    public static string? Of(string name, IEnumerable<string> known) =>
        known.MinBy(candidate => Distance(name.ToUpperInvariant(), candidate.ToUpperInvariant()));

    // Levenshtein's, row by row.
    private static int Distance(string one, string other)
    {
        var row = Enumerable.Range(0, other.Length + 1).ToArray();
        for (var i = 1; i <= one.Length; i++)
        {
            var diagonal = row[0];
            row[0] = i;
            for (var j = 1; j <= other.Length; j++)
            {
                var above = row[j];
                row[j] = Math.Min(Math.Min(row[j], row[j - 1]) + 1, diagonal + (one[i - 1] == other[j - 1] ? 0 : 1));
                diagonal = above;
            }
        }
        return row[^1];
    }
}
