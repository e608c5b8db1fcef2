using System.CommandLine;
using System.Text.RegularExpressions;
using Cli.Deployed;
using TestServers;

namespace Cli.Tests;

/// <summary>What the pages say about the command is what the command is.</summary>
public sealed partial class PageTests
{
    [Fact]
    public void The_option_table_is_the_options_of_migrate_with_their_descriptions()
    {
        var options = MigrateCommand.Create().Options
            .Where(option => option.Name is not ("--help" or "--version"))
            .Select(option => $"| `{option.Name}` | {option.Description} |");

        Assert.Equal(options.Order(StringComparer.Ordinal), Rows(@"^\| `--").Order(StringComparer.Ordinal));
    }

    [Fact]
    public void The_table_of_the_commands_against_AWS_is_their_options_and_arguments()
    {
        Command[] commands = [StartCommand.Create(), StatusCommand.Create(), WatchCommand.Create(), StopCommand.Create(), RedriveCommand.Create(), ReportCommand.Create()];
        var shared = MigrateCommand.Create().Options.Select(option => option.Name).ToHashSet(StringComparer.Ordinal);

        var rows = commands
            .SelectMany(command => command.Options.Where(option => !shared.Contains(option.Name)).Cast<Symbol>().Concat(command.Arguments).Select(symbol => (Command: command.Name, symbol.Name, symbol.Description)))
            .GroupBy(row => (row.Name, row.Description))
            .Select(group => $"| {string.Join(", ", group.Select(row => $"`{row.Command}`"))} | `{group.Key.Name}` | {group.Key.Description} |");

        Assert.Equal(rows, Rows($"^\\| `({string.Join('|', commands.Select(command => command.Name))})`"));
    }

    [Fact]
    public void The_exit_codes_are_those_of_the_help_in_its_words()
    {
        var codes = ExitCode().Matches(ExitCodes.Table).Select(match => $"{match.Groups["code"].Value} {match.Groups["meaning"].Value}").ToList();

        var rows = Rows(@"^\| [0-9] \|").Select(row => row.Split('|')).Select(cells => $"{cells[1].Trim()} {cells[2].Trim()}");

        Assert.Equal(7, codes.Count);
        Assert.Equal(codes, rows);
    }

    private static IEnumerable<string> Rows(string pattern) => Pages.Files.SelectMany(File.ReadLines)
        .Where(line => Regex.IsMatch(line, pattern, RegexOptions.None, TimeSpan.FromSeconds(1)));

    [GeneratedRegex(@"^ +(?<code>[0-9]) +(?<meaning>.+?)\r?$", RegexOptions.Multiline | RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex ExitCode();
}
