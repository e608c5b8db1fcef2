using System.Globalization;
using System.Text.Json.Nodes;
using Functions.Logs;
using Influx;
using Migration;
using TestServers;

namespace Functions.Tests;

[Collection(DeployedTests.Name)]
public sealed class IncrementalMigrationTests(DeployedFixture fixture)
{
    private readonly DateTimeOffset now = TimeProvider.System.GetUtcNow();

    [Fact]
    public async Task A_later_run_moves_what_came_since_and_late_points_inside_of_its_overlap_only()
    {
        await using var source = await SourceAsync();
        await using var destination = await InfluxdProcess.StartAsync();
        await using var migration = await DeployedMigration.StartAsync(fixture, destination.Url, source: source.Url);
        await WriteAsync(source, "early", TimeSpan.FromHours(3));

        var first = await migration.RunAsync(fixture, Input("late"), "late-1");
        await WriteAsync(source, "inside", TimeSpan.FromMinutes(50));
        await WriteAsync(source, "outside", TimeSpan.FromMinutes(70));
        await WriteAsync(source, "new", TimeProvider.System.GetUtcNow() - now);
        await migration.RunAsync(fixture, Input("late"), "late-2");
        var afterSecond = await HostsAsync(destination);
        var wide = Input("late");
        wide["overlapSeconds"] = 2 * 3_600;
        var third = await migration.RunAsync(fixture, wide, "late-3");

        Assert.Equal(["early", "inside", "new"], afterSecond);
        Assert.Equal(["early", "inside", "new", "outside"], await HostsAsync(destination));
        var (before, after) = (await RequestAsync("late-1"), await RequestAsync("late-2"));
        Assert.Equal((null, "Fail"), ((string?)before["start"], (string)before["existing"]!));
        Assert.Equal((Ago(before["stop"], TimeSpan.FromHours(1)), "Reuse"), ((string)after["start"]!, (string)after["existing"]!));
        Assert.Equal((string)before["stop"]!, (string)first["mark"]!);
        Assert.Equal(("Verified", (string)third["mark"]!), ((string)third["verdict"]!, await MarkAsync("late")));
        Assert.InRange(Lag(migration[HandlerNames.Report]), 0, 60);
    }

    [Fact]
    public async Task A_token_that_made_the_bucket_in_the_first_run_is_not_too_broad_for_the_next()
    {
        await using var source = await SourceAsync();
        await using var destination = await Influx2Server.StartAsync();
        await using var migration = await DeployedMigration.StartAsync(fixture, destination.Url, source: source.Url);
        var token = destination.CreateToken(
            "org1", Permission.Read("buckets", destination.Org.Id), Permission.Write("buckets", destination.Org.Id), Permission.Read("orgs", id: destination.Org.Id));
        migration.SetSecret(DeployedMigration.DestinationSecret, new JsonObject { ["url"] = DeployedMigration.Text(destination.Url), ["org"] = "org1", ["token"] = token }.ToJsonString());
        await WriteAsync(source, "h", TimeSpan.FromMinutes(1));
        var input = Input("made");
        input["destination"]!["bucket"] = "made";

        var first = await migration.RunAsync(fixture, input, "made-1");
        var second = await migration.RunAsync(fixture, input, "made-2");

        Assert.Equal(("Verified", "Verified"), ((string)first["verdict"]!, (string)second["verdict"]!));
        Assert.Equal((string)second["mark"]!, await MarkAsync("made"));
    }

    [Fact]
    public async Task The_latest_points_wait_for_the_lag()
    {
        await using var source = await SourceAsync();
        await using var destination = await InfluxdProcess.StartAsync();
        await using var migration = await DeployedMigration.StartAsync(fixture, destination.Url, source: source.Url);
        await WriteAsync(source, "old", TimeSpan.FromMinutes(6));
        await WriteAsync(source, "fresh", TimeSpan.FromMinutes(1));
        var input = Input("lagging");
        input.Remove("lagSeconds");

        var report = await migration.RunAsync(fixture, input, "lagging-1");

        Assert.Equal("Verified", (string)report["verdict"]!);
        Assert.Equal(["old"], await HostsAsync(destination));
        Assert.Contains("\"mark\":\"lagging\"", migration[HandlerNames.Report].Log.Last(line => line.Contains(MetricNames.LagSeconds, StringComparison.Ordinal)), StringComparison.Ordinal);
        Assert.InRange(Lag(migration[HandlerNames.Report]), MigrationInput.DefaultLagSeconds, MigrationInput.DefaultLagSeconds + 60);
    }

    [Fact]
    public async Task A_run_that_finds_another_of_its_mark_going_ends_with_nothing_done()
    {
        await using var source = await SourceAsync();
        await using var destination = await InfluxdProcess.StartAsync();
        await using var migration = await DeployedMigration.StartAsync(fixture, destination.Url, source: source.Url);
        await WriteAsync(source, "h", TimeSpan.FromMinutes(1));
        await migration.RunAsync(fixture, Input("going"), "going-1");
        await migration.CallAsync(HandlerNames.Validate, DeployedMigration.Start(Input("going"), "going-2"));
        migration.Running.Add(DeployedMigration.Arn("going-2"));

        var skipped = await migration.CallAsync(HandlerNames.Validate, DeployedMigration.Start(Input("going"), "going-3"));
        var resumed = await migration.CallAsync(HandlerNames.Validate, DeployedMigration.Start(new JsonObject { ["migrationId"] = "going-1" }, "going-4"));
        var lag = Lag(migration[HandlerNames.Validate]);
        migration.Running.Clear();
        var taken = await migration.CallAsync(HandlerNames.Validate, DeployedMigration.Start(Input("going"), "going-5"));

        Assert.Contains($"'going' is being moved by {DeployedMigration.Arn("going-2")}", (string)skipped["skipped"]!["sentence"]!, StringComparison.Ordinal);
        Assert.Equal(await MarkAsync("going"), (string)skipped["skipped"]!["mark"]!);
        Assert.NotNull(resumed["skipped"]);
        Assert.Null(taken["skipped"]);
        Assert.InRange(lag, 0, 60);
        Assert.Empty(await fixture.KeysAsync("migrations/going-3/"));
    }

    [Fact]
    public async Task Of_two_executions_that_start_at_the_same_time_one_takes_the_mark()
    {
        await using var one = await DeployedMigration.StartAsync(fixture, fixture.Source.Url);
        await using var other = await DeployedMigration.StartAsync(fixture, fixture.Source.Url);
        foreach (var aws in new[] { one, other })
            aws.Running.UnionWith([DeployedMigration.Arn("start-1"), DeployedMigration.Arn("start-2")]);
        var (first, second) = (DeployedMigration.Start(Input("start"), "start-1"), DeployedMigration.Start(Input("start"), "start-2"));

        var outcomes = await Task.WhenAll(
            one[HandlerNames.Validate].InvokeAsync(first.ToJsonString()), other[HandlerNames.Validate].InvokeAsync(second.ToJsonString()));
        var answers = new[] { await one.CallAsync(HandlerNames.Validate, first), await other.CallAsync(HandlerNames.Validate, second) };

        Assert.All(outcomes, outcome => Assert.True(outcome.ErrorType is null or ErrorNames.Transient, $"{outcome.ErrorType}: {outcome.ErrorMessage}"));
        Assert.Single(answers, answer => answer["skipped"] is null);
    }

    [Fact]
    public async Task A_run_without_a_time_of_its_own_ends_with_nothing_done()
    {
        await using var source = await SourceAsync();
        await using var destination = await InfluxdProcess.StartAsync();
        await using var migration = await DeployedMigration.StartAsync(fixture, destination.Url, source: source.Url);
        await WriteAsync(source, "h", TimeSpan.FromMinutes(1));
        await migration.RunAsync(fixture, Input("early"), "early-1");
        var input = Input("early");
        input["lagSeconds"] = 600;

        var skipped = await migration.CallAsync(HandlerNames.Validate, DeployedMigration.Start(input, "early-2"));

        Assert.Contains("nothing lies between the mark 'early'", (string)skipped["skipped"]!["sentence"]!, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_run_without_any_new_point_moves_the_mark()
    {
        await using var source = await SourceAsync();
        await using var destination = await InfluxdProcess.StartAsync();
        await using var migration = await DeployedMigration.StartAsync(fixture, destination.Url, source: source.Url);
        await WriteAsync(source, "h", TimeSpan.FromHours(5));
        var first = await migration.RunAsync(fixture, Input("quiet"), "quiet-1");

        var second = await migration.RunAsync(fixture, Input("quiet"), "quiet-2");

        Assert.Equal(("Verified", 0L), ((string)second["verdict"]!, (long)second["points"]!));
        Assert.Equal((string)second["mark"]!, await MarkAsync("quiet"));
        Assert.NotEqual((string)first["mark"]!, (string)second["mark"]!);
    }

    [Fact]
    public async Task A_failed_run_leaves_the_mark_and_is_resumed_with_the_range_that_it_had()
    {
        await using var source = await SourceAsync();
        await using var destination = await InfluxdProcess.StartAsync();
        await using var migration = await DeployedMigration.StartAsync(fixture, destination.Url, source: source.Url);
        await WriteAsync(source, "h", TimeSpan.FromMinutes(1));
        var first = await migration.RunAsync(fixture, Input("failing"), "failing-1");
        var state = await migration.CallAsync(HandlerNames.Validate, DeployedMigration.Start(Input("failing"), "failing-2"));
        var unplanned = Failed(state);
        var early = await migration.CallAsync(HandlerNames.Report, unplanned);
        await migration.CallAsync(HandlerNames.Plan, state);
        var failed = await migration.CallAsync(HandlerNames.Report, Failed(state));
        var kept = await MarkAsync("failing");
        var request = await RequestAsync("failing-2");

        var resumed = await migration.RunAsync(fixture, new JsonObject { ["migrationId"] = "failing-2" }, "failing-3");

        Assert.All(new[] { (string?)early["mark"], (string?)failed["mark"], kept }, mark => Assert.Equal((string)first["mark"]!, mark));
        Assert.Equal(("Verified", (string)request["stop"]!), ((string)resumed["verdict"]!, (string)resumed["mark"]!));
        Assert.Equal(request.ToJsonString(), (await RequestAsync("failing-2")).ToJsonString());
        Assert.Equal((string)request["stop"]!, await MarkAsync("failing"));
    }

    [Fact]
    public async Task A_run_whose_points_were_refused_leaves_the_mark_and_one_without_proof_moves_it()
    {
        await using var source = await SourceAsync();
        await using var destination = await SourceAsync();
        await using var migration = await DeployedMigration.StartAsync(fixture, destination.Url, source: source.Url);
        await WriteAsync(source, "h", TimeSpan.FromMinutes(1));
        var time = Timestamp.From(now - TimeSpan.FromMinutes(1));
        await Influxd.WriteAsync(source.Url, "d", string.Create(CultureInfo.InvariantCulture, $"log v=\"text\" {time}"));
        await Influxd.WriteAsync(destination.Url, "d", string.Create(CultureInfo.InvariantCulture, $"log,of=another v=1 {time}"));
        var input = Input("refused");
        input["existing"] = "Reuse";
        var unproven = Input("unproven");
        unproven["existing"] = "Reuse";
        unproven["verify"] = "None";
        unproven["measurements"] = new JsonArray("cpu");

        var quarantined = await migration.RunAsync(fixture, input, "refused-1");
        var unverified = await migration.RunAsync(fixture, unproven, "unproven-1");

        Assert.Equal(("Quarantined", null, null), ((string)quarantined["verdict"]!, (string?)quarantined["mark"], await MarkAsync("refused")));
        Assert.Equal("Unverified", (string)unverified["verdict"]!);
        Assert.Equal((string)(await RequestAsync("unproven-1"))["stop"]!, await MarkAsync("unproven"));
    }

    [Fact]
    public async Task Of_two_runs_that_began_at_one_mark_only_one_moves_it()
    {
        await using var source = await SourceAsync();
        await using var destination = await InfluxdProcess.StartAsync();
        await using var one = await DeployedMigration.StartAsync(fixture, destination.Url, source: source.Url);
        await using var other = await DeployedMigration.StartAsync(fixture, destination.Url, source: source.Url);
        await WriteAsync(source, "h", TimeSpan.FromMinutes(1));
        await one.RunAsync(fixture, Input("raced"), "raced-1");
        // As if Step Functions had forgotten the first: a redriven execution goes on without a validation.
        var older = await UpToReportAsync(one, "raced-2");
        var newer = await UpToReportAsync(other, "raced-3");

        var outcomes = await Task.WhenAll(
            one[HandlerNames.Report].InvokeAsync(older.ToJsonString()), other[HandlerNames.Report].InvokeAsync(newer.ToJsonString()));
        var between = await MarkAsync("raced");
        var again = new[] { await one.CallAsync(HandlerNames.Report, older), await other.CallAsync(HandlerNames.Report, newer) };

        // A lost race is retried by the state.
        Assert.All(outcomes, outcome => Assert.True(outcome.ErrorType is null or ErrorNames.Transient, $"{outcome.ErrorType}: {outcome.ErrorMessage}"));
        Assert.Contains(between, new[] { (string)(await RequestAsync("raced-2"))["stop"]!, (string)(await RequestAsync("raced-3"))["stop"]! });
        Assert.All(again, report => Assert.Equal(("Verified", between), ((string)report["verdict"]!, (string)report["mark"]!)));
        // The first run's, and one of these two.
        Assert.Equal(2, one[HandlerNames.Report].Log.Concat(other[HandlerNames.Report].Log).Count(line => line.Contains("was moved to", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task An_older_run_does_not_move_the_mark_back()
    {
        await using var source = await SourceAsync();
        await using var destination = await InfluxdProcess.StartAsync();
        await using var migration = await DeployedMigration.StartAsync(fixture, destination.Url, source: source.Url);
        await WriteAsync(source, "h", TimeSpan.FromMinutes(1));
        await migration.RunAsync(fixture, Input("back"), "back-1");
        var older = await UpToReportAsync(migration, "back-2");
        var newer = await migration.RunAsync(fixture, Input("back"), "back-3");

        var report = await migration.CallAsync(HandlerNames.Report, older);

        Assert.Equal(((string)newer["mark"]!, (string)newer["mark"]!), ((string)report["mark"]!, await MarkAsync("back")));
        Assert.Contains(migration[HandlerNames.Report].Log, line => line.Contains("is not moved to", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_mark_of_other_data_and_a_migration_that_is_not_incremental_are_refused()
    {
        await using var migration = await DeployedMigration.StartAsync(fixture, fixture.Source.Url);
        await migration.CallAsync(HandlerNames.Validate, DeployedMigration.Start(Input("owned"), "owned-1"));
        await migration.CallAsync(HandlerNames.Validate, DeployedMigration.Start(DeployedMigrationTests.Input, "whole-1"));
        var (other, renamed, whole) = (Input("owned"), Input("another"), Input("owned"));
        other["source"]!["bucket"] = "another";
        renamed["migrationId"] = "owned-1";
        whole["migrationId"] = "whole-1";

        foreach (var (input, reason) in new[] { (other, "the mark 'owned' belongs to other servers"), (renamed, "is a run of the mark 'owned'"), (whole, "is not incremental") })
        {
            var refused = await migration.FailAsync(HandlerNames.Validate, DeployedMigration.Start(input, "owned-2"));

            Assert.Equal(ErrorNames.OtherMigration, refused.ErrorType);
            Assert.Contains(reason, refused.ErrorMessage, StringComparison.Ordinal);
        }
    }

    private static JsonObject Input(string mark)
    {
        var input = DeployedMigrationTests.Input;
        input["incremental"] = true;
        input["mark"] = mark;
        input["lagSeconds"] = 0;
        return input;
    }

    private static JsonObject Failed(JsonObject state)
    {
        var failed = (JsonObject)state.DeepClone();
        failed["failure"] = new JsonObject { ["Error"] = ErrorNames.Refused, ["Cause"] = """{"errorMessage":"no permission"}""" };
        return failed;
    }

    private static async Task<InfluxdProcess> SourceAsync()
    {
        var server = await InfluxdProcess.StartAsync();
        await Influxd.QueryAsync(server.Url, "CREATE DATABASE d WITH DURATION INF SHARD DURATION 1d NAME \"rp\"");
        return server;
    }

    private Task WriteAsync(InfluxdProcess server, string host, TimeSpan ago) =>
        Influxd.WriteAsync(server.Url, "d", string.Create(CultureInfo.InvariantCulture, $"cpu,host={host} v=1 {Timestamp.From(now - ago)}"));

    private static async Task<IReadOnlyList<string>> HostsAsync(InfluxdProcess server)
    {
        var answer = JsonNode.Parse(await Influxd.QueryAsync(server.Url, "SELECT host, v FROM \"d\".\"rp\".\"cpu\""))!;
        return [.. answer["results"]![0]!["series"]![0]!["values"]!.AsArray().Select(row => (string)row![1]!).Order(StringComparer.Ordinal)];
    }

    private async Task<JsonObject> UpToReportAsync(DeployedMigration migration, string execution)
    {
        var state = await migration.CallAsync(HandlerNames.Validate, DeployedMigration.Start(Input(execution.Split('-')[0]), execution));
        var plan = await migration.CallAsync(HandlerNames.Plan, state);
        await migration.MapAsync(fixture, HandlerNames.Export, state, (JsonObject)plan["items"]!);
        var stage = await migration.CallAsync(HandlerNames.Stage, state);
        await migration.MapAsync(fixture, HandlerNames.Import, state, (JsonObject)stage["import"]!);
        await migration.MapAsync(fixture, HandlerNames.Verify, state, (JsonObject)stage["verify"]!);
        return state;
    }

    private async Task<JsonNode> RequestAsync(string migrationId) => JsonNode.Parse(await fixture.ReadAsync($"migrations/{migrationId}/request.json"))!;

    private async Task<string?> MarkAsync(string name) => (string?)JsonNode.Parse(await fixture.ReadAsync($"marks/{name}.json"))!["mark"];

    private static string Ago(JsonNode? time, TimeSpan ago)
    {
        Assert.True(Timestamp.TryParse((string)time!, out var nanoseconds));
        return Timestamp.Format(nanoseconds - (ago.Ticks * 100));
    }

    private static double Lag(LambdaFunction function) => function.Log
        .Where(line => line.Contains($"\"{MetricNames.LagSeconds}\":", StringComparison.Ordinal))
        .Select(line => (double)JsonNode.Parse(line)![MetricNames.LagSeconds]!).Last();
}
