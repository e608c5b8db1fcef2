using System.Text.RegularExpressions;

namespace Functions.Tests;

public sealed partial class InputWordsTests
{
    // Of `influx-migrate token create`, `influxdb3 create token` and `influxdb3 serve`, which are commands whoever reads of them.
    private static readonly string[] OfOtherCommands = ["--role", "--host", "--org", "--bucket", "--create-buckets", "--admin", "--name", "--permission", "--print", "--max-http-request-size"];

    // Whose property holds a value that the message names.
    private static readonly Dictionary<string, string> Values = new() { ["--existing"] = " reuse", ["--retention"] = " widen", ["--verify"] = " none" };

    [Theory]
    [InlineData("it exists: write into it with --existing reuse", "it exists: write into it with \"existing\": \"Reuse\"")]
    [InlineData("leave --src-org out, and --start and --stop", "leave \"org\" of \"source\" out, and \"start\" and \"stop\"")]
    [InlineData("a - b -- c", "a - b -- c")]
    public void Say_options_as_properties_of_the_input(string said, string expected) => Assert.Equal(expected, InputWords.Of(said));

    [Fact]
    public void Know_every_option_that_a_message_of_the_stages_names()
    {
        var named = new SortedSet<string>(StringComparer.Ordinal);
        foreach (var folder in (string[])["Migration", "Influx"])
        {
            // The page's style has names of the same shape.
            var files = Directory.EnumerateFiles(Path.Combine(MigrationInputTests.Repository(), "src", folder), "*.cs");
            foreach (var file in files.Where(file => !Path.GetFileName(file).StartsWith("ReportHtml", StringComparison.Ordinal)))
            {
                foreach (var line in File.ReadLines(file).Where(line => !line.TrimStart().StartsWith("//", StringComparison.Ordinal)))
                    named.UnionWith(Option().Matches(line).Select(match => match.Value));
            }
        }

        Assert.Superset(new HashSet<string>(["--existing", "--full", "--skip-verify"]), named);
        Assert.All(named.Except(OfOtherCommands), option => Assert.DoesNotMatch(Option(), InputWords.Of($" {option}{Values.GetValueOrDefault(option)}")));
    }

    [GeneratedRegex("(?<=[ (\"'])--[a-z][a-z-]*", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Option();
}
