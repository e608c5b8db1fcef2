using System.Buffers;
using System.Globalization;
using System.IO.Hashing;
using System.Text;
using System.Text.Unicode;

namespace Influx;

/// <summary>A name as the server sent it. Names are bytes: InfluxDB takes ones that are no UTF-8.</summary>
/// <param name="Bytes">The raw bytes, unescaped.</param>
public readonly record struct ByteKey(ReadOnlyMemory<byte> Bytes) : IComparable<ByteKey>
{
    /// <summary>The raw bytes.</summary>
    public ReadOnlySpan<byte> Span => Bytes.Span;

    /// <summary>A copy of the bytes as a name.</summary>
    public static ByteKey Copy(ReadOnlySpan<byte> bytes) => new(bytes.ToArray());

    /// <summary>A text's UTF-8 as a name.</summary>
    public static ByteKey From(string text) => new(Encoding.UTF8.GetBytes(text));

    /// <summary>Whether <see cref="ToString"/> tells the whole name.</summary>
    public bool IsUtf8 => Utf8.IsValid(Span);

    /// <inheritdoc/>
    public int CompareTo(ByteKey other) => Span.SequenceCompareTo(other.Span);

    /// <summary>By content.</summary>
    public bool Equals(ByteKey other) => Span.SequenceEqual(other.Span);

    /// <inheritdoc/>
    public override int GetHashCode() => (int)XxHash3.HashToUInt64(Span);

    /// <summary>The name as text, for people: bytes that are no UTF-8 show as U+FFFD.</summary>
    public override string ToString() => Encoding.UTF8.GetString(Span);

    /// <summary>The name as text that tells it whole: each byte that is no UTF-8 as <c>\xff</c>.</summary>
    public string Readable()
    {
        if (IsUtf8)
            return ToString();
        var text = new StringBuilder();
        for (var rest = Span; !rest.IsEmpty;)
        {
            var valid = Rune.DecodeFromUtf8(rest, out var rune, out var length) == OperationStatus.Done;
            if (valid)
                text.Append(rune.ToString());
            else
            {
                foreach (var one in rest[..length])
                    text.Append(CultureInfo.InvariantCulture, $"\\x{one:x2}");
            }
            rest = rest[length..];
        }
        return text.ToString();
    }

    /// <summary>In the order of their bytes, as InfluxDB orders tags.</summary>
    public static bool operator <(ByteKey left, ByteKey right) => left.CompareTo(right) < 0;

    /// <summary>In the order of their bytes, as InfluxDB orders tags.</summary>
    public static bool operator >(ByteKey left, ByteKey right) => left.CompareTo(right) > 0;

    /// <summary>In the order of their bytes, as InfluxDB orders tags.</summary>
    public static bool operator <=(ByteKey left, ByteKey right) => left.CompareTo(right) <= 0;

    /// <summary>In the order of their bytes, as InfluxDB orders tags.</summary>
    public static bool operator >=(ByteKey left, ByteKey right) => left.CompareTo(right) >= 0;
}

/// <summary>One tag of a series; neither part is empty.</summary>
/// <param name="Key">The tag key.</param>
/// <param name="Value">The tag value.</param>
public readonly record struct SeriesTag(ByteKey Key, ByteKey Value);
