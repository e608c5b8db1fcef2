using System.Diagnostics;
using System.Runtime.InteropServices;
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

    [Fact]
    public async Task The_package_for_dotnet10_on_arm64_moves_a_bucket_on_any_machine()
    {
        var folder = Directory.CreateTempSubdirectory("package-");
        var (code, output) = await PublishAsync(folder.FullName, "dotnet10", "arm64");
        Assert.True(code == 0, output);
        await using var destination = await InfluxdProcess.StartAsync();
        await using var migration = await DeployedMigration.StartAsync(fixture, destination.Url, Path.Combine(folder.FullName, "bootstrap.dll"));

        var report = await migration.RunAsync(fixture, DeployedMigrationTests.Input, "managed");

        Assert.Equal("Verified", report["verdict"]!.GetValue<string>());
        // What only one architecture could start is not in it.
        Assert.DoesNotContain(folder.EnumerateFiles("*", SearchOption.AllDirectories), file => file.Extension is ".so" or "");
        folder.Delete(recursive: true);
    }

    [Theory]
    [InlineData("provided.al2023", "other", "needs that architecture's linker and libraries")]
    [InlineData("provided.al2023", "riscv", "'riscv' is no architecture of Lambda's")]
    [InlineData("dotnet8", "x86_64", "'dotnet8' is no runtime of the functions")]
    public async Task A_package_that_can_not_be_made_here_is_refused_with_a_sentence(string runtime, string architecture, string sentence)
    {
        if (architecture == "other")
            architecture = RuntimeInformation.OSArchitecture == Architecture.Arm64 ? "x86_64" : "arm64";

        var (code, output) = await PublishAsync("/nowhere", runtime, architecture);

        Assert.Equal(1, code);
        Assert.Contains(sentence, output, StringComparison.Ordinal);
    }

    private static async Task<(int Code, string Output)> PublishAsync(string folder, string runtime, string architecture)
    {
        var start = new ProcessStartInfo(Path.Combine(MigrationInputTests.Repository(), "scripts", "publish-functions.sh"), [folder, runtime, architecture])
        {
            UseShellExecute = false,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        using var process = Process.Start(start)!;
        var (output, errors) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        await process.WaitForExitAsync();
        return (process.ExitCode, await output + await errors);
    }

    private static string Native()
    {
        var file = Path.Combine(MigrationInputTests.Repository(), "artifacts", "functions", "bootstrap");
        Assert.True(File.Exists(file), $"{file} is missing: ./test publishes it, and so does scripts/publish-functions.sh");
        return file;
    }
}
