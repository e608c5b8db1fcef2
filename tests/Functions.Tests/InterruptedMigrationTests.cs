using System.Text.Json.Nodes;
using Migration;
using TestServers;

namespace Functions.Tests;

/// <summary>Functions that are cut short: by their time limit, a kill, a shutdown or another token.</summary>
[Collection(DeployedTests.Name)]
public sealed class InterruptedMigrationTests(DeployedFixture fixture)
{
    [Fact]
    public async Task Points_that_are_refused_when_a_window_is_written_again_are_counted()
    {
        await using var destination = await InfluxdProcess.StartAsync();
        await using var migration = await DeployedMigration.StartAsync(fixture, destination.Url);
        var input = DeployedMigrationTests.Input;
        input["measurements"] = new JsonArray("log");
        var state = await migration.CallAsync(HandlerNames.Validate, DeployedMigration.Start(input, "refused-again"));
        var plan = await migration.CallAsync(HandlerNames.Plan, state);
        await migration.MapAsync(fixture, HandlerNames.Export, state, (JsonObject)plan["items"]!);
        var stage = await migration.CallAsync(HandlerNames.Stage, state);
        await migration.MapAsync(fixture, HandlerNames.Import, state, (JsonObject)stage["import"]!);
        // Somebody replaces the one point, and its field has another type then.
        await Influxd.QueryAsync(destination.Url, "DROP MEASUREMENT log");
        await Influxd.WriteAsync(destination.Url, "d&rp=rp", "log s=1,ok=1,n=\"text\" 6");

        await migration.MapAsync(fixture, HandlerNames.Verify, state, (JsonObject)stage["verify"]!);

        Assert.Equal(1, migration[HandlerNames.Verify].Log.Where(line => line.Contains("\"_aws\"", StringComparison.Ordinal))
            .Sum(line => JsonNode.Parse(line)![Functions.Logs.MetricNames.PointsQuarantined]!.GetValue<int>()));
    }

    [Fact]
    public async Task A_short_time_limit_is_no_failure_but_makes_more_calls()
    {
        await using var destination = await InfluxdProcess.StartAsync();
        await using var slow = await FaultProxy.StartAsync(destination.Url);
        await using var slowSource = await FaultProxy.StartAsync(fixture.Source.Url);
        slow.On("POST", "/write", times: int.MaxValue).Slow(TimeSpan.FromMilliseconds(300));
        slow.On("POST", "/query", times: int.MaxValue).Slow(TimeSpan.FromMilliseconds(100));
        slowSource.On("POST", "/query", times: int.MaxValue).Slow(TimeSpan.FromMilliseconds(100));
        await using var migration = await DeployedMigration.StartAsync(fixture, slow.Url, source: slowSource.Url);
        var input = DeployedMigrationTests.Input;
        input["chunkFieldValues"] = 1_000_000;
        input["measurements"] = new JsonArray("cpu");
        input["concurrency"] = 1;

        var state = await migration.CallAsync(HandlerNames.Validate, DeployedMigration.Start(input, "short"));
        var plan = await migration.CallAsync(HandlerNames.Plan, state);
        var limit = TimeSpan.FromSeconds(8);
        Grant(migration, HandlerNames.Export, HandlerNames.Import, HandlerNames.Verify);
        var exports = await migration.MapAsync(fixture, HandlerNames.Export, state, (JsonObject)plan["items"]!, limit);
        var stage = await migration.CallAsync(HandlerNames.Stage, state);
        var imports = await migration.MapAsync(fixture, HandlerNames.Import, state, (JsonObject)stage["import"]!, limit);
        var verifies = await migration.MapAsync(fixture, HandlerNames.Verify, state, (JsonObject)stage["verify"]!, limit);
        var report = await migration.CallAsync(HandlerNames.Report, state);

        Assert.Equal("Verified", report["verdict"]!.GetValue<string>());
        Assert.Equal(1, DeployedMigration.Count(plan["items"]));
        Assert.True(exports + imports + verifies > 3, $"{exports} exports, {imports} imports and {verifies} verifications need no second call");
    }

    [Fact]
    public async Task A_plan_and_a_check_for_which_one_call_is_too_short_go_on_in_the_next()
    {
        await using var destination = await InfluxdProcess.StartAsync();
        await using var source = await FaultProxy.StartAsync(fixture.Source.Url);
        await using var s3 = await FaultProxy.StartAsync(fixture.S3.Url);
        source.On("POST", "/query", times: int.MaxValue).Slow(TimeSpan.FromMilliseconds(400));
        // So late that no more than the first chunk is begun.
        s3.On("GET", $"/{DeployedFixture.Bucket}/migrations/long/items/long/stage.partial.json", times: 2).Slow(TimeSpan.FromSeconds(5));
        await using var migration = await DeployedMigration.StartAsync(fixture, destination.Url, source: source.Url, s3: s3.Url);
        var state = await migration.CallAsync(HandlerNames.Validate, DeployedMigration.Start(DeployedMigrationTests.Input, "long"));
        var limit = TimeSpan.FromSeconds(10);
        Grant(migration, HandlerNames.Plan, HandlerNames.Stage);

        var (plans, plan) = await UntilDoneAsync(migration, HandlerNames.Plan, state, limit);
        await migration.MapAsync(fixture, HandlerNames.Export, state, (JsonObject)plan["items"]!);
        var (stages, stage) = await UntilDoneAsync(migration, HandlerNames.Stage, state, limit);
        await migration.MapAsync(fixture, HandlerNames.Import, state, (JsonObject)stage["import"]!);
        await migration.MapAsync(fixture, HandlerNames.Verify, state, (JsonObject)stage["verify"]!);
        var report = await migration.CallAsync(HandlerNames.Report, state);

        Assert.Equal(("Verified", 3_001L), (report["verdict"]!.GetValue<string>(), report["points"]!.GetValue<long>()));
        Assert.True(plans > 1 && stages >= 3, $"{plans} plans and {stages} checks");
    }

    [Fact]
    public async Task A_function_that_is_killed_in_mid_chunk_is_done_over_by_the_next_call()
    {
        await using var destination = await InfluxdProcess.StartAsync();
        await using var slow = await FaultProxy.StartAsync(destination.Url);
        var write = slow.On("POST", "/write", times: 1).Slow(TimeSpan.FromSeconds(30));
        await using var migration = await DeployedMigration.StartAsync(fixture, slow.Url);
        var state = await migration.CallAsync(HandlerNames.Validate, DeployedMigration.Start(DeployedMigrationTests.Input, "killed"));
        var plan = await migration.CallAsync(HandlerNames.Plan, state);
        await migration.MapAsync(fixture, HandlerNames.Export, state, (JsonObject)plan["items"]!);
        var stage = await migration.CallAsync(HandlerNames.Stage, state);
        var chunk = (await fixture.ItemsAsync(stage["import"]))[0];

        var dying = migration[HandlerNames.Import].InvokeAsync(DeployedMigration.WithChunk(state, chunk).ToJsonString());
        while (write.Hits == 0)
            await Task.Delay(5);
        migration[HandlerNames.Import].Kill();
        var died = await dying;
        await migration.MapAsync(fixture, HandlerNames.Import, state, (JsonObject)stage["import"]!);
        await migration.MapAsync(fixture, HandlerNames.Verify, state, (JsonObject)stage["verify"]!);
        var report = await migration.CallAsync(HandlerNames.Report, state);

        Assert.Equal("Runtime.ExitError", died.ErrorType);
        Assert.Equal("Verified", report["verdict"]!.GetValue<string>());
    }

    [Fact]
    public async Task A_token_that_is_rotated_in_the_middle_is_read_anew()
    {
        await using var destination = await InfluxdProcess.StartAsync(new InfluxdOptions { Auth = true });
        await Influxd.QueryAsync(destination.Url, "CREATE USER \"writer\" WITH PASSWORD 'one:fake' WITH ALL PRIVILEGES");
        await using var migration = await DeployedMigration.StartAsync(fixture, destination.Url);
        var url = DeployedMigration.Text(destination.Url);
        migration.SetSecret(DeployedMigration.DestinationSecret, $$"""{"url":"{{url}}","token":"writer:one:fake"}""");
        // The server's only user, who makes the database, is an admin.
        var input = DeployedMigrationTests.Input;
        var broad = await migration.CallAsync(HandlerNames.Validate, DeployedMigration.Start(input, "broad"));
        var refused = await migration.FailAsync(HandlerNames.Plan, broad);
        input["allowBroadToken"] = true;
        var state = await migration.CallAsync(HandlerNames.Validate, DeployedMigration.Start(input, "rotated"));
        var plan = await migration.CallAsync(HandlerNames.Plan, state);
        await migration.MapAsync(fixture, HandlerNames.Export, state, (JsonObject)plan["items"]!);
        var stage = await migration.CallAsync(HandlerNames.Stage, state);
        var items = await fixture.ItemsAsync(stage["import"]);
        await migration.CallAsync(HandlerNames.Import, DeployedMigration.WithChunk(state, items[0]));

        await Influxd.QueryAsync(destination.Url, "SET PASSWORD FOR \"writer\" = 'two:fake'", "&u=writer&p=one:fake");
        migration.SetSecret(DeployedMigration.DestinationSecret, $$"""{"url":"{{url}}","token":"writer:two:fake"}""");
        await migration.MapAsync(fixture, HandlerNames.Import, state, (JsonObject)stage["import"]!);
        await migration.MapAsync(fixture, HandlerNames.Verify, state, (JsonObject)stage["verify"]!);
        var report = await migration.CallAsync(HandlerNames.Report, state);

        Assert.Equal(ErrorNames.Refused, refused.ErrorType);
        Assert.Contains("allowBroadToken", refused.ErrorMessage, StringComparison.Ordinal);
        Assert.Contains("it is an admin, who may do everything", await fixture.ReadAsync(report["reportKey"]!.GetValue<string>()), StringComparison.Ordinal);
        Assert.Equal("Verified", report["verdict"]!.GetValue<string>());
        Assert.Contains(migration[HandlerNames.Import].Log, line => line.Contains("is read anew after its token was refused", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_shutdown_ends_an_idle_function_at_once_and_a_working_one_with_an_error_that_is_retried()
    {
        await using var slow = await FaultProxy.StartAsync(fixture.Source.Url);
        var ping = slow.On("GET", "/ping", times: 1).Slow(TimeSpan.FromSeconds(60));
        await using var migration = await DeployedMigration.StartAsync(fixture, fixture.Source.Url, source: slow.Url);
        var state = await migration.CallAsync(HandlerNames.Validate, DeployedMigration.Start(DeployedMigrationTests.Input, "terminated"));

        var idle = await migration[HandlerNames.Validate].TerminateAsync();
        var planning = migration[HandlerNames.Plan].InvokeAsync(state.ToJsonString());
        while (ping.Hits == 0)
            await Task.Delay(5);
        var working = await migration[HandlerNames.Plan].TerminateAsync();
        var outcome = await planning;

        Assert.Equal((0, 0), (idle, working));
        Assert.Equal(ErrorNames.Transient, outcome.ErrorType);
        Assert.Contains("was shut down by Lambda", outcome.ErrorMessage, StringComparison.Ordinal);
    }

    // The proxies' delays make several calls needed however quick the machine is; this lets them end however busy it is.
    private static void Grant(DeployedMigration migration, params string[] handlers)
    {
        foreach (var handler in handlers)
            migration[handler].Grace = TimeSpan.FromMinutes(2);
    }

    private static async Task<(int Calls, JsonObject Answer)> UntilDoneAsync(DeployedMigration migration, string handler, JsonObject state, TimeSpan limit)
    {
        for (var calls = 1; calls <= 100; calls++)
        {
            var answer = await migration.CallAsync(handler, state, limit);
            if (answer["done"]!.GetValue<bool>())
                return (calls, answer);
        }
        throw new TimeoutException($"{handler} was not done after 100 calls");
    }
}
