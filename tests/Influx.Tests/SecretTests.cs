using System.Diagnostics;
using System.Reflection;
using System.Text.Json;

namespace Influx.Tests;

public sealed class SecretTests
{
    private const string Text = "fake-secret";

    [Fact]
    public void Its_text_shows_neither_as_text_nor_in_json_nor_in_a_record_that_holds_it()
    {
        var secret = new Secret(Text);

        Assert.Equal("***", $"{secret}");
        Assert.Equal("{}", JsonSerializer.Serialize(secret));
        Assert.DoesNotContain(Text, new MadeToken(secret, "id", "org", "what for").ToString(), StringComparison.Ordinal);
        Assert.DoesNotContain(Text, JsonSerializer.Serialize(new { token = secret }), StringComparison.Ordinal);
    }

    [Fact]
    public void A_debugger_shows_nothing_of_it()
    {
        var fields = typeof(Secret).GetFields(BindingFlags.Instance | BindingFlags.NonPublic | BindingFlags.Public);

        Assert.Equal("***", typeof(Secret).GetCustomAttribute<DebuggerDisplayAttribute>()!.Value);
        Assert.Equal(DebuggerBrowsableState.Never, Assert.Single(fields).GetCustomAttribute<DebuggerBrowsableAttribute>()!.State);
        Assert.Empty(typeof(Secret).GetProperties());
    }

    [Theory]
    [InlineData("fake&secret/a b")]
    [InlineData("ZmFrZSZzZWNyZXQvYSBi")]
    [InlineData("fake%26secret%2Fa%20b")]
    [InlineData("fake%26secret%2fa+b")]
    [InlineData("fake&amp;secret/a b")]
    [InlineData("fake\\u0026secret/a b")]
    public void It_is_taken_out_of_a_foreign_text_in_every_form(string form)
    {
        Assert.Equal("got '***', sorry", Secret.TakeOut($"got '{form}', sorry", "fake&secret/a b"));
        Assert.Equal(form, Secret.TakeOut(form, ""));
    }
}
