using Influx;
using TestServers;

namespace Migration.Tests;

public sealed class PlannerTests : IAsyncLifetime
{
    // A Monday, where a shard group starts.
    private const long Monday = 1_748_822_400_000_000_000;
    private const long Day = 86_400_000_000_000;

    private InfluxdProcess source = null!;

    public async ValueTask InitializeAsync()
    {
        source = await InfluxdProcess.StartAsync();
        await Pipeline.QueryAsync(source.Url, "CREATE DATABASE d WITH DURATION 0s SHARD DURATION 1d NAME \"rp\"");
    }

    public async ValueTask DisposeAsync() => await source.DisposeAsync();

    [Fact]
    public async Task Windows_where_only_other_fields_have_values_are_planned_too()
    {
        var lines = Enumerable.Range(0, 10).Select(day => $"m {(day is 0 or 9 ? "a=1," : "")}b={day} {Monday + (day * Day)}");
        await Pipeline.WriteAsync(source.Url, string.Join('\n', lines));

        var windows = await WindowsAsync("m");

        Assert.Equal(Enumerable.Range(0, 10).Select(day => Monday + (day * Day)), windows.Select(window => window.Start));
        Assert.Equal([2, 1, 1, 1, 1, 1, 1, 1, 1, 2], windows.Select(window => window.FieldValues));
    }

    [Fact]
    public async Task A_field_that_stops_early_does_not_hide_what_comes_after()
    {
        await Pipeline.WriteAsync(source.Url, $"m a=1,b=1 {Monday}\nm b=2,c=1 {Monday + (3 * Day)}\nm c=2 {Monday + (4 * Day)}");

        var windows = await WindowsAsync("m");

        Assert.Equal([Monday, Monday + (3 * Day), Monday + (4 * Day)], windows.Select(window => window.Start));
    }

    [Fact]
    public async Task The_estimate_of_a_dense_measurement_is_near_its_field_values()
    {
        var lines = Enumerable.Range(0, 60_000).Select(i => $"m,h=h{i % 3} a={i}i,b=1{(i % 2 == 0 ? ",c=2" : "")} {Monday + (i * 1_000_000_000L)}");
        await Pipeline.WriteAsync(source.Url, string.Join('\n', lines));

        var planned = (await WindowsAsync("m")).Sum(window => window.FieldValues);

        Assert.InRange(planned, 149_000, 151_000);
    }

    private async Task<IReadOnlyList<PlannedWindow>> WindowsAsync(string measurement)
    {
        using var pipeline = new Pipeline(source.Url, source.Url);
        var request = pipeline.Request with { ChunkFieldValues = 1_000_000 };
        using var client = await ServerDetector.ConnectAsync(
            new ServerOptions { Url = source.Url, ReadToken = (_, _) => new((Secret?)null), Role = "source" }, TimeProvider.System, CancellationToken.None);
        var plan = await new Planner(client, client, request, TimeProvider.System).PlanAsync(CancellationToken.None);
        return [.. plan.Chunks.Where(chunk => chunk.Measurement == measurement).SelectMany(chunk => chunk.Windows)];
    }
}
