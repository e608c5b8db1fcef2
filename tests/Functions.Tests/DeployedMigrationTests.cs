using System.Text.Json.Nodes;
using TestServers;

namespace Functions.Tests;

[Collection(DeployedTests.Name)]
public sealed class DeployedMigrationTests(DeployedFixture fixture)
{
    private static JsonObject Input => new()
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
    }
}
