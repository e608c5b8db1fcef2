using System.Text.RegularExpressions;
using TestServers;

namespace Cli.Tests;

public sealed partial class SecurityPageTests
{
    private static readonly string[] Rows = [.. File.ReadAllLines(Path.Combine(Repository.Root, "SECURITY.md"))
        .SkipWhile(line => !line.StartsWith("| who |", StringComparison.Ordinal)).TakeWhile(line => line.StartsWith('|')).Skip(2)];

    [Fact]
    public void Every_threat_names_tests_that_there_are()
    {
        var tests = Directory.EnumerateFiles(Path.Combine(Repository.Root, "tests"), "*.cs", SearchOption.AllDirectories)
            .Where(file => !file.Contains("/obj/", StringComparison.Ordinal))
            .SelectMany(file => Test().Matches(File.ReadAllText(file)).Select(test => $"{Path.GetFileNameWithoutExtension(file)}.{test.Groups["name"].Value}"))
            .ToHashSet(StringComparer.Ordinal);

        Assert.True(Rows.Length > 10);
        Assert.All(Rows, row =>
        {
            var cells = row.Trim('|').Split('|');
            Assert.Equal(4, cells.Length);
            var named = cells[3].Split(',').Select(name => name.Trim().Trim('`')).ToList();
            Assert.NotEmpty(named);
            Assert.Empty(named.Except(tests, StringComparer.Ordinal));
        });
    }

    // A method right below its attributes.
    [GeneratedRegex(@"\[(Fact|Theory)[^\n]*\](\s*\[[^\n]*)*\s*public [\w<> ]+ (?<name>\w+)\(", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 10_000)]
    private static partial Regex Test();
}
