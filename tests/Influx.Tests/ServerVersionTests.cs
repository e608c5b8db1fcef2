namespace Influx.Tests;

public sealed class ServerVersionTests
{
    [Theory]
    [InlineData("1.6.7~rc0", ServerFamily.V1, 6, 7)]
    [InlineData("v2.7.1", ServerFamily.V2, 7, 1)]
    [InlineData("2.9.1", ServerFamily.V2, 9, 1)]
    [InlineData("3.10.0-nightly", ServerFamily.V3, 10, 0)]
    public void Reads_the_texts_that_servers_send(string text, ServerFamily family, int minor, int patch)
    {
        Assert.True(ServerVersion.TryParse(text, out var version));

        Assert.Equal(new ServerVersion(family, minor, patch), version);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("unknown")]
    [InlineData("4.0.0")]
    [InlineData("2.7")]
    public void Refuses_what_is_no_version(string? text) => Assert.False(ServerVersion.TryParse(text, out _));

    [Fact]
    public void Orders_by_number_not_by_text()
    {
        var newer = new ServerVersion(ServerFamily.V2, 10, 0);
        var older = new ServerVersion(ServerFamily.V2, 4, 9);

        Assert.True(older < newer);
    }
}
