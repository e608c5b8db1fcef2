using Microsoft.Extensions.Time.Testing;

namespace Migration.Tests;

public sealed class StageDeadlineTests
{
    private readonly FakeTimeProvider time = new();

    [Fact]
    public void The_first_piece_may_begin_after_the_deadline_and_no_other()
    {
        var deadline = new Deadline(time.GetUtcNow(), time);
        time.Advance(TimeSpan.FromSeconds(1));

        var first = deadline.Allows(10);
        deadline.Begin(10);
        deadline.End(10);

        Assert.Equal((true, false), (first, deadline.Allows(1)));
    }

    [Theory]
    [InlineData(9, true)]
    [InlineData(10, true)]
    [InlineData(11, false)]
    public void A_piece_may_begin_when_by_the_pace_so_far_it_ends_in_time(long cost, bool allowed)
    {
        var deadline = new Deadline(time.GetUtcNow() + TimeSpan.FromSeconds(20), time);
        deadline.Begin(10);
        time.Advance(TimeSpan.FromSeconds(10));
        deadline.End(10);

        Assert.Equal(allowed, deadline.Allows(cost));
    }

    [Fact]
    public void Pieces_under_way_take_their_share_of_the_time()
    {
        var deadline = new Deadline(time.GetUtcNow() + TimeSpan.FromSeconds(20), time);
        deadline.Begin(10);
        deadline.Begin(5);
        time.Advance(TimeSpan.FromSeconds(10));
        deadline.End(10);

        Assert.Equal((true, false), (deadline.Allows(5), deadline.Allows(6)));
    }

    [Fact]
    public void Without_a_deadline_everything_may_begin()
    {
        var deadline = new Deadline(stopBy: null, time);
        deadline.Begin(1);
        time.Advance(TimeSpan.FromDays(365));

        Assert.True(deadline.Allows(long.MaxValue));
    }
}
