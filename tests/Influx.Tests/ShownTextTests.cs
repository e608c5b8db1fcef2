namespace Influx.Tests;

public sealed class ShownTextTests
{
    [Theory]
    [InlineData("plain é温 😀", "plain é温 😀")]
    [InlineData("\u001b]0;title\u0007", @"\x1b]0;title\x07")]
    [InlineData("\u009b31m\u007f\0", @"\x9b31m\x7f\x00")]
    [InlineData("a\u202egnp.exe\u2066\u2028\u200f\u061c\ufeff", @"a\u202egnp.exe\u2066\u2028\u200f\u061c\ufeff")]
    [InlineData("one\r\n\ttwo", @"one\r\n\ttwo")]
    public void What_does_something_instead_of_being_seen_is_written_out(string text, string shown) =>
        Assert.Equal(shown, ShownText.Line(text));

    [Fact]
    public void A_text_of_several_lines_keeps_their_ends_and_nothing_else() =>
        Assert.Equal("one\\r\ntwo\\x1b", ShownText.Lines("one\r\ntwo\u001b"));
}
