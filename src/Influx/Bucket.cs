using System.Globalization;

namespace Influx;

/// <summary>A bucket of a 2.x server, a database with a retention policy of a 1.x server, or a database of a 3 server.</summary>
public sealed record Bucket
{
    /// <summary>The name that people give: of a 1.x server <c>database</c> for its default retention policy, else <c>database/retention-policy</c>.</summary>
    public required string Name { get; init; }

    /// <summary>The 2.x id; empty on other servers.</summary>
    public string Id { get; init; } = "";

    /// <summary>The 2.x org's id; empty on other servers.</summary>
    public string OrgId { get; init; } = "";

    /// <summary>What InfluxQL calls the database.</summary>
    public required string Database { get; init; }

    /// <summary>What InfluxQL calls the retention policy; empty on 3, which has none.</summary>
    public string RetentionPolicy { get; init; } = "";

    /// <summary>How long points are kept; zero for ever.</summary>
    public TimeSpan Retention { get; init; }

    /// <summary>The time that a shard group spans; zero on 3, which has none.</summary>
    public TimeSpan ShardGroupDuration { get; init; }
}

/// <summary>A bucket to create.</summary>
/// <param name="Name">Its name, as <see cref="Bucket.Name"/>.</param>
/// <param name="Org">The org's name or id on 2.x; null for the only one that the token sees.</param>
/// <param name="RetentionPolicy">On 1.x the retention policy that a name without one gets.</param>
/// <param name="Retention">How long points are kept; zero for ever.</param>
/// <param name="ShardGroupDuration">The time that a shard group spans.</param>
public sealed record BucketPlan(string Name, string? Org, string RetentionPolicy, TimeSpan Retention, TimeSpan ShardGroupDuration);

/// <summary>Durations as Go prints and InfluxQL reads them.</summary>
internal static class GoDuration
{
    private static readonly System.Buffers.SearchValues<char> NumberCharacters = System.Buffers.SearchValues.Create("0123456789.");

    /// <summary>Reads <c>168h0m0s</c>, <c>1h30m0s</c> or <c>0s</c>.</summary>
    public static TimeSpan Parse(string text)
    {
        var total = TimeSpan.Zero;
        var rest = text.AsSpan();
        while (!rest.IsEmpty)
        {
            var digits = rest.IndexOfAnyExcept(NumberCharacters);
            if (digits <= 0)
                throw new FormatException($"'{text}' is no duration");
            var number = double.Parse(rest[..digits], NumberStyles.Float, CultureInfo.InvariantCulture);
            rest = rest[digits..];
            var unitLength = rest.IndexOfAny(NumberCharacters);
            var unit = (unitLength < 0 ? rest : rest[..unitLength]).ToString();
            rest = unitLength < 0 ? [] : rest[unitLength..];
            total += unit switch
            {
                "h" => TimeSpan.FromHours(number),
                "m" => TimeSpan.FromMinutes(number),
                "s" => TimeSpan.FromSeconds(number),
                "ms" => TimeSpan.FromMilliseconds(number),
                _ => throw new FormatException($"'{text}' is no duration"),
            };
        }
        return total;
    }

    /// <summary>A duration for InfluxQL; zero is for ever.</summary>
    public static string Format(TimeSpan duration) =>
        duration == TimeSpan.Zero ? "INF" : string.Create(CultureInfo.InvariantCulture, $"{(long)duration.TotalSeconds}s");
}
