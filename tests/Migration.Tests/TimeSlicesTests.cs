using CsCheck;
using Influx;

namespace Migration.Tests;

public sealed class TimeSlicesTests
{
    [Fact]
    public void Values_stand_in_the_slices_that_their_window_covers()
    {
        var slices = new TimeSlices(new TimeRange(0, 400), finest: 1);

        slices.Add(new TimeRange(0, 2), 7);
        slices.Add(new TimeRange(398, 400), 5);
        slices.Add(new TimeRange(100, 104), 9);

        Assert.Equal(200, slices.Values.Count);
        Assert.Equal((7, 5), (slices.Values[0], slices.Values[199]));
        Assert.Equal((4, 5), (slices.Values[50], slices.Values[51]));
    }

    [Fact]
    public void No_value_is_lost_at_the_ends_of_time_or_in_a_single_instant()
    {
        var all = new TimeSlices(TimeRange.All, finest: 1);
        all.Add(TimeRange.All, 1_000_003);
        var instant = new TimeSlices(new TimeRange(5, 6), finest: 1);
        instant.Add(new TimeRange(5, 6), 3);

        Assert.Equal(1_000_003, all.Values.Sum());
        Assert.Equal([3L], instant.Values);
    }

    [Theory]
    [InlineData(7, 52)]
    [InlineData(1, 200)]
    [InlineData(365, 1)]
    [InlineData(1_000, 1)]
    public void No_slice_is_finer_than_the_longest_window(int windowDays, int slices) =>
        Assert.Equal(slices, new TimeSlices(new TimeRange(0, 365), windowDays).Values.Count);

    [Fact]
    public void The_sum_of_the_slices_is_that_of_the_windows() =>
        Gen.Select(Gen.Int[1, 5_000], Gen.Int[0, 4_999], Gen.Int[1, 5_000], Gen.Int[0, 1_000_000]).Sample((length, start, span, values) =>
        {
            start %= length;
            var slices = new TimeSlices(new TimeRange(0, length), finest: 1);
            slices.Add(new TimeRange(start, Math.Min(start + span, length)), values);
            Assert.Equal(values, slices.Values.Sum());
            Assert.All(slices.Values, value => Assert.True(value >= 0));
        });
}
