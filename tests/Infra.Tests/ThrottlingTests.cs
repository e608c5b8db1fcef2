using System.Text.Json.Nodes;

namespace Infra.Tests;

/// <summary>The numbers of the state machine's Retry of throttles, by simulation: no stand-in for AWS enforces a reservation.</summary>
public sealed class ThrottlingTests
{
    private const int Runs = 40;

    // What the state machine had: a quarter of an hour.
    private static readonly RetryNumbers TooShort = new(IntervalSeconds: 2, BackoffRate: 2, MaxAttempts: 30, MaxDelaySeconds: 60);

    private static readonly RetryNumbers Deployed = ReadDeployed();

    [Theory]
    [InlineData(1, 8, 4, 60)]
    [InlineData(1, 8, 4, 900)]
    [InlineData(2, 4, 4, 60)]
    [InlineData(3, 8, 8, 300)]
    public void Chunks_that_are_throttled_wait_until_they_find_a_place(int maps, int wanted, int reserved, int chunkSeconds)
    {
        var ends = Enumerable.Range(0, Runs).Select(seed => new ThrottledMap(Deployed, wanted, reserved, TimeSpan.FromSeconds(chunkSeconds)).Run(maps, chunks: 500, seed)).ToList();

        Assert.All(ends, end => Assert.True(end.Succeeded, $"it failed after {end.Took} and {end.Throttles} throttles"));
        Assert.All(ends, end => Assert.True(end.Throttles > 0));
        // Nearly as fast as if nobody had waited: the last ones wait for at most one delay after a place was free.
        var ideal = TimeSpan.FromSeconds(500.0 * maps * chunkSeconds / reserved);
        Assert.All(ends, end => Assert.InRange(end.Took, ideal * 0.9, (ideal * 1.1) + TimeSpan.FromSeconds(chunkSeconds + (3 * Deployed.MaxDelaySeconds))));
    }

    [Fact]
    public void A_quarter_of_an_hour_of_retries_fails_every_run_with_more_chunks_than_places() => Assert.All(
        Enumerable.Range(0, Runs),
        seed => Assert.False(new ThrottledMap(TooShort, wanted: 8, reserved: 4, TimeSpan.FromSeconds(60)).Run(maps: 1, chunks: 500, seed).Succeeded));

    [Fact]
    public void A_run_that_is_capped_by_its_reservation_is_never_throttled() => Assert.All(
        Enumerable.Range(0, Runs),
        seed => Assert.Equal(0, new ThrottledMap(Deployed, wanted: 4, reserved: 4, TimeSpan.FromSeconds(60)).Run(maps: 1, chunks: 500, seed).Throttles));

    [Fact]
    public void A_throttled_chunk_is_tried_for_as_long_as_an_execution_may_take() => Assert.All(Enumerable.Range(0, Runs), seed =>
    {
        var random = new Random(seed);

        var waited = TimeSpan.FromSeconds(Enumerable.Range(1, Deployed.MaxAttempts).Sum(attempt => Deployed.Wait(attempt, random)));

        // The execution's own limit ends it, with an error that says so; never the number of attempts.
        Assert.True(waited > MigrationStateMachine.LongestExecution(), $"given up after {waited}");
    });

    [Fact]
    public void The_simulation_waits_as_Step_Functions_documents_it()
    {
        var random = new Random(1);

        var waits = Enumerable.Range(0, 10_000).Select(_ => Deployed.Wait(3, random)).ToList();

        Assert.InRange(waits.Min(), 0, 0.01);
        Assert.InRange(waits.Max(), 7.99, 8);
        Assert.InRange(waits.Average(), 3.9, 4.1);
        Assert.InRange(Enumerable.Range(0, 10_000).Max(_ => Deployed.Wait(1_000, random)), Deployed.MaxDelaySeconds - 1, Deployed.MaxDelaySeconds);
    }

    private static RetryNumbers ReadDeployed()
    {
        // All states have the same, which the state machine's tests hold.
        var retry = JsonNode.Parse(MigrationStateMachine.Definition())!["States"]!["Export"]!["ItemProcessor"]!["States"]!["ExportChunk"]!["Retry"]!.AsArray()
            .Single(retry => retry!["ErrorEquals"].Texts().Contains("Lambda.TooManyRequestsException"))!;
        return new RetryNumbers((int)retry["IntervalSeconds"]!, (double)retry["BackoffRate"]!, (int)retry["MaxAttempts"]!, (int)retry["MaxDelaySeconds"]!);
    }
}
