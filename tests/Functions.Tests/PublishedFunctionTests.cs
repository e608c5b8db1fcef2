using TestServers;

namespace Functions.Tests;

[Collection(DeployedTests.Name)]
public sealed class PublishedFunctionTests(DeployedFixture fixture)
{
    [Fact]
    public async Task The_native_file_moves_a_bucket_from_the_input_to_a_verified_report()
    {
        await using var destination = await InfluxdProcess.StartAsync();
        await using var migration = await DeployedMigration.StartAsync(fixture, destination.Url, Native());

        var report = await migration.RunAsync(fixture, DeployedMigrationTests.Input, "native");

        Assert.Equal("Verified", report["verdict"]!.GetValue<string>());
    }

    private static string Native()
    {
        var file = Path.Combine(MigrationInputTests.Repository(), "artifacts", "functions", "bootstrap");
        Assert.True(File.Exists(file), $"{file} is missing: ./test publishes it, and so does scripts/publish-functions.sh");
        return file;
    }
}
