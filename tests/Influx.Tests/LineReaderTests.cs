using System.Text;

namespace Influx.Tests;

public sealed class LineReaderTests
{
    [Theory]
    [InlineData("m f=1 1", "m [] [f:Float:3ff0000000000000:] 1")]
    [InlineData("m f=1. 1", "m [] [f:Float:3ff0000000000000:] 1")]
    [InlineData("m f=.5 1", "m [] [f:Float:3fe0000000000000:] 1")]
    [InlineData("m f=1E+05 1", "m [] [f:Float:40f86a0000000000:] 1")]
    [InlineData("m f=-0 1", "m [] [f:Float:8000000000000000:] 1")]
    [InlineData("m f=01 1", "m [] [f:Float:3ff0000000000000:] 1")]
    [InlineData("m f=-5i 1", "m [] [f:Integer:fffffffffffffffb:] 1")]
    [InlineData("m f=18446744073709551615u 1", "m [] [f:Unsigned:ffffffffffffffff:] 1")]
    [InlineData("m a=t,b=T,c=true,d=True,e=TRUE 1", "m [] [a:Boolean:1: b:Boolean:1: c:Boolean:1: d:Boolean:1: e:Boolean:1:] 1")]
    [InlineData("m a=f,b=F,c=false,d=False,e=FALSE 1", "m [] [a:Boolean:0: b:Boolean:0: c:Boolean:0: d:Boolean:0: e:Boolean:0:] 1")]
    [InlineData("m f=\"\" 1", "m [] [f:String:0:] 1")]
    [InlineData("m f=\"a\\\"b\\\\c\\n,d=e \" -1", "m [] [f:String:0:a\"b\\c\\n,d=e ] -1")]
    [InlineData(" \tm,b=2,a=1  f=1   1  ", "m [a:1 b:2] [f:Float:3ff0000000000000:] 1")]
    [InlineData("m,t\\,\\=\\ k=v\\,\\=\\ w f\\,\\=\\ k=1 1", "m [t,= k:v,= w] [f,= k:Float:3ff0000000000000:] 1")]
    [InlineData("m\\,\\ \\=x f=1 1", "m, \\=x [] [f:Float:3ff0000000000000:] 1")]
    [InlineData("m f=1,f=2i 1", "m [] [f:Integer:2:] 1")]
    [InlineData("m,p=C:\\\\dir f=1 1", "m [p:C:\\\\dir] [f:Float:3ff0000000000000:] 1")]
    [InlineData("m f=1 -9223372036854775806", "m [] [f:Float:3ff0000000000000:] -9223372036854775806")]
    public void Reads_every_form_of_a_line(string line, string point)
    {
        var points = new PointList();

        new LineReader(Dialect.V2).ReadLine(Encoding.UTF8.GetBytes(line), points);

        Assert.Equal(point, Assert.Single(points.Points).ToString());
    }

    [Fact]
    public void Two_backslashes_in_a_name_are_one_in_version_3()
    {
        var points = new PointList();

        new LineReader(Dialect.V3).ReadLine("m\\\\,p=C:\\\\\\ dir f=1 1"u8, points);

        Assert.Equal("m\\ [p:C:\\ dir] [f:Float:3ff0000000000000:] 1", Assert.Single(points.Points).ToString());
    }

    [Theory]
    [InlineData("m")]
    [InlineData("m ")]
    [InlineData("m f")]
    [InlineData("m f=")]
    [InlineData("m f= 1")]
    [InlineData("m =1 1")]
    [InlineData(",t=a f=1 1")]
    [InlineData("m, f=1 1")]
    [InlineData("m,t f=1 1")]
    [InlineData("m,t= f=1 1")]
    [InlineData("m,=v f=1 1")]
    [InlineData("m,t=a,t=b f=1 1")]
    [InlineData("m,t=a, f=1 1")]
    [InlineData("m f=1, 1")]
    [InlineData("m f=1")]
    [InlineData("m f=1 x")]
    [InlineData("m f=1 1.5")]
    [InlineData("m f=1 +1")]
    [InlineData("m f=1 1 2")]
    [InlineData("m f=1 1\r")]
    [InlineData("m f=1 9223372036854775807")]
    [InlineData("m f=1 -9223372036854775807")]
    [InlineData("m f=+1 1")]
    [InlineData("m f=+1i 1")]
    [InlineData("m f=0x1 1")]
    [InlineData("m f=1_0 1")]
    [InlineData("m f=1\t 1")]
    [InlineData("m f=1\0 1")]
    [InlineData("m f=NaN 1")]
    [InlineData("m f=-Infinity 1")]
    [InlineData("m f=1e400 1")]
    [InlineData("m f=1.5i 1")]
    [InlineData("m f=-1u 1")]
    [InlineData("m f=9223372036854775808i 1")]
    [InlineData("m f=18446744073709551616u 1")]
    [InlineData("m f=i 1")]
    [InlineData("m f=tRUE 1")]
    [InlineData("m f=\"a 1")]
    [InlineData("m f=\"a\\\" 1")]
    [InlineData("m f=\"a\"b 1")]
    public void Refuses_a_malformed_line_and_quotes_it(string line)
    {
        var error = Assert.Throws<FormatException>(() => new LineReader(Dialect.V2).ReadLine(Encoding.UTF8.GetBytes(line), new PointList()));

        Assert.Contains(line.TrimStart(), error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("m f=\"a\nb\" 1\n", "x f=1 1\n")]
    [InlineData("m f=\"a\\\"\nb=\\\\\" 1\n", "x f=1 1\n")]
    [InlineData("m f=1,g=\"=\\\"\n\",h=\"\n\" 1\n", "x f=1 1\n")]
    [InlineData("m,t=\" f=1 1\n", "x,t=\" f=1 1\n")]
    [InlineData(" m,t=\" f=1 1\n", "x f=1 1\n")]
    [InlineData("m k\\=\"=1 1\n", "x k\\=\"=1 1\n")]
    [InlineData("# it's \"a comment\n", "x f=1 1\n")]
    [InlineData("\n", "x f=\"\n\" 1")]
    [InlineData("m f=\"open\n", "")]
    public void Line_ends_at_a_newline_outside_of_strings(string first, string rest)
    {
        foreach (var dialect in Enum.GetValues<Dialect>())
            Assert.Equal(Encoding.UTF8.GetByteCount(first), new LineReader(dialect).LineLength(Encoding.UTF8.GetBytes(first + rest)));
    }

    [Fact]
    public async Task Passes_over_comments_and_blank_lines()
    {
        var points = new PointList();

        await new LineReader(Dialect.V2).ReadAsync("# a \"comment\n\n  \nm f=1 1\n \t# another\nm f=\"x\ny\" 2"u8.ToArray(), points, TestContext.Current.CancellationToken);

        Assert.Equal([1, 2], points.Points.Select(point => point.Time));
    }
}
