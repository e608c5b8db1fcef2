namespace Influx;

/// <summary>
/// Names that InfluxQL keeps for itself, whatever is stored under them. Seen on 1.6.7; 2.x has the same code, and other families are
/// asked the same way.
/// </summary>
public static class SystemNames
{
    // A query that touches one of them gets a made-up string at time 0 for each series.
    private static readonly string[] Fields = ["_fieldKey", "_name", "_seriesKey", "_tagKey", "_tagValue"];

    // "unable to use system source": a regular expression reads them all the same.
    private static readonly string[] Sources = ["_measurements", "_name", "_tagKey", "_tags"];

    // A regular expression gets no rows, or rows without their tags.
    private static readonly string[] Unreadable = ["_fieldKeys", "_series", "_tagKeys"];

    /// <summary>
    /// Every field but those: as a column it does what <c>*::field</c> does beside <c>GROUP BY *</c> and in a count. Go's regular
    /// expressions can't say "not", so it spells out where each name may be left.
    /// </summary>
    internal static string OtherFields { get; } = $"/^(?s:{NoneOf(Fields)})$/";

    /// <summary>Whether InfluxQL answers a field with words of its own.</summary>
    internal static bool IsField(ByteKey field) => Fields.Any(name => ByteKey.From(name) == field);

    /// <summary>Whether InfluxQL refuses a measurement by its name and takes it by a regular expression.</summary>
    internal static bool IsSource(string measurement) => Sources.Contains(measurement, StringComparer.Ordinal);

    /// <summary>Whether InfluxQL shows a measurement's values in no way.</summary>
    public static bool IsUnreadable(string measurement) => Unreadable.Contains(measurement, StringComparer.Ordinal);

    private static string NoneOf(string[] names)
    {
        var byFirst = names.Where(name => name.Length > 0).GroupBy(name => name[0]).OrderBy(group => group.Key).ToList();
        List<string> alternatives = names.Contains("") ? [] : [""];
        alternatives.Add(byFirst.Count == 0 ? ".+" : $"[^{string.Concat(byFirst.Select(group => group.Key))}].*");
        alternatives.AddRange(byFirst.Select(group => group.Key + NoneOf([.. group.Select(name => name[1..])])));
        return $"(?:{string.Join('|', alternatives)})";
    }
}
