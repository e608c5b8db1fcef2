using System.Diagnostics;
using TestServers;

namespace Functions.Tests;

[Collection(DeployedTests.Name)]
public sealed class PublishedFunctionTests(DeployedFixture fixture)
{
    private const int Starts = 5;

    [Fact]
    public async Task The_native_file_moves_a_bucket_from_the_input_to_a_verified_report()
    {
        await using var destination = await InfluxdProcess.StartAsync();
        await using var migration = await DeployedMigration.StartAsync(fixture, destination.Url, Native());

        var report = await migration.RunAsync(fixture, DeployedMigrationTests.Input, "native");

        Assert.Equal("Verified", report["verdict"]!.GetValue<string>());
    }

    [Fact]
    public async Task The_native_file_starts_in_a_third_of_the_time_and_half_of_the_memory_of_the_assembly()
    {
        var native = await FirstAnswerAsync(Native());
        var assembly = await FirstAnswerAsync(file: null);

        var words = $"native {native.Time.TotalMilliseconds:0} ms, {native.Memory / 1e6:0.0} MB; assembly {assembly.Time.TotalMilliseconds:0} ms, {assembly.Memory / 1e6:0.0} MB";
        TestContext.Current.TestOutputHelper?.WriteLine(words);
        Assert.True(native.Time * 3 < assembly.Time && native.Memory * 2 < assembly.Memory, words);
    }

    // From the start of the process to the first answer of validate, which reads and writes the staging bucket; the best of some.
    private async Task<(TimeSpan Time, long Memory)> FirstAnswerAsync(string? file)
    {
        var (best, memory) = (TimeSpan.MaxValue, 0L);
        for (var start = 0; start < Starts; start++)
        {
            await using var migration = await DeployedMigration.StartAsync(fixture, fixture.Source.Url, file);
            var function = migration[HandlerNames.Validate];
            await function.PrepareAsync();
            var payload = DeployedMigration.Start(DeployedMigrationTests.Input, $"cold-{Path.GetExtension(file ?? ".dll").Length}-{start}");
            var clock = Stopwatch.GetTimestamp();
            await migration.CallAsync(HandlerNames.Validate, payload);
            var elapsed = Stopwatch.GetElapsedTime(clock);
            best = elapsed < best ? elapsed : best;
            memory = Math.Max(memory, function.PeakMemory());
        }
        return (best, memory);
    }

    private static string Native()
    {
        var file = Path.Combine(MigrationInputTests.Repository(), "artifacts", "functions", "bootstrap");
        Assert.True(File.Exists(file), $"{file} is missing: ./test publishes it, and so does scripts/publish-functions.sh");
        return file;
    }
}
