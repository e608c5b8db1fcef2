using System.Text.Json.Nodes;
using Migration;

namespace Functions.Tests;

/// <summary>What executions of a state machine that was destroyed left in the bucket, which outlives it: locks and the holders of marks.</summary>
[Collection(DeployedTests.Name)]
public sealed class RedeployedMachineTests(DeployedFixture fixture)
{
    private const string Before = "arn:aws:states:us-east-1:123456789012:execution:migration-before:run-1";

    [Fact]
    public async Task A_migration_that_the_machine_before_began_is_resumed()
    {
        await using var migration = await DeployedMigration.StartAsync(fixture, fixture.Source.Url);
        await migration.CallAsync(HandlerNames.Validate, DeployedMigration.Start(DeployedMigrationTests.Input, "before-1"));
        await fixture.ChangeAsync("migrations/before-1", DeployedLayout.Lock, FunctionsJson.Default.MigrationLock, _ => new MigrationLock(Before));

        var state = await migration.CallAsync(HandlerNames.Validate, Resume("before-1", "before-2"));

        Assert.Equal("before-2", (string)state["execution"]!);
        Assert.Contains("before-2", await fixture.ReadAsync("migrations/before-1/lock.json"), StringComparison.Ordinal);
        Assert.Contains(migration[HandlerNames.Validate].Log, line => line.Contains($"{Before} held what is taken now", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_mark_that_an_execution_of_the_machine_before_held_is_taken()
    {
        await using var migration = await DeployedMigration.StartAsync(fixture, fixture.Source.Url);
        var input = DeployedMigrationTests.Input;
        (input["incremental"], input["mark"]) = (true, "before-mark");
        await migration.CallAsync(HandlerNames.Validate, DeployedMigration.Start(input, "mark-1"));
        var key = $"{DeployedLayout.Marks}/{DeployedLayout.MarkKey("before-mark")}";
        await fixture.ChangeAsync(DeployedLayout.Marks, DeployedLayout.MarkKey("before-mark"), FunctionsJson.Default.HighWaterMark, mark => mark with { Holder = Before });

        var state = await migration.CallAsync(HandlerNames.Validate, DeployedMigration.Start(input, "mark-2"));

        Assert.Null(state["skipped"]);
        Assert.Equal(DeployedMigration.Arn("mark-2"), (string)JsonNode.Parse(await fixture.ReadAsync(key))!["holder"]!);
    }

    [Theory]
    [InlineData("ExecutionDoesNotExist")]
    [InlineData("InvalidArn")]
    public async Task An_execution_that_is_not_there_holds_nothing(string code)
    {
        await using var migration = await DeployedMigration.StartAsync(fixture, fixture.Source.Url);
        await migration.CallAsync(HandlerNames.Validate, DeployedMigration.Start(DeployedMigrationTests.Input, $"gone-{code}"));
        migration.ExecutionError = code;

        await migration.CallAsync(HandlerNames.Validate, Resume($"gone-{code}", $"gone-{code}-2"));
    }

    [Fact]
    public async Task A_denial_for_the_own_machine_leaves_the_lock()
    {
        await using var migration = await DeployedMigration.StartAsync(fixture, fixture.Source.Url);
        await migration.CallAsync(HandlerNames.Validate, DeployedMigration.Start(DeployedMigrationTests.Input, "denied-1"));
        migration.ExecutionError = "AccessDeniedException";

        var refused = await migration.FailAsync(HandlerNames.Validate, Resume("denied-1", "denied-2"));

        Assert.Equal(ErrorNames.Refused, refused.ErrorType);
        Assert.Contains("denied-1", await fixture.ReadAsync("migrations/denied-1/lock.json"), StringComparison.Ordinal);
    }

    private static JsonObject Resume(string migrationId, string execution) => DeployedMigration.Start(new JsonObject { ["migrationId"] = migrationId }, execution);
}
