using TestServers;

namespace Migration.Tests;

public sealed class StoredPlanTests : IAsyncLifetime
{
    private const string Key = "items/e/plan.partial.json";
    private const long Day = 86_400_000_000_000;

    private InfluxdProcess source = null!;

    public async ValueTask InitializeAsync()
    {
        source = await InfluxdProcess.StartAsync();
        await Pipeline.QueryAsync(source.Url, "CREATE DATABASE d WITH DURATION 0s SHARD DURATION 1d NAME \"rp\"");
        await Pipeline.WriteAsync(source.Url, $"a v=1 {20_000 * Day}\nb v=1 {20_000 * Day}\nc v=1 {20_000 * Day}");
    }

    public ValueTask DisposeAsync() => source.DisposeAsync();

    [Theory]
    [InlineData("the same run", 1)]
    [InlineData("a run of the same name", 2)]
    public async Task A_planning_goes_on_with_its_own_part_alone(string run, int windows)
    {
        await using var destination = await InfluxdProcess.StartAsync();
        using var pipeline = new Pipeline(source.Url, destination.Url);
        using var store = FolderStore.Open(pipeline.Folder);
        var cut = new Continuation(Key, DateTimeOffset.UtcNow, "the same run");
        for (MigrationPlan? partial = null; partial?.Position!.Planned.Contains("a") != true;)
        {
            Assert.Null(await StoredPlan.FindOrMakeAsync(pipeline.Context(store), cut, CancellationToken.None));
            partial = await store.ReadJsonAsync(Key, MigrationJson.Default.MigrationPlan, CancellationToken.None);
        }
        await Pipeline.WriteAsync(source.Url, $"a v=2 {20_001 * Day}");

        var plan = await StoredPlan.FindOrMakeAsync(pipeline.Context(store), cut with { Run = run, StopBy = DateTimeOffset.MaxValue }, CancellationToken.None);

        Assert.Equal(windows, plan!.Chunks.Where(chunk => chunk.Measurement == "a").Sum(chunk => chunk.Windows.Count));
        Assert.Null(plan.Position);
    }
}
