using CsCheck;

namespace Migration.Tests.Faults;

/// <summary>
/// Random schedules of faults and kills over two real 1.6.7. Whatever happens, in whatever order: a run that says that it is complete
/// is, and the same command without faults always comes to that end.
/// </summary>
public sealed class ScheduleTests(ScheduleBench bench, ITestOutputHelper output) : IClassFixture<ScheduleBench>
{
    private const int Schedules = 1_000;

    [Fact]
    public async Task Whatever_fails_and_wherever_it_is_killed_a_run_that_says_complete_is()
    {
        // What fails is told with its seed, for the test below.
        await Gen.Int[0, int.MaxValue].SampleAsync(seed => bench.RunAsync(Schedule.Draw(seed, ScheduleBench.Contents)), iter: Schedules, threads: 3);

        foreach (var (place, count) in bench.Kills.OrderByDescending(kill => kill.Value))
            output.WriteLine($"{count} killed in {place}");
        // Kills were there to be survived, in every stage and after a write that nobody learnt of.
        Assert.All(
            [Stage.Plan, Stage.Prepare, Stage.Export, Stage.Stage, Stage.Import, Stage.Verify, Stage.Report],
            stage => Assert.True(bench.Kills.Where(kill => kill.Key.StartsWith($"{stage}:", StringComparison.Ordinal)).Sum(kill => kill.Value) >= 30, $"too few kills in {stage}"));
        Assert.True(bench.Kills.GetValueOrDefault("Import: after POST /write") >= 10, "too few kills between a write and its receipt");
    }

    [Theory]
    [InlineData(392608532)]
    [InlineData(436864449)]
    [InlineData(1190236216)]
    public Task A_schedule_of_a_seed_ends_well(int seed) => bench.RunAsync(Schedule.Draw(seed, ScheduleBench.Contents));
}
