using System.Buffers.Binary;
using System.IO.Hashing;
using System.Runtime.CompilerServices;

namespace Influx;

/// <summary>
/// The content digest, version 1: the sum modulo 2^128, over all field values, of XXH128 of the 32 bytes {field hash (16, little
/// endian), time (8, LE), value (8, LE)}. The field hash is XXH128 of {series hash (16, LE), type (1), field key}, the series
/// hash XXH128 of {measurement, tag key, tag value, …} in the order of the tag keys; each name is preceded by its length
/// (4, LE). A value is its 64 bits, a boolean 0 or 1, a string the XXH3-64 of its bytes. A sum knows no order, and what is
/// left out can be subtracted.
/// </summary>
/// <param name="Sum">The sum.</param>
public readonly record struct ContentDigest(UInt128 Sum)
{
    /// <summary>The digest of both contents.</summary>
    public static ContentDigest operator +(ContentDigest left, ContentDigest right) => new(unchecked(left.Sum + right.Sum));

    /// <summary>The digest of the left content without the right.</summary>
    public static ContentDigest operator -(ContentDigest left, ContentDigest right) => new(unchecked(left.Sum - right.Sum));

    /// <summary>The digest of both contents.</summary>
    public static ContentDigest Add(ContentDigest left, ContentDigest right) => left + right;

    /// <summary>The digest of the left content without the right.</summary>
    public static ContentDigest Subtract(ContentDigest left, ContentDigest right) => left - right;

    /// <summary>32 hexadecimal digits.</summary>
    public override string ToString() => Sum.ToString("x32");

    /// <summary>Reads what ToString wrote.</summary>
    public static ContentDigest Parse(string text) =>
        new(UInt128.Parse(text, System.Globalization.NumberStyles.AllowHexSpecifier, System.Globalization.CultureInfo.InvariantCulture));

    /// <summary>The hash of one field value.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static UInt128 HashOf(in PointView point, in FieldValue value)
    {
        Span<byte> record = stackalloc byte[32];
        BinaryPrimitives.WriteUInt128LittleEndian(record, point.Series.Fields[value.Field].HashOf(value.Type));
        BinaryPrimitives.WriteInt64LittleEndian(record[16..], point.Time);
        BinaryPrimitives.WriteInt64LittleEndian(record[24..], ValueBits(point, value));
        return XxHash128.HashToUInt128(record);
    }

    /// <summary>The 64 bits that stand for a value.</summary>
    public static long ValueBits(in PointView point, in FieldValue value) =>
        value.Type == FieldType.String ? (long)XxHash3.HashToUInt64(point.StringOf(value)) : value.Bits;
}

/// <summary>A field of a measurement with one type: what counts are kept by.</summary>
/// <param name="Key">The field key.</param>
/// <param name="Type">The type.</param>
public readonly record struct FieldCountKey(ByteKey Key, FieldType Type);

/// <summary>Counts and digest of the points that pass by.</summary>
public sealed class ContentTally : IPointSink
{
    private readonly Dictionary<FieldCountKey, long> fieldCounts = [];
    private SeriesShape? current;
    private long[] counts = [];
    private UInt128 sum;

    /// <summary>How many points passed.</summary>
    public long Points { get; private set; }

    /// <summary>How many field values they had.</summary>
    public long FieldValues { get; private set; }

    /// <summary>The digest of their content.</summary>
    public ContentDigest Digest => new(sum);

    /// <summary>The field values by field and type.</summary>
    public IReadOnlyDictionary<FieldCountKey, long> FieldCounts
    {
        get
        {
            Fold();
            return fieldCounts;
        }
    }

    /// <inheritdoc/>
    public bool OnPoint(in PointView point)
    {
        Points++;
        foreach (ref readonly var value in point.Values)
            Add(point, value);
        return false;
    }

    /// <summary>Takes one field value without its point.</summary>
    public void Add(in PointView point, in FieldValue value)
    {
        if (!ReferenceEquals(current, point.Series))
        {
            Fold();
            current = point.Series;
            counts = new long[current.Fields.Count * 5];
        }
        counts[(value.Field * 5) + (int)value.Type]++;
        FieldValues++;
        unchecked
        {
            sum += ContentDigest.HashOf(point, value);
        }
    }

    /// <summary>Counts a point whose field values were added one by one.</summary>
    public void CountPoint() => Points++;

    /// <inheritdoc/>
    public ValueTask DrainAsync(CancellationToken cancellationToken) => ValueTask.CompletedTask;

    private void Fold()
    {
        if (current is null)
            return;
        for (var i = 0; i < counts.Length; i++)
        {
            if (counts[i] == 0)
                continue;
            var key = new FieldCountKey(current.Fields[i / 5].Key, (FieldType)(i % 5));
            fieldCounts[key] = fieldCounts.GetValueOrDefault(key) + counts[i];
            counts[i] = 0;
        }
    }
}
