using System.Text.RegularExpressions;
using TestServers;

namespace Cli.Tests;

/// <summary>What the pages point at is there.</summary>
public sealed partial class LinkTests
{
    [Fact]
    public void Every_link_between_pages_leads_to_a_file()
    {
        var links = Pages.Files.SelectMany(page => Link().Matches(File.ReadAllText(page))
            .Select(link => (Page: page, Target: link.Groups["target"].Value))).ToList();

        Assert.True(links.Count > 20);
        Assert.All(links, link => Assert.True(
            File.Exists(Path.Combine(Path.GetDirectoryName(link.Page)!, link.Target)), $"{link.Page} links to {link.Target}"));
    }

    [Fact]
    public void Every_page_of_the_folder_is_linked_from_the_README()
    {
        var linked = Link().Matches(Pages.Read("README.md")).Select(link => Path.GetFileName(link.Groups["target"].Value)).ToHashSet(StringComparer.Ordinal);

        Assert.Empty(Pages.Files.Select(page => Path.GetFileName(page)).Except(linked, StringComparer.Ordinal).Except(["README.md"], StringComparer.Ordinal));
    }

    [Fact]
    public void Every_command_of_a_page_is_one_that_the_command_takes()
    {
        var lines = Pages.Files.SelectMany(File.ReadLines).Where(line => line.StartsWith("$ influx-migrate ", StringComparison.Ordinal)).ToList();

        Assert.True(lines.Count >= 5);
        Assert.All(lines, line => Assert.Empty(Commands.Root().Parse(line["$ influx-migrate ".Length..]).Errors.Select(error => $"{line}: {error.Message}")));
    }

    [Fact]
    public void Every_test_that_a_fact_on_InfluxDB_names_is_there()
    {
        var named = Test().Matches(Pages.Read(Path.Combine("docs", "influxdb.md"))).Select(test => test.Value.Trim('`').Split('.')).ToList();

        Assert.True(named.Count > 20);
        Assert.All(named, test => Assert.Contains(
            Directory.EnumerateFiles(Path.Combine(Repository.Root, "tests"), test[0] + ".cs", SearchOption.AllDirectories),
            file => File.ReadAllText(file).Contains($" {test[1]}(", StringComparison.Ordinal)));
    }

    // A link to a file of the repository, without the place in it.
    [GeneratedRegex(@"\]\((?!https?:|#)(?<target>[^)#]+)(#[^)]*)?\)", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Link();

    [GeneratedRegex(@"`\w+Tests\.\w+`", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Test();
}
