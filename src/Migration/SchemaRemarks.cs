using Influx;

namespace Migration;

/// <summary>What of a measurement's schema needs care at the destination.</summary>
internal static class SchemaRemarks
{
    /// <summary>Finds it.</summary>
    public static IEnumerable<PlanRemark> Of(string bucket, string measurement, FieldSchema schema, IReadOnlyCollection<ByteKey> tagKeys, Dialect dialect)
    {
        foreach (var (key, types) in schema.Fields)
        {
            if (types.Count > 1)
            {
                var names = string.Join(", ", types.Select(type => type.Name()));
                var oneForAll = dialect == Dialect.V3;
                yield return Remark($"the field '{key}' has {types.Count} types in different shards ({names}); {(oneForAll ? "InfluxDB 3 keeps the one that comes first and refuses the others" : "each window keeps its own")}", oneForAll);
            }
            if (tagKeys.Contains(key))
                yield return Remark($"'{key}' is a tag and a field", rejects: false);
            foreach (var type in types)
            {
                if (DialectLimits.FieldReason(dialect, key, type, [.. tagKeys.Select(tag => new SeriesTag(tag, tag))], 0) is { } reason)
                    yield return Remark($"{type.Name()} values of the field '{key}' will be rejected: {reason}", rejects: true);
            }
        }
        foreach (var tag in tagKeys)
        {
            if (DialectLimits.TagKeyReason(dialect, tag) is { } reason)
                yield return Remark($"points with the tag '{tag}' will be rejected: {reason}", rejects: true);
        }

        PlanRemark Remark(string text, bool rejects) => new(bucket, measurement, text, rejects);
    }
}
