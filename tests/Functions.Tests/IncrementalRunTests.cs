using Functions.Incremental;
using Influx;
using Microsoft.Extensions.Time.Testing;
using Migration;

namespace Functions.Tests;

public sealed class IncrementalRunTests
{
    private readonly FakeTimeProvider time = new(new DateTimeOffset(2026, 3, 1, 12, 0, 0, TimeSpan.Zero));

    [Fact]
    public void The_first_run_moves_everything_up_to_now_minus_the_lag()
    {
        var run = Begin(new MigrationInput(), Request(), mark: null)!;

        Assert.Equal((null, null, "2026-03-01T11:55:00Z"), (run.From, run.Start, run.Stop));
    }

    [Fact]
    public void The_first_run_begins_at_the_start_of_the_input()
    {
        var run = Begin(new MigrationInput(), Request() with { Start = "2026-01-01" }, mark: null)!;

        Assert.Equal(("2026-01-01T00:00:00Z", "2026-03-01T11:55:00Z"), (run.Start, run.Stop));
    }

    [Fact]
    public void A_later_run_begins_at_the_mark_minus_the_overlap()
    {
        var run = Begin(new MigrationInput { OverlapSeconds = 1_800, LagSeconds = 60 }, Request(), "2026-03-01T08:00:00.5Z")!;

        Assert.Equal(("2026-03-01T08:00:00.5Z", "2026-03-01T07:30:00.500000000Z", "2026-03-01T11:59:00Z"), (run.From, run.Start, run.Stop));
    }

    [Fact]
    public void Each_run_ends_where_the_next_one_takes_its_mark_from()
    {
        var first = Begin(new MigrationInput(), Request(), mark: null)!;
        time.Advance(TimeSpan.FromHours(1));

        var second = Begin(new MigrationInput { OverlapSeconds = 0 }, Request(), first.Stop)!;

        Assert.Equal((first.Stop, first.Stop, "2026-03-01T12:55:00Z"), (second.From, second.Start, second.Stop));
    }

    [Fact]
    public void The_overlap_does_not_reach_before_the_start_of_the_input()
    {
        var run = Begin(new MigrationInput { OverlapSeconds = 86_400 }, Request() with { Start = "2026-03-01" }, "2026-03-01T08:00:00Z")!;

        Assert.Equal("2026-03-01T00:00:00Z", run.Start);
    }

    [Theory]
    [InlineData("2026-03-01T11:55:00Z", null)]
    [InlineData("2026-03-01T11:59:00Z", null)]
    [InlineData(null, "2026-03-01T11:55:00Z")]
    public void There_is_nothing_to_do_when_no_time_lies_between_mark_or_start_and_the_lag(string? mark, string? start) =>
        Assert.Null(Begin(new MigrationInput(), Request() with { Start = start }, mark));

    [Fact]
    public void The_range_is_moved_to_the_nanosecond_of_the_mark()
    {
        var run = Begin(new MigrationInput { OverlapSeconds = 0 }, Request(), "2026-03-01T08:00:00.123456789Z")!;

        Assert.Equal(Timestamp.From(new DateTimeOffset(2026, 3, 1, 8, 0, 0, TimeSpan.Zero)) + 123_456_789, run.Of(Request()).Range.Start);
    }

    [Fact]
    public void Only_the_first_run_may_meet_a_bucket_that_is_not_its_own()
    {
        var first = Begin(new MigrationInput(), Request(), mark: null)!;
        var later = Begin(new MigrationInput(), Request(), "2026-03-01T08:00:00Z")!;

        Assert.Equal((ExistingBucket.Fail, ExistingBucket.Reuse), (first.Of(Request()).Existing, later.Of(Request()).Existing));
        Assert.Equal(ExistingBucket.Reuse, first.Of(Request() with { Existing = ExistingBucket.Reuse }).Existing);
    }

    [Fact]
    public void A_mark_without_a_name_is_the_same_for_the_same_data_at_any_time()
    {
        var (name, identity) = IncrementalRun.MarkOf(new MigrationInput(), Request());

        Assert.Equal((name, identity), IncrementalRun.MarkOf(new MigrationInput { LagSeconds = 1 }, Request() with { Start = "2026-01-01", Concurrency = 9 }));
        Assert.NotEqual(name, IncrementalRun.MarkOf(new MigrationInput(), Request() with { Measurements = ["cpu"] }).Name);
        Assert.Equal(("nightly", identity), IncrementalRun.MarkOf(new MigrationInput { Mark = "nightly" }, Request()));
    }

    [Fact]
    public void A_mark_that_is_no_time_is_a_damaged_object()
    {
        var damaged = Assert.Throws<StagingException>(() => Begin(new MigrationInput(), Request(), "yesterday"));

        Assert.Contains("the mark 'yesterday' is no time", damaged.Message, StringComparison.Ordinal);
    }

    private static MigrationRequest Request() => new() { Source = { Bucket = "b" } };

    private IncrementalRun? Begin(MigrationInput input, MigrationRequest request, string? mark) => IncrementalRun.Begin(input, request, mark, time.GetUtcNow());
}
