namespace Migration.Tests;

public sealed class PairTextTests
{
    [Theory]
    [InlineData("a=b", "a", "b")]
    [InlineData("a=b=c", "a", "b=c")]
    [InlineData(@"a\=b=c", "a=b", "c")]
    [InlineData(@"a\\=c", @"a\", "c")]
    [InlineData(@"a\\\=b=c\=d", @"a\=b", @"c\=d")]
    [InlineData(@"C:\\x\y=v", @"C:\\x\y", "v")]
    public void An_equals_sign_separates_unless_a_backslash_takes_it_into_the_key(string text, string key, string value)
    {
        Assert.True(PairText.TryRead(text, out var foundKey, out var foundValue));
        Assert.Equal((key, value), (foundKey, foundValue));
        Assert.True(PairText.TryRead($"{PairText.Key(key)}={value}", out foundKey, out foundValue));
        Assert.Equal((key, value), (foundKey, foundValue));
    }

    [Theory]
    [InlineData("")]
    [InlineData("a")]
    [InlineData("=b")]
    [InlineData("a=")]
    [InlineData(@"a\=b")]
    public void What_does_not_separate_is_no_pair(string text) => Assert.False(PairText.TryRead(text, out _, out _));
}
