using CsCheck;

namespace Influx.Tests;

public sealed class LineRoundTripTests
{
    [Theory]
    [InlineData(Dialect.V1)]
    [InlineData(Dialect.V2)]
    [InlineData(Dialect.V3)]
    public void Points_that_are_written_are_read_back_equal(Dialect dialect) =>
        PointGen.Point(dialect).Array[1, 10].Sample(
            generated =>
            {
                var points = generated.Where(point => LineSink.ReasonOf(dialect, point) is null).ToList();
                var lines = new LineSink(dialect);
                var found = new PointList();
                foreach (var point in points)
                    point.HandTo(lines);

                new LineReader(dialect).ReadAsync(lines.Written, found, TestContext.Current.CancellationToken).GetAwaiter().GetResult();

                Assert.Equal(points.Select(point => point.ToString()), found.Points.Select(point => point.ToString()));
            },
            iter: 4_000);

    [Theory]
    [InlineData(Dialect.V1)]
    [InlineData(Dialect.V2)]
    [InlineData(Dialect.V3)]
    public void Random_bytes_are_read_or_refused_as_malformed(Dialect dialect) =>
        Gen.OneOf(Gen.Byte, Gen.OneOf([.. "m,t= \\\"\n#1ife.-"u8.ToArray()])).Array[0, 40].Sample(
            bytes =>
            {
                try
                {
                    new LineReader(dialect).ReadAsync(bytes, new PointList(), TestContext.Current.CancellationToken).GetAwaiter().GetResult();
                }
                catch (FormatException)
                {
                    // The documented answer to a malformed line.
                }
            },
            iter: 20_000,
            print: bytes => Convert.ToHexString(bytes) + " " + System.Text.Encoding.Latin1.GetString(bytes));
}
