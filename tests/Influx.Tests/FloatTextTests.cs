using System.Globalization;
using System.Text;
using CsCheck;

namespace Influx.Tests;

public sealed class FloatTextTests
{
    [Theory]
    [InlineData(0.0, "0")]
    [InlineData(-0.0, "-0")]
    [InlineData(1.0, "1")]
    [InlineData(-1.5, "-1.5")]
    [InlineData(0.001, "0.001")]
    [InlineData(-0.000001, "-0.000001")]
    [InlineData(21.37, "21.37")]
    [InlineData(999999999.999999, "999999999.999999")]
    [InlineData(1e-7, "1E-07")]
    [InlineData(1e21, "1E+21")]
    public void Writes_the_shortest_decimal(double value, string text) => Assert.Equal(text, Text(value));

    [Fact]
    public void Random_bits_read_back_the_same() =>
        Gen.Long.Select(BitConverter.Int64BitsToDouble).Where(double.IsFinite).Sample(Survives, iter: 100_000);

    [Fact]
    public void Decimals_of_up_to_seven_digits_read_back_the_same() =>
        Gen.Select(Gen.Long[-2_000_000_000_000_000, 2_000_000_000_000_000], Gen.Int[0, 7], Gen.Int[0, 12])
            .Select((digits, decimals, shorter) => digits / (long)Math.Pow(10, shorter) / Math.Pow(10, decimals))
            .Sample(Survives, iter: 100_000);

    [Fact]
    public void Neighbours_of_decimals_read_back_the_same() =>
        Gen.Select(Gen.Long[-999_999_999_999_999, 999_999_999_999_999], Gen.Bool)
            .Select((digits, up) => up ? Math.BitIncrement(digits / 1e6) : Math.BitDecrement(digits / 1e6))
            .Sample(Survives, iter: 100_000);

    [Fact]
    public void Integers_and_extremes_read_back_the_same()
    {
        double[] values =
        [
            double.MaxValue, double.MinValue, double.Epsilon, -double.Epsilon, 2.2250738585072014e-308, 2.225073858507201e-308, 1e308, 1e9, 1e9 - 1e-6,
            999_999_999.9999995, 1e15, 1e15 - 1, 9_007_199_254_740_993, long.MaxValue, 0.1 + 0.2, 5e-7, 4.9e-7, 1e-6,
        ];
        foreach (var value in values)
            Assert.True(Survives(value), value.ToString("R", CultureInfo.InvariantCulture));
    }

    private static bool Survives(double value)
    {
        var text = Text(value);
        return BitConverter.DoubleToInt64Bits(double.Parse(text, NumberStyles.Float, CultureInfo.InvariantCulture)) == BitConverter.DoubleToInt64Bits(value);
    }

    private static string Text(double value)
    {
        var buffer = new LineBuffer();
        buffer.Append(value);
        return Encoding.ASCII.GetString(buffer.Written.Span);
    }
}
