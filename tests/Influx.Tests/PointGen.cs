using System.Text;
using CsCheck;

namespace Influx.Tests;

/// <summary>Random points that seek the edges of line protocol.</summary>
internal static class PointGen
{
    private static readonly string[] Pieces =
        ["a", "B", "7", ",", "=", " ", "\\", "\"", "'", "\t", "\0", "#", "\r", "/", "é", "日", "😀", "i", "t", "-", ".", "_", "(", "$", "\\ ", "\\=", "=\"", "\\\\", "m", "x", "y", "z", "k", "v", "w", "p", "q"];

    /// <summary>Names of one to six pieces, some of them special.</summary>
    public static readonly Gen<byte[]> Name = Gen.OneOf(Pieces).Array[1, 6].Select(parts => Encoding.UTF8.GetBytes(string.Concat(parts)));

    /// <summary>As <see cref="Name"/>, some with bytes that are no UTF-8.</summary>
    public static readonly Gen<byte[]> RawName = Gen.Select(Name, Gen.Bool, Gen.Byte[128, 255], (name, raw, octet) => raw ? [.. name, octet, (byte)'z'] : name);

    /// <summary>Times at both ends and everywhere.</summary>
    public static readonly Gen<long> Time = Gen.OneOf(Gen.Long[Timestamp.Min, Timestamp.Max], Gen.OneOf(Timestamp.Min, Timestamp.Max, 0L, -1L, 1L));

    private static readonly Gen<long> Double = Gen.OneOf(
        Gen.Long.Where(bits => double.IsFinite(BitConverter.Int64BitsToDouble(bits))),
        Gen.OneOf(0.0, -0.0, double.Epsilon, 1e308, -1e308, double.MaxValue, double.MinValue, 1e-308, 0.1, 1e15, 123456.789, 1e21)
            .Select(BitConverter.DoubleToInt64Bits));

    private static readonly Gen<byte[]> Text = Gen.OneOf([.. Pieces, "\n", "\\\"", "\\\\", "=\"", "\" ", "\r\n", "x y=1 2\n"])
        .Array[0, 8].Select(parts => Encoding.UTF8.GetBytes(string.Concat(parts)));

    private static readonly Gen<byte[]> RawText = Gen.Select(Text, Gen.Bool, Gen.Byte[128, 255], (text, raw, octet) => raw ? [.. text, octet] : text);

    /// <summary>A point, of which the dialect may not hold all.</summary>
    public static Gen<TestPoint> Point(Dialect dialect)
    {
        var name = dialect == Dialect.V3 ? Name : RawName;
        var value = Gen.OneOf(
            Double.Select(bits => (FieldType.Float, bits, Array.Empty<byte>())),
            Gen.OneOf(Gen.Long, Gen.OneOf(long.MinValue, long.MaxValue, 0L, -1L, 127L, 128L)).Select(bits => (FieldType.Integer, bits, Array.Empty<byte>())),
            Gen.Bool.Select(flag => (FieldType.Boolean, flag ? 1L : 0L, Array.Empty<byte>())),
            (dialect == Dialect.V3 ? Text : RawText).Select(text => (FieldType.String, 0L, text)),
            dialect == Dialect.V1
                ? Gen.Long.Select(bits => (FieldType.Integer, bits, Array.Empty<byte>()))
                : Gen.Long.Select(bits => (FieldType.Unsigned, bits, Array.Empty<byte>())));
        var values = Gen.Select(name, value, (key, parts) => new TestValue(key, parts.Item1, parts.Item2, parts.Item3)).Array[1, 4];
        return Gen.Select(name, Gen.Select(name, name).Array[0, 3], values, Time, (measurement, tags, fields, time) => new TestPoint(
            measurement,
            [.. tags.DistinctBy(tag => new ByteKey(tag.Item1))],
            [.. fields.DistinctBy(field => new ByteKey(field.Key))],
            time));
    }
}
