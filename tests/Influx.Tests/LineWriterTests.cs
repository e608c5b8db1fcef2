using System.Globalization;

namespace Influx.Tests;

public sealed class LineWriterTests
{
    [Theory]
    [InlineData(Dialect.V1, "m", "m f=1 0\n")]
    [InlineData(Dialect.V1, "a,b c=d", "a\\,b\\ c=d f=1 0\n")]
    [InlineData(Dialect.V2, "a,b c=d", "a\\,b\\ c=d f=1 0\n")]
    [InlineData(Dialect.V3, "a,b c=d", "a\\,b\\ c=d f=1 0\n")]
    [InlineData(Dialect.V2, "C:\\dir", "C:\\dir f=1 0\n")]
    [InlineData(Dialect.V3, "C:\\dir", "C:\\\\dir f=1 0\n")]
    [InlineData(Dialect.V1, "\"é'", "\"é' f=1 0\n")]
    public void Escapes_measurements(Dialect dialect, string measurement, string line) =>
        Assert.Equal(line, LineSink.LineOf(dialect, TestPoint.Of(measurement, [], 0, TestValue.Float("f", 1))));

    [Theory]
    [InlineData(Dialect.V1, "a,b=c d\"e", "m,a\\,b\\=c\\ d\"e=a\\,b\\=c\\ d\"e a\\,b\\=c\\ d\"e=1 0\n")]
    [InlineData(Dialect.V3, "a,b=c d\"e", "m,a\\,b\\=c\\ d\"e=a\\,b\\=c\\ d\"e a\\,b\\=c\\ d\"e=1 0\n")]
    [InlineData(Dialect.V2, "a\\\\b", "m,a\\\\b=a\\\\b a\\\\b=1 0\n")]
    [InlineData(Dialect.V2, "a\\\\ b", "m,a\\\\\\ b=a\\\\\\ b a\\\\\\ b=1 0\n")]
    [InlineData(Dialect.V3, "a\\b", "m,a\\\\b=a\\\\b a\\\\b=1 0\n")]
    public void Escapes_tags_and_field_keys(Dialect dialect, string name, string line)
    {
        // One name is both here, which InfluxDB 3 does not take; there the tag has another key.
        var point = TestPoint.Of("m", [(name, name)], 0, TestValue.Float(name, 1));
        if (dialect == Dialect.V3)
        {
            point = TestPoint.Of("m", [("x" + name, name)], 0, TestValue.Float(name, 1));
            line = "m,x" + line[2..];
        }

        Assert.Equal(line, LineSink.LineOf(dialect, point));
    }

    [Theory]
    [InlineData("", "\"\"")]
    [InlineData("a\"b\\c", "\"a\\\"b\\\\c\"")]
    [InlineData("a\r\nb\tc, d=e", "\"a\r\nb\tc, d=e\"")]
    [InlineData("\\", "\"\\\\\"")]
    public void Escapes_only_quotes_and_backslashes_in_strings(string text, string written)
    {
        foreach (var dialect in Enum.GetValues<Dialect>())
            Assert.Equal($"m f={written} 0\n", LineSink.LineOf(dialect, TestPoint.Of("m", [], 0, TestValue.String("f", text))));
    }

    [Fact]
    public void Keeps_every_type_and_both_ends_of_time()
    {
        var point = TestPoint.Of(
            "m", [("b", "2"), ("a", "1")], Timestamp.Min,
            TestValue.Integer("i", long.MinValue), TestValue.Unsigned("u", ulong.MaxValue), TestValue.Boolean("t", value: true),
            TestValue.Boolean("n", value: false), TestValue.Float("z", -0.0), TestValue.Float("e", double.Epsilon), TestValue.Float("h", 1e308));

        Assert.Equal(
            "m,a=1,b=2 i=-9223372036854775808i,u=18446744073709551615u,t=true,n=false,z=-0,e=5E-324,h=1E+308 -9223372036854775806\n",
            LineSink.LineOf(Dialect.V2, point));
        Assert.EndsWith(" 9223372036854775806\n", LineSink.LineOf(Dialect.V1, TestPoint.Of("m", [], Timestamp.Max, TestValue.Float("f", 1))), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("#m", "t", "v", "f", "the measurement starts with '#'")]
    [InlineData("\tm", "t", "v", "f", "starts with a tab")]
    [InlineData("m\n", "t", "v", "f", "the measurement holds a newline")]
    [InlineData("m\\", "t", "v", "f", "ends in a backslash")]
    [InlineData("m\\=x", "t", "v", "f", "the measurement holds a backslash before")]
    [InlineData("m\\ x", "t", "v", "f", "the measurement holds a backslash before")]
    [InlineData("m\\\"x", "t", "v", "f", "the measurement holds a backslash before")]
    [InlineData("m", "time", "v", "f", "the tag key 'time' is reserved")]
    [InlineData("m", "t", "v\\", "f", "ends in a backslash")]
    [InlineData("m", "t", "v\n", "f", "holds a newline")]
    [InlineData("m", "t\\ t", "\"", "f", "the tags hold a backslash before a space")]
    [InlineData("m", "t", "v", "time", "the field key 'time' is reserved")]
    [InlineData("m", "t", "v", "f\\=", "the field key holds a backslash before")]
    [InlineData("m", "t", "v", "f\\\"", "the field key holds a backslash before")]
    [InlineData("m", "t", "v", "f\\", "ends in a backslash")]
    public void Tells_what_line_protocol_cannot_say(string measurement, string key, string value, string field, string reason)
    {
        foreach (var dialect in (Dialect[])[Dialect.V1, Dialect.V2])
            Assert.Contains(reason, LineSink.ReasonOf(dialect, TestPoint.Of(measurement, [(key, value)], 0, TestValue.Float(field, 1))) ?? "nothing", StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("t", "v", "f\\\\=")]
    [InlineData("t", "\\ \"", "f")]
    [InlineData("t\"", "\"v\"", "\"f")]
    public void Lets_pass_what_a_backslash_does_not_spoil(string key, string value, string field) =>
        Assert.Null(LineSink.ReasonOf(Dialect.V2, TestPoint.Of("m", [(key, value)], 0, TestValue.Float(field, 1))));

    [Fact]
    public void Knows_what_each_family_refuses()
    {
        var unsigned = TestPoint.Of("m", [], 0, TestValue.Unsigned("f", 1));
        var reserved = TestPoint.Of("m", [("_field", "v")], 0, TestValue.Float("f", 1));
        var twice = TestPoint.Of("m", [("f", "v")], 0, TestValue.Float("f", 1));
        var raw = TestPoint.Of("m", [], 0, new TestValue("f"u8.ToArray(), FieldType.String, 0, [0xff]));
        var rawKey = TestPoint.Of("m", [], 0, new TestValue([0xff], FieldType.Float, 0, []));
        var longText = TestPoint.Of("m", [], 0, TestValue.String("f", new string('x', 1_048_577)));
        var longKey = TestPoint.Of("m", [("t", new string('x', 65_527))], 0, TestValue.Float("f", 1));
        var longestKey = TestPoint.Of("m", [("t", new string('x', 65_526))], 0, TestValue.Float("f", 1));

        Assert.Equal("100 010 001 001 111 011 111 000", string.Join(' ', new[] { unsigned, reserved, twice, raw, rawKey, longText, longKey, longestKey }.Select(Refusers)));
    }

    private static string Refusers(TestPoint point) =>
        string.Concat(Enum.GetValues<Dialect>().Select(dialect => (LineSink.ReasonOf(dialect, point) is null ? 0 : 1).ToString(CultureInfo.InvariantCulture)));
}
