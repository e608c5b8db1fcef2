using System.Buffers;
using System.Buffers.Text;

namespace Influx;

/// <summary>A growing buffer of line protocol; emptied, never shrunk.</summary>
public sealed class LineBuffer : IBufferWriter<byte>
{
    // A number needs at most 32 bytes; ns timestamps and integers 20.
    private const int NumberRoom = 40;
    private const double ExactIntegers = 1e15;

    private byte[] buffer = new byte[64 * 1024];

    /// <summary>How many bytes are in it.</summary>
    public int Length { get; private set; }

    /// <summary>What is in it.</summary>
    public ReadOnlyMemory<byte> Written => buffer.AsMemory(0, Length);

    /// <summary>Empties it, or cuts it back to an earlier length.</summary>
    public void Truncate(int length = 0) => Length = length;

    /// <inheritdoc/>
    public void Advance(int count) => Length += count;

    /// <inheritdoc/>
    public Memory<byte> GetMemory(int sizeHint = 0)
    {
        Reserve(Math.Max(sizeHint, 1));
        return buffer.AsMemory(Length);
    }

    /// <inheritdoc/>
    public Span<byte> GetSpan(int sizeHint = 0) => GetMemory(sizeHint).Span;

    /// <summary>Appends bytes.</summary>
    public void Append(ReadOnlySpan<byte> bytes)
    {
        Reserve(bytes.Length);
        bytes.CopyTo(buffer.AsSpan(Length));
        Length += bytes.Length;
    }

    /// <summary>Appends one byte.</summary>
    public void Append(byte value)
    {
        Reserve(1);
        buffer[Length++] = value;
    }

    /// <summary>Appends an integer in decimal.</summary>
    public void Append(long value)
    {
        Reserve(NumberRoom);
        Utf8Formatter.TryFormat(value, buffer.AsSpan(Length), out var written);
        Length += written;
    }

    /// <summary>Appends an unsigned integer in decimal.</summary>
    public void Append(ulong value)
    {
        Reserve(NumberRoom);
        Utf8Formatter.TryFormat(value, buffer.AsSpan(Length), out var written);
        Length += written;
    }

    /// <summary>
    /// Appends a float so that reading it gives the same bits. Values with up to six decimals, which most measured data has,
    /// take a short way: when q / 10^n equals the value, the decimal number q·10^-n reads as it (both q and 10^n are exact).
    /// </summary>
    public void Append(double value)
    {
        Reserve(NumberRoom);
        if (Math.Abs(value) < 1e9 && (value != 0 || !double.IsNegative(value)))
        {
            if (TryDecimal(value, 1_000, 3) || TryDecimal(value, 1_000_000, 6))
                return;
        }
        value.TryFormat(buffer.AsSpan(Length), out var written, default, System.Globalization.CultureInfo.InvariantCulture);
        Length += written;
    }

    private bool TryDecimal(double value, long scale, int decimals)
    {
        var scaled = Math.Round(value * scale);
        if (scaled / scale != value || Math.Abs(scaled) >= ExactIntegers)
            return false;
        var digits = (long)scaled;
        if (digits < 0)
        {
            buffer[Length++] = (byte)'-';
            digits = -digits;
        }
        var (whole, fraction) = Math.DivRem(digits, scale);
        Utf8Formatter.TryFormat(whole, buffer.AsSpan(Length), out var written);
        Length += written;
        if (fraction == 0)
            return true;
        while (fraction % 10 == 0)
        {
            fraction /= 10;
            decimals--;
        }
        buffer[Length] = (byte)'.';
        for (var i = decimals; i > 0; i--)
        {
            buffer[Length + i] = (byte)('0' + (fraction % 10));
            fraction /= 10;
        }
        Length += decimals + 1;
        return true;
    }

    private void Reserve(int size)
    {
        if (buffer.Length - Length < size)
            Array.Resize(ref buffer, Math.Max(buffer.Length * 2, Length + size));
    }
}
