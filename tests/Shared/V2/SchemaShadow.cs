namespace TestServers;

/// <summary>
/// The type of each field in each shard group, as far as writes went through this server. The backend keeps unsigned values as
/// strings and settles conflicts inside one batch otherwise than 2.x, so these two things are decided here; all else by the backend.
/// </summary>
internal sealed class SchemaShadow
{
    private readonly Lock gate = new();
    private readonly Dictionary<(string Bucket, long Group, string Measurement, string Field), FieldType> types = [];

    /// <summary>The shard group that a time falls into; groups are counted from the year 1.</summary>
    internal static long GroupOf(Bucket bucket, long time)
    {
        // Seconds from 0001-01-01 to 1970-01-01.
        var since = time + ((Int128)62135596800 * 1_000_000_000);
        return (long)(since / ((Int128)bucket.ShardGroupSeconds * 1_000_000_000));
    }

    internal FieldType? Find(string bucket, long group, string measurement, string field)
    {
        lock (gate)
            return types.TryGetValue((bucket, group, measurement, field), out var type) ? type : null;
    }

    internal void Learn(string bucket, long group, string measurement, string field, FieldType type)
    {
        lock (gate)
            types.TryAdd((bucket, group, measurement, field), type);
    }

    /// <summary>Every type that a field has in any shard group.</summary>
    internal IReadOnlySet<FieldType> TypesOf(string bucket, string measurement, string field)
    {
        lock (gate)
            return types.Where(entry => entry.Key.Bucket == bucket && entry.Key.Measurement == measurement && entry.Key.Field == field).Select(entry => entry.Value).ToHashSet();
    }

    internal bool HasUnsigned(string bucket)
    {
        lock (gate)
            return types.Any(entry => entry.Key.Bucket == bucket && entry.Value == FieldType.Unsigned);
    }

    /// <summary>A measurement without series has no field types any more.</summary>
    internal void KeepOnly(string bucket, IReadOnlySet<string> measurements)
    {
        lock (gate)
        {
            foreach (var gone in types.Keys.Where(key => key.Bucket == bucket && !measurements.Contains(key.Measurement)).ToList())
                types.Remove(gone);
        }
    }

    /// <summary>Looks at what the backend still has after a delete.</summary>
    internal async Task RefreshAsync(Backend backend, string bucket)
    {
        var answer = await backend.JsonAsync("SHOW MEASUREMENTS", bucket);
        var values = answer["results"]?[0]?["series"]?[0]?["values"]?.AsArray() ?? [];
        KeepOnly(bucket, values.Select(row => row![0]!.GetValue<string>()).ToHashSet(StringComparer.Ordinal));
    }
}
