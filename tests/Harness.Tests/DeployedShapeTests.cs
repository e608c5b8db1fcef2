using System.Text.Json.Nodes;
using Aws;
using Functions;
using Migration;
using TestServers;

namespace Harness.Tests;

/// <summary>The synthesised state machine, run by an interpreter that is not ours, over the published functions.</summary>
public sealed class DeployedShapeTests(ShapeFixture fixture)
{
    private const long AllValues = ShapeFixture.Points * 11;

    private DeployedShape Shape => fixture.Shape;

    [Fact]
    public async Task The_example_input_is_moved_to_a_verified_report()
    {
        var input = JsonNode.Parse(await File.ReadAllTextAsync(Path.Combine(Repository.Root, "events", "start-migration.json")))!.AsObject();
        input["source"] = new JsonObject { ["bucket"] = "d/rp" };
        input["destination"] = new JsonObject { ["bucket"] = "example" };
        input["start"] = "2025-01-01T00:00:00Z";

        var end = await Shape.RunAsync("example", input);

        await AssertVerifiedAsync(end, "example", "example");
        Assert.Contains("Verified", await Shape.ReadAsync("migrations/example/report.html"), StringComparison.Ordinal);
        Assert.DoesNotContain(end.Input + end.Output + string.Join('\n', Shape.Log), "marked-not-a-real-password", StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_function_that_is_killed_in_the_middle_of_a_chunk_costs_a_retry_and_no_point()
    {
        var import = Shape[HandlerNames.Import];
        var before = import.Payloads.Count;
        fixture.DestinationProxy.On("POST", "/write").PassAfter(() =>
        {
            import.Kill();
            return Task.CompletedTask;
        });

        var end = await Shape.RunAsync("killed", ShapeFixture.Input("killed"));

        await AssertVerifiedAsync(end, "killed", "killed");
        Assert.InRange(import.Payloads.Count - before, 5, 8);
    }

    [Fact]
    public async Task Short_invocations_continue_until_each_chunk_is_done()
    {
        var input = ShapeFixture.Input("continued");
        input["chunkFieldValues"] = 100_000;
        var export = Shape[HandlerNames.Export];
        var before = export.Payloads.Count;
        var usual = export.Limit;
        export.Limit = TimeSpan.FromSeconds(3);
        // Of an invocation's three seconds the last quarter is kept for its end, and each of its queries takes 0.6.
        var slow = true;
        fixture.SourceProxy.On(request => Volatile.Read(ref slow) && request.Path == "/query", times: 1_000).Slow(TimeSpan.FromMilliseconds(600));
        try
        {
            var end = await Shape.RunAsync("continued", input);

            await AssertVerifiedAsync(end, "continued", "continued");
            // Invocations that a busy machine keeps from their deadline are invoked again, which makes them more.
            Assert.True(export.Payloads.Count - before >= 2);
        }
        finally
        {
            Volatile.Write(ref slow, false);
            export.Limit = usual;
        }
    }

    [Fact]
    public async Task A_throttled_function_is_invoked_again()
    {
        var stage = Shape[HandlerNames.Stage];
        var before = stage.Payloads.Count;
        var throttled = 0;
        stage.Intercept = (_, _) => Interlocked.Increment(ref throttled) == 1
            ? Failed("Lambda.TooManyRequestsException", "Rate Exceeded.")
            : null;

        var end = await Shape.RunAsync("throttled", ShapeFixture.Input("throttled"));
        stage.Intercept = null;

        await AssertVerifiedAsync(end, "throttled", "throttled");
        Assert.Equal(2, stage.Payloads.Count - before);
    }

    [Fact]
    public async Task A_chunk_that_fails_for_good_names_the_error_and_is_the_only_one_that_a_resumed_execution_runs()
    {
        var import = Shape[HandlerNames.Import];
        var export = Shape[HandlerNames.Export];
        string? refused = null;
        import.Intercept = (payload, _) => (refused ??= payload["chunk"]!.GetValue<string>()) == payload["chunk"]!.GetValue<string>()
            ? Failed(ErrorNames.Refused, "the destination's token may not write this bucket")
            : null;

        var failed = await Shape.RunAsync("refused", ShapeFixture.Input("refused"));
        import.Intercept = null;
        var (imports, exports) = (import.Payloads.Count, export.Payloads.Count);
        var resumed = await Shape.RunAsync("refused-again", new JsonObject { ["migrationId"] = "refused" });

        Assert.Equal((ExecutionStatus.Failed, ErrorNames.Refused), (failed.Status, failed.Error));
        Assert.Contains("may not write this bucket", failed.Cause, StringComparison.Ordinal);
        await AssertVerifiedAsync(resumed, "refused", "refused");
        Assert.Equal((1, 0), (import.Payloads.Count - imports, export.Payloads.Count - exports));
        Assert.Equal(refused, import.Payloads.Last()["chunk"]!.GetValue<string>());
    }

    [Fact]
    public async Task A_secret_that_changes_in_mid_import_is_read_again_and_nothing_is_lost()
    {
        await using var guarded = await InfluxdProcess.StartAsync(new InfluxdOptions { Auth = true });
        await using var proxy = await FaultProxy.StartAsync(guarded.Url);
        const string Admin = "&u=boss&p=first-not-a-real-password";
        await ShapeFixture.QueryAsync(guarded.Url, "CREATE USER boss WITH PASSWORD 'first-not-a-real-password' WITH ALL PRIVILEGES");
        await Shape.PutDestinationSecretAsync(ShapeFixture.Secret(proxy.Url, "boss", "first-not-a-real-password"));
        Shape.Kill();
        proxy.On("POST", "/write", skip: 1).PassAfter(async () =>
        {
            await ShapeFixture.QueryAsync(guarded.Url, $"SET PASSWORD FOR boss = 'second-not-a-real-password'{Admin}");
            await Shape.PutDestinationSecretAsync(ShapeFixture.Secret(proxy.Url, "boss", "second-not-a-real-password"));
        });
        try
        {
            var input = ShapeFixture.Input("rotated");
            input["destination"]!["url"] = proxy.Url.GetLeftPart(UriPartial.Authority);
            // One at a time: a password, unlike a token, has no time in which the old one and the new one are good.
            input["maxConcurrency"] = 1;
            // The server's only user, who makes the database, is an admin.
            input["allowBroadToken"] = true;

            var end = await Shape.RunAsync("rotated", input);

            Assert.True(end.Status == ExecutionStatus.Succeeded, $"{end.Error}: {end.Cause}");
            Assert.Equal(AllValues, await ShapeFixture.CountAsync(guarded.Url, "rotated", "&u=boss&p=second-not-a-real-password"));
        }
        finally
        {
            await Shape.PutDestinationSecretAsync(ShapeFixture.Secret(fixture.DestinationProxy.Url, "writer"));
            Shape.Kill();
        }
    }

    [Fact]
    public async Task Two_thousand_chunks_pass_through_the_maps_in_states_that_stay_small()
    {
        const int Chunks = 2_000;
        await fixture.CreateAsync("many WITH DURATION INF SHARD DURATION 1d NAME \"rp\"");
        await fixture.WriteAsync("many", Enumerable.Range(0, Chunks).Select(i => $"m{i:D4} v={i} {1_748_822_400_000_000_000 + i}"));
        var input = ShapeFixture.Input("many");
        input["source"]!["bucket"] = "many/rp";
        input["maxConcurrency"] = 8;
        // What the third Map would prove, the count below does; the interpreter needs longer for an item than the functions.
        input["verify"] = "None";
        var before = HandlerNames.All.ToDictionary(name => name, name => Shape[name].Payloads.Count);

        var end = await Shape.RunAsync("many", input, TimeSpan.FromMinutes(10));

        Assert.True(end.Status == ExecutionStatus.Succeeded, $"{end.Error}: {end.Cause}");
        Assert.Equal(Chunks, await fixture.CountAsync("many"));
        Assert.Equal([1, 1, Chunks, 1, Chunks, 0, 1], HandlerNames.All.Select(name => Shape[name].Payloads.Count - before[name]));
        Assert.InRange(HandlerNames.All.SelectMany(name => Shape[name].Payloads).Max(payload => payload.ToJsonString().Length) + end.Output!.Length, 1, 4_096);
        // AWS refuses more than 25,000 events; a chunk has its own history, of which none is here. The data is that of the states between the functions.
        var history = await Shape.HistoryAsync(end.ExecutionArn);
        Assert.InRange(history.Count, 20, 100);
        Assert.InRange(history.Max(one => one!.ToJsonString().Length), 1, 65_536);
    }

    [Fact]
    public async Task An_incremental_run_moves_its_mark_and_one_with_nothing_to_do_succeeds_without_a_plan()
    {
        var input = ShapeFixture.Input("incremental");
        input["incremental"] = true;
        input["mark"] = "shape";
        var plan = Shape[HandlerNames.Plan];

        var first = await Shape.RunAsync("incremental-1", input);
        var planned = plan.Payloads.Count;
        input["lagSeconds"] = 86_400;
        var second = await Shape.RunAsync("incremental-2", input);

        await AssertVerifiedAsync(first, "incremental-1", "incremental");
        var mark = (string)JsonNode.Parse(await Shape.ReadAsync("marks/shape.json"))!["mark"]!;
        Assert.Equal(mark, (string)JsonNode.Parse(first.Output!)!["mark"]!);
        Assert.Equal((ExecutionStatus.Succeeded, planned), (second.Status, plan.Payloads.Count));
        Assert.Equal(mark, (string)JsonNode.Parse(second.Output!)!["mark"]!);
        Assert.Contains("nothing lies between the mark 'shape'", (string)JsonNode.Parse(second.Output!)!["sentence"]!, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_input_with_problems_fails_in_Validate_with_all_of_them()
    {
        var validate = Shape[HandlerNames.Validate];
        var plan = Shape[HandlerNames.Plan].Payloads.Count;

        var end = await Shape.RunAsync("wrong", new JsonObject { ["sorce"] = "d", ["maxConcurrency"] = 0 });

        Assert.Equal((ExecutionStatus.Failed, ErrorNames.InvalidInput), (end.Status, end.Error));
        Assert.Contains("'source'", end.Cause, StringComparison.Ordinal);
        Assert.Contains("'maxConcurrency' must be", end.Cause, StringComparison.Ordinal);
        Assert.Equal(plan, Shape[HandlerNames.Plan].Payloads.Count);
        Assert.NotEmpty(validate.Payloads);
    }

    internal static InvocationOutcome Failed(string type, string message) =>
        new(null, type, new JsonObject { ["errorType"] = type, ["errorMessage"] = message });

    private async Task AssertVerifiedAsync(Execution end, string migration, string database)
    {
        Assert.True(end.Status == ExecutionStatus.Succeeded, $"{end.Error}: {end.Cause}\n{string.Join('\n', Shape.Log.TakeLast(10))}");
        var report = JsonNode.Parse(await Shape.ReadAsync($"migrations/{migration}/report.json"))!;
        Assert.Equal(("Verified", AllValues), (report["verdict"]!.GetValue<string>(), report["fieldValues"]!.GetValue<long>()));
        Assert.Equal(AllValues, await fixture.CountAsync(database));
    }
}
