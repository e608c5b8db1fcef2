using System.Text.Json.Nodes;
using Functions.Logs;
using Migration;
using TestServers;

namespace Functions.Tests;

[Collection(DeployedTests.Name)]
public sealed class DeployedMigrationTests(DeployedFixture fixture)
{
    internal static JsonObject Input => new()
    {
        ["source"] = new JsonObject { ["bucket"] = "d/rp" },
        ["destination"] = new JsonObject(),
        ["chunkFieldValues"] = 1_000,
    };

    [Fact]
    public async Task The_functions_move_a_bucket_from_the_input_to_a_verified_report()
    {
        await using var destination = await InfluxdProcess.StartAsync();
        await using var migration = await DeployedMigration.StartAsync(fixture, destination.Url);

        var report = await migration.RunAsync(fixture, Input, "first");

        Assert.Equal("Verified", report["verdict"]!.GetValue<string>());
        Assert.Equal(3_001, report["points"]!.GetValue<long>());
        Assert.Contains("\"verdict\": \"Verified\"", await fixture.ReadAsync(report["reportKey"]!.GetValue<string>()), StringComparison.Ordinal);
        Assert.Equal(3_001, Metric(migration[HandlerNames.Export], MetricNames.PointsRead));
        Assert.Equal(3_001, Metric(migration[HandlerNames.Import], MetricNames.PointsWritten));
    }

    [Fact]
    public async Task A_staging_bucket_of_another_account_is_refused()
    {
        await using var migration = await DeployedMigration.StartAsync(fixture, fixture.Source.Url, owner: S3Server.Stranger.Account);

        var refused = await migration.FailAsync(HandlerNames.Validate, DeployedMigration.Start(Input, "strange"));

        Assert.Equal(ErrorNames.Refused, refused.ErrorType);
        Assert.Contains($"belongs to the account {S3Server.Stranger.Account}", refused.ErrorMessage, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(null, 3, 3)]
    [InlineData(8, 3, 3)]
    [InlineData(2, 2, 3)]
    [InlineData(null, 4, null)]
    [InlineData(8, 8, null)]
    public async Task No_more_chunks_run_at_a_time_than_invocations_are_reserved(int? asked, int runs, int? reserved)
    {
        await using var migration = await DeployedMigration.StartAsync(fixture, fixture.Source.Url, mostConcurrency: reserved);
        var execution = $"reserved-{asked}-{reserved}";
        var input = Input.DeepClone().AsObject();
        if (asked is not null)
            input["maxConcurrency"] = asked;

        var state = await migration.CallAsync(HandlerNames.Validate, DeployedMigration.Start(input, execution));
        var again = new JsonObject { ["migrationId"] = execution };
        if (asked is not null)
            again["maxConcurrency"] = asked;
        var resumed = await migration.CallAsync(HandlerNames.Validate, DeployedMigration.Start(again, execution + "-again"));

        Assert.Equal((runs, runs), (state["maxConcurrency"]!.GetValue<int>(), resumed["maxConcurrency"]!.GetValue<int>()));
        Assert.Equal((asked ?? MigrationInput.DefaultMaxConcurrency) > runs, migration[HandlerNames.Validate].Log.Any(line => line.Contains("chunks at a time and not", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task An_execution_that_is_resumed_does_only_what_is_not_done()
    {
        await using var destination = await InfluxdProcess.StartAsync();
        await using var migration = await DeployedMigration.StartAsync(fixture, destination.Url);
        await migration.RunAsync(fixture, Input, "resumed-1");

        var state = await migration.CallAsync(HandlerNames.Validate, DeployedMigration.Start(new JsonObject { ["migrationId"] = "resumed-1" }, "resumed-2"));
        var plan = await migration.CallAsync(HandlerNames.Plan, state);
        var stage = await migration.CallAsync(HandlerNames.Stage, state);
        var report = await migration.CallAsync(HandlerNames.Report, state);

        Assert.Equal("resumed-1", state["migrationId"]!.GetValue<string>());
        Assert.Equal((0, 0, 0), (DeployedMigration.Count(plan["items"]), DeployedMigration.Count(stage["import"]), DeployedMigration.Count(stage["verify"])));
        Assert.Equal("Verified", report["verdict"]!.GetValue<string>());
    }

    [Fact]
    public async Task Every_function_may_be_invoked_twice_at_the_same_time()
    {
        await using var destination = await InfluxdProcess.StartAsync();
        await using var first = await DeployedMigration.StartAsync(fixture, destination.Url);
        await using var second = await DeployedMigration.StartAsync(fixture, destination.Url);
        var input = DeployedMigration.Start(Input, "twice");

        // Two sandboxes of each function, as Lambda has them; a race that one loses is Transient, which the state retries.
        var state = await TwiceAsync(first, second, HandlerNames.Validate, input);
        var plan = await TwiceAsync(first, second, HandlerNames.Plan, state);
        foreach (var chunk in await fixture.ItemsAsync(plan["items"]))
            await TwiceAsync(first, second, HandlerNames.Export, DeployedMigration.WithChunk(state, chunk));
        var stage = await TwiceAsync(first, second, HandlerNames.Stage, state);
        foreach (var chunk in await fixture.ItemsAsync(stage["import"]))
            await TwiceAsync(first, second, HandlerNames.Import, DeployedMigration.WithChunk(state, chunk));
        foreach (var chunk in await fixture.ItemsAsync(stage["verify"]))
            await TwiceAsync(first, second, HandlerNames.Verify, DeployedMigration.WithChunk(state, chunk));
        var report = await TwiceAsync(first, second, HandlerNames.Report, state);

        Assert.Equal(("Verified", 3_001L), (report["verdict"]!.GetValue<string>(), report["points"]!.GetValue<long>()));
    }

    [Fact]
    public async Task Of_two_executions_of_one_migration_the_second_is_refused_while_the_first_runs()
    {
        await using var migration = await DeployedMigration.StartAsync(fixture, fixture.Source.Url);
        await migration.CallAsync(HandlerNames.Validate, DeployedMigration.Start(Input, "locked-1"));
        migration.Running.Add(DeployedMigration.Arn("locked-1"));
        var again = DeployedMigration.Start(new JsonObject { ["migrationId"] = "locked-1" }, "locked-2");

        var refused = await migration.FailAsync(HandlerNames.Validate, again);
        migration.Running.Clear();
        var taken = await migration.CallAsync(HandlerNames.Validate, again);

        Assert.Equal(ErrorNames.AlreadyRunning, refused.ErrorType);
        Assert.Contains(DeployedMigration.Arn("locked-1"), refused.ErrorMessage, StringComparison.Ordinal);
        Assert.Equal("locked-2", taken["execution"]!.GetValue<string>());
        Assert.Contains("locked-2", await fixture.ReadAsync("migrations/locked-1/lock.json"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_id_of_other_data_is_refused()
    {
        await using var migration = await DeployedMigration.StartAsync(fixture, fixture.Source.Url);
        await migration.CallAsync(HandlerNames.Validate, DeployedMigration.Start(Input, "other-1"));
        var other = Input;
        other["source"]!["bucket"] = "another";
        other["migrationId"] = "other-1";

        var refused = await migration.FailAsync(HandlerNames.Validate, DeployedMigration.Start(other, "other-2"));

        Assert.Equal(ErrorNames.OtherMigration, refused.ErrorType);
    }

    [Fact]
    public async Task A_function_without_its_settings_says_which_are_missing()
    {
        await using var function = new LambdaFunction(
            Path.Combine(AppContext.BaseDirectory, "bootstrap.dll"), new Dictionary<string, string> { ["_HANDLER"] = HandlerNames.Plan, ["AWS_REGION"] = "us-east-1" });

        var outcome = await function.InvokeAsync("{}");

        Assert.Equal(ErrorNames.Bug, outcome.ErrorType);
        Assert.Contains("STAGING_BUCKET, STAGING_BUCKET_OWNER, ENVIRONMENT, METRICS_NAMESPACE", outcome.ErrorMessage, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_secret_that_can_not_be_used_is_named_and_the_failure_is_reported()
    {
        await using var destination = await InfluxdProcess.StartAsync();
        await using var migration = await DeployedMigration.StartAsync(fixture, destination.Url);
        migration.SetSecret(DeployedMigration.SourceSecret, "{}");
        var state = await migration.CallAsync(HandlerNames.Validate, DeployedMigration.Start(Input, "secretless"));

        var failed = await migration.FailAsync(HandlerNames.Plan, state);
        var caught = (JsonObject)state.DeepClone();
        caught["failure"] = new JsonObject { ["Error"] = failed.ErrorType, ["Cause"] = failed.Error!.ToJsonString() };
        var report = await migration.CallAsync(HandlerNames.Report, caught);

        Assert.Equal(ErrorNames.SecretUnusable, failed.ErrorType);
        Assert.Equal("Stopped", report["verdict"]!.GetValue<string>());
        Assert.Equal(ErrorNames.SecretUnusable, report["error"]!.GetValue<string>());
        Assert.Contains("SecretUnusable", report["sentence"]!.GetValue<string>(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_failed_Map_is_reported_with_the_error_of_its_first_chunk(bool asString)
    {
        await using var destination = await InfluxdProcess.StartAsync();
        await using var migration = await DeployedMigration.StartAsync(fixture, destination.Url);
        var name = $"failed-chunk-{asString}";
        var state = await migration.CallAsync(HandlerNames.Validate, DeployedMigration.Start(Input, name));
        await migration.CallAsync(HandlerNames.Plan, state);
        foreach (var (chunk, message) in new[] { ("verify-c-1", "a later stage"), ("import-c-2", "no permission to write") })
        {
            var kept = new JsonObject { ["Error"] = ErrorNames.Refused, ["Cause"] = $$"""{"errorType":"Refused","errorMessage":"{{message}}"}""" }.ToJsonString();
            await fixture.Client.PutObjectAsync(new Amazon.S3.Model.PutObjectRequest
            {
                BucketName = DeployedFixture.Bucket,
                Key = $"{DeployedLayout.Prefix(name)}/{DeployedLayout.Failures(name)}{chunk}.json",
                ContentBody = asString ? JsonValue.Create(kept).ToJsonString() : kept,
            });
        }

        state["failure"] = new JsonObject { ["Error"] = "States.ExceedToleratedFailureThreshold", ["Cause"] = "The specified tolerated failure threshold was exceeded" };
        var report = await migration.CallAsync(HandlerNames.Report, state);

        Assert.Equal(ErrorNames.Refused, report["error"]!.GetValue<string>());
        Assert.Contains("the import of the chunk c-2: no permission to write (1 more in failures/", report["sentence"]!.GetValue<string>(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_staged_object_that_was_changed_stops_the_stage_and_a_missing_receipt_the_report()
    {
        await using var destination = await InfluxdProcess.StartAsync();
        await using var migration = await DeployedMigration.StartAsync(fixture, destination.Url);
        var state = await migration.CallAsync(HandlerNames.Validate, DeployedMigration.Start(Input, "changed"));
        var plan = await migration.CallAsync(HandlerNames.Plan, state);
        await migration.MapAsync(fixture, HandlerNames.Export, state, (JsonObject)plan["items"]!);
        var stage = await migration.CallAsync(HandlerNames.Stage, state);

        var early = await migration.FailAsync(HandlerNames.Report, state);
        var unverified = await migration.FailAsync(HandlerNames.Verify, DeployedMigration.WithChunk(state, (await fixture.ItemsAsync(stage["verify"]))[0]));
        var receipt = (await fixture.KeysAsync("migrations/changed/receipts/export/"))[0];
        await fixture.Client.PutObjectAsync(new Amazon.S3.Model.PutObjectRequest
        {
            BucketName = DeployedFixture.Bucket,
            Key = receipt,
            ContentBody = (await fixture.ReadAsync(receipt)).Replace("\"seconds\": ", "\"seconds\": 9", StringComparison.Ordinal),
        });
        var changed = await migration.FailAsync(HandlerNames.Stage, state);

        Assert.Equal((ErrorNames.Unfinished, ErrorNames.Unfinished, ErrorNames.StagingChanged), (early.ErrorType, unverified.ErrorType, changed.ErrorType));
    }

    private static double Metric(LambdaFunction function, string name) => function.Log
        .Where(line => line.Contains("\"_aws\"", StringComparison.Ordinal))
        .Sum(line => JsonNode.Parse(line)![name]?.GetValue<double>() ?? 0);

    private static async Task<JsonObject> TwiceAsync(DeployedMigration first, DeployedMigration second, string handler, JsonObject payload)
    {
        var outcomes = await Task.WhenAll(first[handler].InvokeAsync(payload.ToJsonString()), second[handler].InvokeAsync(payload.ToJsonString()));
        Assert.All(outcomes, outcome => Assert.True(outcome.ErrorType is null or ErrorNames.Transient, $"{handler}: {outcome.ErrorType}: {outcome.ErrorMessage}"));
        var answer = outcomes.FirstOrDefault(outcome => outcome.Answer is not null);
        return answer is null ? await first.CallAsync(handler, payload) : (JsonObject)JsonNode.Parse(answer.Answer!)!;
    }
}
