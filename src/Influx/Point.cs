using System.Buffers.Binary;
using System.IO.Hashing;

namespace Influx;

/// <summary>The field types that a measurement's fields have, as SHOW FIELD KEYS lists them.</summary>
public sealed class FieldSchema
{
    private readonly SortedDictionary<ByteKey, List<FieldType>> fields = [];
    private readonly SortedSet<ByteKey> hidden = [];

    /// <summary>The fields that InfluxQL answers with words of its own instead of what is stored; they are never asked for.</summary>
    public IReadOnlyCollection<ByteKey> Hidden => hidden;

    /// <summary>The fields that can be read, in the order of their keys, each with every type that it has in some shard.</summary>
    public IEnumerable<KeyValuePair<ByteKey, List<FieldType>>> Fields => fields;

    /// <summary>How many of these there are.</summary>
    public int Count => fields.Count;

    /// <summary>Whether some field has another type in another shard.</summary>
    public bool HasConflict => fields.Values.Any(types => types.Count > 1);

    /// <summary>Notes one more type of a field.</summary>
    public void Add(ByteKey key, FieldType type)
    {
        if (SystemNames.IsField(key))
        {
            hidden.Add(key);
            return;
        }
        if (!fields.TryGetValue(key, out var types))
            fields[key] = types = [];
        if (!types.Contains(type))
            types.Add(type);
    }

    /// <summary>The same with other types of a field.</summary>
    internal FieldSchema With(ByteKey key, IEnumerable<FieldType> types)
    {
        var other = new FieldSchema();
        foreach (var (field, known) in fields)
            other.fields[field] = field == key ? [.. types] : known;
        other.hidden.UnionWith(hidden);
        return other;
    }

    /// <summary>The types of a field; none where it can't be read, or where the field is newer than the schema.</summary>
    public IReadOnlyList<FieldType> TypesOf(ByteKey key) => fields.TryGetValue(key, out var types) ? types : [];
}

/// <summary>A series with the fields that its points can have, and what is computed once for all of them.</summary>
public sealed class SeriesShape
{
    /// <summary>Makes one.</summary>
    /// <param name="measurement">Its measurement.</param>
    /// <param name="tags">Its tags in the order of their keys.</param>
    /// <param name="fields">The field keys that a point's values refer to by index.</param>
    public SeriesShape(ByteKey measurement, IReadOnlyList<SeriesTag> tags, IReadOnlyList<ByteKey> fields)
    {
        Measurement = measurement;
        Tags = tags;
        Fields = [.. fields.Select(key => new SeriesField(this, key))];
        SeriesHash = HashSeries(measurement, tags);
    }

    /// <summary>The measurement.</summary>
    public ByteKey Measurement { get; }

    /// <summary>The tags in the order of their keys.</summary>
    public IReadOnlyList<SeriesTag> Tags { get; }

    /// <summary>The fields by index.</summary>
    public IReadOnlyList<SeriesField> Fields { get; }

    /// <summary>The hash of the series key: a part of the content digest.</summary>
    public UInt128 SeriesHash { get; }

    /// <summary>The series as people write it: <c>measurement,tag=value</c>.</summary>
    public override string ToString() => string.Join(',', [Measurement.ToString(), .. Tags.Select(tag => $"{tag.Key}={tag.Value}")]);

    // Every part is preceded by its length, so that no two series share their bytes.
    private static UInt128 HashSeries(ByteKey measurement, IReadOnlyList<SeriesTag> tags)
    {
        var hash = new XxHash128();
        Append(hash, measurement);
        foreach (var tag in tags)
        {
            Append(hash, tag.Key);
            Append(hash, tag.Value);
        }
        return hash.GetCurrentHashAsUInt128();
    }

    internal static void Append(XxHash128 hash, ByteKey part)
    {
        Span<byte> length = stackalloc byte[4];
        BinaryPrimitives.WriteInt32LittleEndian(length, part.Span.Length);
        hash.Append(length);
        hash.Append(part.Span);
    }
}

/// <summary>A field of a series.</summary>
/// <param name="series">The series.</param>
/// <param name="key">The field key.</param>
public sealed class SeriesField(SeriesShape series, ByteKey key)
{
    private readonly UInt128?[] hashes = new UInt128?[5];

    /// <summary>The field key.</summary>
    public ByteKey Key { get; } = key;

    /// <summary>The hash of series key, type and field key: a part of the content digest.</summary>
    public UInt128 HashOf(FieldType type) => hashes[(int)type] ??= Compute(type);

    private UInt128 Compute(FieldType type)
    {
        Span<byte> head = stackalloc byte[17];
        BinaryPrimitives.WriteUInt128LittleEndian(head, series.SeriesHash);
        head[16] = (byte)type;
        var hash = new XxHash128();
        hash.Append(head);
        SeriesShape.Append(hash, Key);
        return hash.GetCurrentHashAsUInt128();
    }
}

/// <summary>One field value of a point.</summary>
/// <param name="Field">The index of the field in the series' shape.</param>
/// <param name="Type">Its type.</param>
/// <param name="Bits">The value: a float's IEEE bits, an integer, 0 or 1; for a string the place of its bytes in the point's text.</param>
/// <param name="Length">A string's length in bytes.</param>
public readonly record struct FieldValue(int Field, FieldType Type, long Bits, int Length);

/// <summary>A point as it passes by; valid only until the call that hands it over returns.</summary>
public readonly ref struct PointView
{
    /// <summary>Makes one.</summary>
    public PointView(SeriesShape series, long time, ReadOnlySpan<FieldValue> values, ReadOnlySpan<byte> text)
    {
        Series = series;
        Time = time;
        Values = values;
        Text = text;
    }

    /// <summary>Its series.</summary>
    public SeriesShape Series { get; }

    /// <summary>Nanoseconds since 1970.</summary>
    public long Time { get; }

    /// <summary>Its field values; at least one.</summary>
    public ReadOnlySpan<FieldValue> Values { get; }

    /// <summary>The bytes that string values refer to.</summary>
    public ReadOnlySpan<byte> Text { get; }

    /// <summary>A string value's bytes.</summary>
    public ReadOnlySpan<byte> StringOf(in FieldValue value) => Text.Slice((int)value.Bits, value.Length);
}

/// <summary>What takes points, from a query's answer or from line protocol.</summary>
public interface IPointSink
{
    /// <summary>Takes a point.</summary>
    /// <returns>True to have <see cref="DrainAsync"/> called before the next point.</returns>
    bool OnPoint(in PointView point);

    /// <summary>Gives what was gathered away, so that memory stays bounded; also called once at the end.</summary>
    ValueTask DrainAsync(CancellationToken cancellationToken);
}
