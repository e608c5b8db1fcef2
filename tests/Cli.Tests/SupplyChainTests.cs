using System.Text.Json.Nodes;
using TestServers;

namespace Cli.Tests;

/// <summary>What the shipped programs are made of, and that a known vulnerability of it fails the build.</summary>
public sealed class SupplyChainTests : IDisposable
{
    private readonly DirectoryInfo work = Directory.CreateTempSubdirectory("influx-migrate-supply-");

    public void Dispose() => work.Delete(recursive: true);

    [Theory]
    [InlineData("Functions")]
    [InlineData("Cli")]
    public async Task The_list_of_what_is_shipped_names_every_package_of_the_lock_file(string project)
    {
        var folder = Path.Combine(Repository.Root, "src", project);
        var file = Path.Combine(work.FullName, "bom.json");

        var (code, output) = await DotnetAsync(Repository.Root, "run", "scripts/sbom.cs", "--", folder, file);

        Assert.True(code == 0, output);
        var bom = JsonNode.Parse(await File.ReadAllTextAsync(file))!;
        var components = bom["components"]!.AsArray().ToDictionary(component => (string)component!["name"]!, component => component!, StringComparer.Ordinal);
        var locked = JsonNode.Parse(await File.ReadAllTextAsync(Path.Combine(folder, "packages.lock.json")))!["dependencies"]!.AsObject()
            .SelectMany(target => target.Value!.AsObject()).Where(package => (string)package.Value!["type"]! != "Project").ToList();
        Assert.Equal(("CycloneDX", "1.6"), ((string)bom["bomFormat"]!, (string)bom["specVersion"]!));
        Assert.True(locked.Count > 5);
        Assert.All(locked, package =>
        {
            var component = components[package.Key];
            Assert.Equal((string)package.Value!["resolved"]!, (string)component["version"]!);
            Assert.Equal((string)package.Value["contentHash"]!, (string)component["properties"]![0]!["value"]!);
            Assert.Equal($"pkg:nuget/{package.Key}@{package.Value["resolved"]}", (string)component["purl"]!);
        });
        Assert.All(components.Values, component =>
        {
            Assert.Equal(("SHA-512", 128), ((string)component["hashes"]![0]!["alg"]!, ((string)component["hashes"]![0]!["content"]!).Length));
            Assert.False(string.IsNullOrEmpty((string?)component["licenses"]![0]!["license"]?["id"] ?? (string?)component["licenses"]![0]!["license"]?["name"] ?? (string?)component["licenses"]![0]!["expression"]));
        });
        var further = components.Keys.Except(locked.Select(package => package.Key), StringComparer.Ordinal).ToList();
        Assert.All(further, name => Assert.Contains("NETCore.App.Runtime", name, StringComparison.Ordinal));
        // Tools of the tests are not shipped.
        Assert.DoesNotContain(components.Keys, name => name.StartsWith("xunit", StringComparison.OrdinalIgnoreCase) || name.Contains("CDK", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(null, 0)]
    [InlineData("0", 1)]
    [InlineData("3", 1)]
    public async Task A_known_vulnerability_of_any_severity_fails_the_build(string? severity, int expected)
    {
        await using var index = await FaultProxy.StartAsync(new Uri("http://127.0.0.1:9"));
        var root = index.Url.AbsoluteUri;
        index.On("GET", "/index.json", times: int.MaxValue).Answer(200, $$"""{"version":"3.0.0","resources":[{"@id":"{{root}}vulnerabilities.json","@type":"VulnerabilityInfo/6.7.0"}]}""");
        index.On("GET", "/vulnerabilities.json", times: int.MaxValue).Answer(200, $$"""[{"@name":"base","@id":"{{root}}base.json","@updated":"2026-01-01T00:00:00Z"}]""");
        index.On("GET", "/base.json", times: int.MaxValue).Answer(
            200, severity is null ? "{}" : $$"""{"system.io.hashing":[{"url":"https://example.com/advisory","severity":{{severity}},"versions":"[0.0.1, )"}]}""");
        // The project's own settings, beside no lock file: another project than any of the solution.
        await File.WriteAllTextAsync(Path.Combine(work.FullName, "Directory.Build.props"), $"""<Project><Import Project="{Repository.Root}/Directory.Build.props" /></Project>""");
        await File.WriteAllTextAsync(Path.Combine(work.FullName, "Directory.Packages.props"), $"""<Project><Import Project="{Repository.Root}/Directory.Packages.props" /></Project>""");
        await File.WriteAllTextAsync(Path.Combine(work.FullName, "audited.csproj"), """<Project Sdk="Microsoft.NET.Sdk"><PropertyGroup><RestoreLockedMode>false</RestoreLockedMode></PropertyGroup><ItemGroup><PackageReference Include="System.IO.Hashing" /></ItemGroup></Project>""");
        await File.WriteAllTextAsync(
            Path.Combine(work.FullName, "nuget.config"),
            $"""<configuration><auditSources><clear /><add key="test" value="{root}index.json" allowInsecureConnections="true" /></auditSources></configuration>""");

        var (code, output) = await DotnetAsync(work.FullName, "restore");

        Assert.True(code == expected, output);
        if (severity is not null)
            Assert.Contains($"error NU190{int.Parse(severity, System.Globalization.CultureInfo.InvariantCulture) + 1}", output, StringComparison.Ordinal);
    }

    private static async Task<(int Code, string Output)> DotnetAsync(string folder, params string[] arguments)
    {
        using var process = new System.Diagnostics.Process
        {
            StartInfo = new("dotnet", arguments) { WorkingDirectory = folder, UseShellExecute = false, RedirectStandardOutput = true, RedirectStandardError = true },
        };
        process.Start();
        var errors = process.StandardError.ReadToEndAsync();
        var output = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        return (process.ExitCode, output + await errors);
    }
}
