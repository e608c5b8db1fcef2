using Influx;

namespace Migration;

/// <summary>How many values each field of a window has, by type as far as the server's counts tell types apart.</summary>
internal sealed class FieldCounts
{
    private readonly Dictionary<(string Field, FieldType Type), long> counts = [];
    private readonly HashSet<string> mixed = new(StringComparer.Ordinal);

    /// <summary>All of them together.</summary>
    public long FieldValues => counts.Values.Sum();

    /// <summary>Those of a receipt, without what was taken out.</summary>
    public static FieldCounts Of(WindowContent window, WindowContent removed)
    {
        var expected = new FieldCounts();
        foreach (var field in window.Fields)
            expected.Add(field.Name, field.Type, field.Count);
        foreach (var field in removed.Fields)
            expected.Add(field.Name, field.Type, -field.Count);
        return expected;
    }

    /// <summary>Reads the answer to a query for <see cref="InfluxQl.CountColumns"/>.</summary>
    public static FieldCounts Of(FieldSchema schema, IEnumerable<QueryRow> rows)
    {
        var found = new FieldCounts();
        // Where no types conflict, no field is named, so that one may have a name that can't be said.
        List<FieldCountKey> kinds = schema.HasConflict ? [.. InfluxQl.KindsOf(schema)] : [];
        foreach (var (key, types) in schema.Fields)
        {
            if (types.Count > 1)
                found.mixed.Add(key.ToString());
        }
        foreach (var row in rows)
        {
            for (var column = 1; column < row.Values.Count; column++)
            {
                // A field without values in the window has null or 0; typed columns come in the order of the query, all of them.
                if (row.Values[column] is not long and not null)
                    throw new InvalidDataException($"a count of '{row.Series}' is no integer");
                var kind = schema.HasConflict ? kinds[column - 1] : OnlyKind(row.Columns[column]);
                found.Add(kind.Key.ToString(), kind.Type, row.Values[column] as long? ?? 0);
            }
        }
        return found;

        FieldCountKey OnlyKind(ByteKey column)
        {
            var key = ByteKey.Copy(column.Span["count_".Length..]);
            return schema.TypesOf(key) is [var type]
                ? new FieldCountKey(key, type)
                : throw new TransientException($"the answer has '{column}', a field that was written after the fields were listed");
        }
    }

    /// <summary>Takes in the counts of another part of the same window, or of another window.</summary>
    public void Add(FieldCounts other)
    {
        mixed.UnionWith(other.mixed);
        foreach (var ((field, type), count) in other.counts)
            Add(field, type, count);
    }

    /// <summary>Takes in values of a field.</summary>
    public void Add(FieldCountKey field, long count) => Add(field.Key.ToString(), field.Type, count);

    /// <summary>Whether both have as many values of every field.</summary>
    public bool IsSame(FieldCounts other) => Against(other) == (0, 0);

    /// <summary>Whether there are at least as many values of every field as in another.</summary>
    public bool HasAllOf(FieldCounts other) => other.Against(this).Missing == 0;

    /// <summary>Values that the other lacks, and values that only the other has.</summary>
    public (long Missing, long Extra) Against(FieldCounts found)
    {
        var several = mixed.Union(found.mixed).ToHashSet(StringComparer.Ordinal);
        var (expected, actual) = (Merged(several), found.Merged(several));
        var (missing, extra) = (0L, 0L);
        foreach (var key in expected.Keys.Union(actual.Keys))
        {
            var difference = expected.GetValueOrDefault(key) - actual.GetValueOrDefault(key);
            missing += Math.Max(0, difference);
            extra += Math.Max(0, -difference);
        }
        return (missing, extra);
    }

    private void Add(string field, FieldType type, long count) =>
        counts[(field, type)] = counts.GetValueOrDefault((field, type)) + count;

    private Dictionary<(string Field, FieldType Type), long> Merged(HashSet<string> several) => counts
        .GroupBy(count => several.Contains(count.Key.Field) && count.Key.Type is FieldType.Integer or FieldType.Unsigned ? (count.Key.Field, FieldType.Float) : count.Key)
        .ToDictionary(group => group.Key, group => group.Sum(count => count.Value));
}
