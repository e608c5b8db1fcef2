using CsCheck;

namespace Influx.Tests;

public sealed class TimestampTests
{
    [Theory]
    [InlineData("1970-01-01T00:00:00Z", 0)]
    [InlineData("1970-01-01", 0)]
    [InlineData("1970-01-01T00:00:00.000000001Z", 1)]
    [InlineData("1969-12-31T23:59:59.999999999Z", -1)]
    [InlineData("2024-02-29T12:00:00.5Z", 1709208000500000000)]
    [InlineData("2024-02-29T13:00:00+01:00", 1709208000000000000)]
    [InlineData("1677-09-21T00:12:43.145224194Z", Timestamp.Min)]
    [InlineData("2262-04-11T23:47:16.854775806Z", Timestamp.Max)]
    [InlineData("1709208000000000001", 1709208000000000001)]
    [InlineData("-5", -5)]
    public void Reads_rfc_3339_and_nanoseconds(string text, long nanoseconds)
    {
        Assert.True(Timestamp.TryParse(text, out var read));
        Assert.Equal(nanoseconds, read);
    }

    [Theory]
    [InlineData("")]
    [InlineData("yesterday")]
    [InlineData("2024-02-30")]
    [InlineData("2024-01-01T00:00:00.Z")]
    [InlineData("2024-01-01T00:00:00.1234567890Z")]
    [InlineData("2024-01-01 00:00:00Z")]
    [InlineData("2024-01-01.5")]
    [InlineData("1.5")]
    [InlineData("1677-09-21T00:12:43.145224193Z")]
    [InlineData("2262-04-11T23:47:16.854775807Z")]
    [InlineData("2800-01-01T00:00:00Z")]
    [InlineData("9223372036854775807")]
    public void Refuses_other_texts_and_times(string text) => Assert.False(Timestamp.TryParse(text, out _));

    [Theory]
    [InlineData(0, "1970-01-01T00:00:00Z")]
    [InlineData(-1, "1969-12-31T23:59:59.999999999Z")]
    [InlineData(1_500_000_000, "1970-01-01T00:00:01.500000000Z")]
    [InlineData(Timestamp.Min, "1677-09-21T00:12:43.145224194Z")]
    [InlineData(Timestamp.Max, "2262-04-11T23:47:16.854775806Z")]
    [InlineData(long.MinValue, "1677-09-21T00:12:43.145224192Z")]
    public void Writes_all_nine_digits_or_none(long nanoseconds, string text) => Assert.Equal(text, Timestamp.Format(nanoseconds));

    [Fact]
    public void Reads_what_it_writes() =>
        PointGen.Time.Sample(time => Timestamp.TryParse(Timestamp.Format(time), out var read) && read == time, iter: 20_000);

    [Fact]
    public void Halves_of_a_range_meet_and_lose_nothing() =>
        Gen.Select(PointGen.Time, PointGen.Time).Where((a, b) => a < b).Sample(
            (start, stop) =>
            {
                var (first, second) = new TimeRange(start, stop).Halve();
                return first.Start == start && first.Stop == second.Start && second.Stop == stop && (int)(second.Length - first.Length) is 0 or 1;
            },
            iter: 20_000);

    [Theory]
    [InlineData("0s", 0)]
    [InlineData("168h0m0s", 604_800_000)]
    [InlineData("1h30m0s", 5_400_000)]
    [InlineData("24000h0m0s", 86_400_000_000)]
    [InlineData("2h0m0.5s", 7_200_500)]
    [InlineData("1m1.25s", 61_250)]
    [InlineData("100ms", 100)]
    public void Reads_durations_as_go_prints_them(string text, long milliseconds) =>
        Assert.Equal(TimeSpan.FromMilliseconds(milliseconds), GoDuration.Parse(text));

    [Theory]
    [InlineData("1")]
    [InlineData("h")]
    [InlineData("1x")]
    [InlineData("1h-5m")]
    [InlineData("1..5s")]
    public void Refuses_what_is_no_duration(string text) => Assert.Throws<FormatException>(() => GoDuration.Parse(text));

    [Fact]
    public void Writes_durations_for_influxql()
    {
        Assert.Equal("INF", GoDuration.Format(TimeSpan.Zero));
        Assert.Equal("5400s", GoDuration.Format(TimeSpan.FromMinutes(90)));
    }
}
