namespace Cli.Tests;

public sealed class CommandLineTests
{
    [Theory]
    [InlineData("migrate --src-host http://a:8086", "migrate", "--src-host", "http://a:8086")]
    [InlineData("--tag 'host=a b'", "--tag", "host=a b")]
    [InlineData(@"'it'\''s' '' '$HOME' 'a*' '~' 'x;y' '(' '温'", "it's", "", "$HOME", "a*", "~", "x;y", "(", "温")]
    public void Words_are_quoted_where_a_shell_would_change_them(string expected, params string[] words) =>
        Assert.Equal(expected, CommandLine.Join(words));
}
