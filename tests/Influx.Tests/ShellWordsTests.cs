using System.Diagnostics;
using System.Text;
using System.Text.Json;

namespace Influx.Tests;

public sealed class ShellWordsTests
{
    private const string Nasty = "'\"\\$`!&|;<>()[]{}*?~#=%@+-_./:, \t\n\r\u001b\u007f\u009b\u2028\u202e\ufeffaZ0é温";

    [Theory]
    [InlineData("migrate --src-host http://a:8086", "migrate", "--src-host", "http://a:8086")]
    [InlineData("--tag 'host=a b'", "--tag", "host=a b")]
    [InlineData(@"'it'\''s' '' '$HOME' 'a*' '~' 'x;y' '(' '温' '=ls'", "it's", "", "$HOME", "a*", "~", "x;y", "(", "温", "=ls")]
    [InlineData(@"$'a\x1b\x5d0 b\x0a' $'\xe2\x80\xae\x27'", "a\u001b]0 b\n", "\u202e'")]
    public void Words_are_quoted_where_a_shell_would_change_them(string expected, params string[] words) =>
        Assert.Equal(expected, ShellWords.Join(words));

    [Fact]
    public async Task Bash_gets_the_very_words_whatever_is_in_them()
    {
        var random = new Random(20_261_124);
        var words = Enumerable.Range(0, 500)
            .Select(_ => new string([.. Enumerable.Range(0, random.Next(12)).Select(_ => Nasty[random.Next(Nasty.Length)])]))
            .ToList();

        var line = ShellWords.Join(words);

        Assert.DoesNotContain(line, ShownText.IsHidden);
        var start = new ProcessStartInfo("bash", ["-c", $"printf '%s\\0' {line}"])
        {
            UseShellExecute = false,
            RedirectStandardOutput = true,
            StandardOutputEncoding = new UTF8Encoding(false, throwOnInvalidBytes: true),
            // The words must not depend on the locale.
            Environment = { ["LC_ALL"] = "C" },
        };
        using var bash = Process.Start(start)!;
        var printed = await bash.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        await bash.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.Equal(words, printed.Split('\0')[..^1]);
    }

    [Fact]
    public void A_value_that_begins_with_a_dash_stays_the_value_of_its_option() =>
        Assert.Equal("--bucket=--print --org a", ShellWords.Join([.. ShellWords.Option("--bucket", "--print"), .. ShellWords.Option("--org", "a")]));

    [Fact]
    public void A_JSON_string_ends_no_quotation_of_a_shell_and_is_read_back_equal()
    {
        var json = ShellWords.Json(Nasty);

        Assert.DoesNotContain('\'', json);
        Assert.DoesNotContain(json, ShownText.IsHidden);
        Assert.Equal(Nasty, JsonSerializer.Deserialize<string>(json));
    }
}
