using System.Text;
using Influx;

namespace Migration.Tests;

public sealed class WindowDiffTests
{
    private const string Lines = "m,h=a f=1 1\nm,h=a f=2 2\nm,h=a f=3 3\n";

    [Fact]
    public async Task Values_that_the_import_took_out_are_not_missing()
    {
        var diff = await DiffAsync(Lines, "m,h=a f=1 1\nm,h=a f=3 3\n");

        Assert.Equal(0, diff.MissingBesides(await ContentAsync("m,h=a f=2 2\n")));
    }

    [Fact]
    public async Task A_vanished_value_is_missing_although_as_many_were_taken_out()
    {
        var diff = await DiffAsync(Lines, "m,h=a f=1 1\nm,h=a f=2 2\n");

        Assert.Equal(1, diff.MissingBesides(await ContentAsync("m,h=a f=2 2\n")));
    }

    [Theory]
    [InlineData("m,h=a f=1 1\nm,h=a f=2 2\n", 1, 0, 0)]
    [InlineData("m,h=a f=1 1\nm,h=a f=2 2\nm,h=a f=3 3\nm,h=a f=4 4\n", 0, 1, 0)]
    [InlineData("m,h=a f=1 1\nm,h=a f=2.5 2\nm,h=a f=3 3\n", 0, 0, 1)]
    [InlineData("m,h=a f=1 1\nm,h=a f=2 2\nm,h=a f=3 4\n", 1, 1, 0)]
    [InlineData("m,h=a f=1 1\nm,h=a f=2i 2\nm,h=a f=3 3\n", 1, 1, 0)]
    public async Task Missing_extra_and_changed_values_are_told_apart(string found, long missing, long extra, long changed)
    {
        var diff = await DiffAsync(Lines, found);

        Assert.Equal((missing, extra, changed), (diff.MissingBesides(new WindowContent()), diff.Extra, diff.Changed));
    }

    [Theory]
    [InlineData(Lines, "", true)]
    [InlineData(Lines, "m,h=a f=2 2\n", false)]
    [InlineData("m,h=a f=1 1\nm,h=a f=2 2\n", "", false)]
    [InlineData("m,h=a f=1 1\nm,h=a f=2 2\nm,h=a f=3.5 3\n", "", false)]
    [InlineData("m,h=a f=1 1\nm,h=a f=2 2\nm,h=a f=3 3\nm,h=a f=4 4\n", "m,h=a f=4 4\n", false)]
    public async Task A_receipt_that_says_something_else_than_its_object_holds_is_not_proven_by_it(string receipt, string removed, bool proven)
    {
        var diff = await DiffAsync(Lines, Lines);

        Assert.Equal(proven, diff.Proves(await ContentAsync(receipt), await ContentAsync(removed)));
    }

    [Fact]
    public async Task A_receipt_with_other_counts_by_field_is_not_proven()
    {
        var (diff, window) = (await DiffAsync(Lines, Lines), await ContentAsync(Lines));

        Assert.False(diff.Proves(window with { Fields = [new FieldCount("f", FieldType.Integer, 3)] }, new WindowContent()));
    }

    [Fact]
    public async Task What_others_wrote_beside_it_leaves_a_window_proven()
    {
        var diff = await DiffAsync(Lines, Lines + "m,h=b f=1 1\n");

        Assert.True(diff.Proves(await ContentAsync(Lines), new WindowContent()));
        Assert.False(diff.SameSums);
    }

    [Fact]
    public async Task A_value_that_an_answer_has_twice_makes_another_digest()
    {
        var diff = await DiffAsync(Lines + "m,h=a f=3 3\n", Lines);

        Assert.Equal((0L, 0L, 0L), (diff.MissingBesides(new WindowContent()), diff.Extra, diff.Changed));
        Assert.False(diff.SameSums);
    }

    private static async Task<WindowDiff> DiffAsync(string expected, string found)
    {
        var diff = new WindowDiff();
        await ReadAsync(expected, diff.Expected);
        await ReadAsync(found, diff.Found);
        return diff;
    }

    private static async Task<WindowContent> ContentAsync(string lines)
    {
        var tally = new ContentTally();
        await ReadAsync(lines, tally);
        return WindowContent.From(TimeRange.All, tally);
    }

    private static Task ReadAsync(string lines, IPointSink sink) =>
        new LineReader(Dialect.V1).ReadAsync(Encoding.UTF8.GetBytes(lines), sink, CancellationToken.None);
}
