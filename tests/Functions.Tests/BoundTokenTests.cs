using System.Text.Json.Nodes;
using Functions.Secrets;
using Migration;
using TestServers;

namespace Functions.Tests;

/// <summary>A token goes to the server that its secret names and to no other, whoever names one, and over plain http only where that is allowed.</summary>
[Collection(DeployedTests.Name)]
public sealed class BoundTokenTests(DeployedFixture fixture)
{
    private const string Arn = DeployedMigration.SourceSecret;

    [Theory]
    [InlineData("https://influx.example.com:443", "https://INFLUX.example.com:443/below")]
    [InlineData("https://influx.example.com:8086", "https://influx.example.com.:8086")]
    [InlineData("https://büro.example.com:8086", "https://xn--bro-hoa.example.com:8086")]
    [InlineData("http://[fd12:0::5]:8086", "http://[fd12::5]:8086")]
    [InlineData("http://10.0.0.5:80", "http://0xa.5:80")]
    public void The_same_server_may_be_written_otherwise(string own, string asked) => Secret(own).CheckBelongsTo(asked, ServerRole.Source, Arn);

    [Theory]
    [InlineData("https://influx.example.com:8086", "http://influx.example.com:8086")]
    [InlineData("https://influx.example.com:8086", "https://influx.example.com:8087")]
    [InlineData("https://influx.example.com:8086", "https://influx.example.org:8086")]
    [InlineData("https://influx.example.com:8086", "https://influx.example.com.attacker.example:8086")]
    [InlineData("https://influx.example.com:8086", "https://attacker.example:8086/influx.example.com:8086")]
    [InlineData("http://10.0.0.5:8086", "http://10.0.0.50:8086")]
    [InlineData("https://influx.example.com:8086", "influx.example.com:8086")]
    public void Another_server_is_refused_and_named(string own, string asked)
    {
        var refused = Assert.Throws<NamedException>(() => Secret(own).CheckBelongsTo(asked, ServerRole.Source, Arn));

        Assert.Equal(ErrorNames.InvalidInput, refused.Name);
        Assert.DoesNotContain("fake", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_input_that_names_another_allowed_server_than_the_secret_gets_no_token_there()
    {
        await using var own = await FaultProxy.StartAsync(fixture.Source.Url);
        await using var other = await FaultProxy.StartAsync(fixture.Source.Url);
        await using var migration = await DeployedMigration.StartAsync(fixture, fixture.Source.Url, source: own.Url);
        var input = DeployedMigrationTests.Input;
        input["source"]!["url"] = DeployedMigration.Text(other.Url);
        var state = await migration.CallAsync(HandlerNames.Validate, DeployedMigration.Start(input, "unbound"));

        var refused = await migration.FailAsync(HandlerNames.Plan, state);

        Assert.Equal(ErrorNames.InvalidInput, refused.ErrorType);
        Assert.Contains(
            $"'source.url' is of {DeployedMigration.Text(other.Url)}, but the token of the secret {Arn} belongs to {DeployedMigration.Text(own.Url)} and is sent nowhere else",
            refused.ErrorMessage, StringComparison.Ordinal);
        Assert.Equal((0, 0), (own.Requests, other.Requests));
    }

    [Theory]
    [InlineData(HandlerNames.Export)]
    [InlineData(HandlerNames.Import)]
    [InlineData(HandlerNames.Verify)]
    public async Task A_plan_that_was_changed_to_name_another_allowed_server_gets_no_token_there(string stage)
    {
        await using var destination = await InfluxdProcess.StartAsync();
        await using var other = await FaultProxy.StartAsync(fixture.Source.Url);
        await using var migration = await DeployedMigration.StartAsync(fixture, destination.Url);
        var id = $"changed-{stage}";
        var state = await migration.CallAsync(HandlerNames.Validate, DeployedMigration.Start(DeployedMigrationTests.Input, id));
        var items = (JsonObject)(await migration.CallAsync(HandlerNames.Plan, state))["items"]!;
        if (stage != HandlerNames.Export)
        {
            await migration.MapAsync(fixture, HandlerNames.Export, state, items);
            var staged = await migration.CallAsync(HandlerNames.Stage, state);
            items = (JsonObject)staged["import"]!;
            if (stage == HandlerNames.Verify)
                await migration.MapAsync(fixture, HandlerNames.Import, state, items);
        }
        var isSource = stage == HandlerNames.Export;
        await fixture.ChangeAsync($"migrations/{id}", DeployedLayout.PlanPart(id, "000000"), MigrationJson.Default.MigrationPlan, part =>
        {
            (isSource ? part.Request.Source : part.Request.Destination).Url = DeployedMigration.Text(other.Url);
            return part;
        });

        // Another sandbox: the one that worked before has the part of the plan in memory.
        await using var fresh = await DeployedMigration.StartAsync(fixture, destination.Url);
        var refused = await fresh.FailAsync(stage, DeployedMigration.WithChunk(state, (await fixture.ItemsAsync(items))[0]));

        Assert.Equal(ErrorNames.InvalidInput, refused.ErrorType);
        Assert.Contains($"'{(isSource ? "source" : "destination")}.url' is of {DeployedMigration.Text(other.Url)}", refused.ErrorMessage, StringComparison.Ordinal);
        Assert.Equal(0, other.Requests);
    }

    [Fact]
    public async Task Plain_http_is_refused_by_every_stage_where_the_environment_does_not_allow_it()
    {
        await using var destination = await InfluxdProcess.StartAsync();
        await using var source = await FaultProxy.StartAsync(fixture.Source.Url);
        await using var before = await DeployedMigration.StartAsync(fixture, destination.Url, source: source.Url);
        var state = await before.CallAsync(HandlerNames.Validate, DeployedMigration.Start(DeployedMigrationTests.Input, "plain-1"));
        var plan = await before.CallAsync(HandlerNames.Plan, state);
        var asked = source.Requests;
        await using var after = await DeployedMigration.StartAsync(fixture, destination.Url, source: source.Url, allowPlainHttp: false);
        var input = DeployedMigrationTests.Input;
        input["source"]!["url"] = DeployedMigration.Text(source.Url);

        var validated = await after.FailAsync(HandlerNames.Validate, DeployedMigration.Start(input, "plain-2"));
        var planned = await after.FailAsync(HandlerNames.Plan, state);
        var exported = await after.FailAsync(HandlerNames.Export, DeployedMigration.WithChunk(state, (await fixture.ItemsAsync(plan["items"]))[0]));

        Assert.Equal((ErrorNames.InvalidInput, ErrorNames.SecretUnusable, ErrorNames.InvalidInput), (validated.ErrorType, planned.ErrorType, exported.ErrorType));
        Assert.All([validated, planned, exported], refused => Assert.Contains($"'{DeployedMigration.Text(source.Url)}' is plain http", refused.ErrorMessage, StringComparison.Ordinal));
        Assert.Equal(asked, source.Requests);
    }

    [Fact]
    public async Task A_secret_that_names_no_server_is_a_warning_in_the_report()
    {
        await using var destination = await InfluxdProcess.StartAsync();
        await using var migration = await DeployedMigration.StartAsync(fixture, destination.Url);
        migration.SetSecret(Arn, """{"token":"reader:fake"}""");
        var input = DeployedMigrationTests.Input;
        input["source"]!["url"] = DeployedMigration.Text(fixture.Source.Url);

        var report = await migration.RunAsync(fixture, input, "any-server");

        var warnings = JsonNode.Parse(await fixture.ReadAsync((string)report["reportKey"]!))!["warnings"]!.AsArray().Select(warning => (string)warning!).ToList();
        Assert.Single(warnings, warning => warning.StartsWith("the secret of the source names no \"url\"", StringComparison.Ordinal));
        Assert.DoesNotContain(warnings, warning => warning.StartsWith("the secret of the destination", StringComparison.Ordinal));
    }

    private static ServerSecret Secret(string url) => ServerSecret.Parse(new JsonObject { ["url"] = url, ["token"] = "token-fake" }.ToJsonString(), ServerRole.Source, Arn);
}
