using System.Text.Json;
using Influx;
using Microsoft.Extensions.Time.Testing;
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

    [Fact]
    public async Task A_plan_that_deadlines_cut_short_goes_on_and_is_the_same_as_one_that_was_made_in_one_go()
    {
        // Windows of which the probe has no value, a type that changes, both ends of time, and more windows than the first slice counts.
        var lines = Enumerable.Range(0, 300).Select(day => $"m {(day % 90 == 5 ? "" : "a=1,")}b={day} {Monday + (day * Day)}");
        await Pipeline.WriteAsync(source.Url, string.Join('\n', lines));
        await Pipeline.WriteAsync(source.Url, $"mix v=1i {Monday}\nmix v=1.5 {Monday + Day}\nedge v=1 -9223372036854775806\nedge v=2 9223372036854775806\nz v=1 {Monday}");
        using var pipeline = new Pipeline(source.Url, source.Url);
        var request = pipeline.Request with { Existing = ExistingBucket.Reuse };
        var whole = await PlanAsync(request);
        var time = new FakeTimeProvider();
        await using var proxy = await FaultProxy.StartAsync(source.Url);
        proxy.On("POST", "/query", times: int.MaxValue).PassAfter(() =>
        {
            time.Advance(TimeSpan.FromSeconds(9));
            return Task.CompletedTask;
        });
        using var slow = await ConnectAsync(proxy.Url);

        var (calls, plan, partial) = (0, (MigrationPlan?)null, (MigrationPlan?)null);
        for (; plan is null; calls++)
        {
            // Each call is a process of its own, which has only what is stored.
            var planner = new Planner(slow, slow, request, time, partial: Stored(partial));
            plan = await planner.PlanAsync(time.GetUtcNow() + TimeSpan.FromSeconds(140), CancellationToken.None);
            partial = planner.Partial("run");
        }

        Assert.Equal(Text(whole), Text(plan));
        Assert.InRange(calls, 3, 50);
    }

    [Fact]
    public async Task A_failure_in_the_middle_begins_nothing_anew()
    {
        await Pipeline.WriteAsync(source.Url, $"a v=1 {Monday}\nb v=1 {Monday}\nc v=1 {Monday}");
        using var pipeline = new Pipeline(source.Url, source.Url);
        var request = pipeline.Request with { Existing = ExistingBucket.Reuse };
        await using var proxy = await FaultProxy.StartAsync(source.Url);
        using var client = await ConnectAsync(proxy.Url);
        var before = proxy.Requests;
        var whole = await new Planner(client, client, request, TimeProvider.System).PlanAsync(CancellationToken.None);
        proxy.On(_ => true, skip: proxy.Requests - before - 1).CutBefore();
        var planner = new Planner(client, client, request, TimeProvider.System);

        await Assert.ThrowsAsync<TransientException>(() => planner.PlanAsync(CancellationToken.None));
        var plan = await planner.PlanAsync(CancellationToken.None);

        Assert.Equal(["000-000000", "000-000001", "000-000002"], plan.Chunks.Select(chunk => chunk.Id));
        Assert.Equal(Text(whole), Text(plan));
    }

    private static MigrationPlan? Stored(MigrationPlan? partial) => partial is null
        ? null
        : JsonSerializer.Deserialize(JsonSerializer.SerializeToUtf8Bytes(partial, MigrationJson.Default.MigrationPlan), MigrationJson.Default.MigrationPlan);

    // All but the instant at which it was made.
    private static string Text(MigrationPlan plan) => JsonSerializer.Serialize(plan with { Created = default }, MigrationJson.Default.MigrationPlan);

    private async Task<IReadOnlyList<PlannedWindow>> WindowsAsync(string measurement)
    {
        using var pipeline = new Pipeline(source.Url, source.Url);
        var plan = await PlanAsync(pipeline.Request with { ChunkFieldValues = 1_000_000 });
        return [.. plan.Chunks.Where(chunk => chunk.Measurement == measurement).SelectMany(chunk => chunk.Windows)];
    }

    private async Task<MigrationPlan> PlanAsync(MigrationRequest request)
    {
        using var client = await ConnectAsync(source.Url);
        return await new Planner(client, client, request, TimeProvider.System).PlanAsync(CancellationToken.None);
    }

    private static async Task<IInfluxClient> ConnectAsync(Uri url) => await ServerDetector.ConnectAsync(
        new ServerOptions { Url = url, ReadToken = (_, _) => new((Secret?)null), Role = "source" }, TimeProvider.System, CancellationToken.None);
}
