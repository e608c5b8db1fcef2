namespace Migration.Tests;

/// <summary>Fields that InfluxQL answers with words of its own, on real servers: never asked for, named, and all else is moved.</summary>
public sealed class HiddenFieldTests(EmptyServers servers) : IClassFixture<EmptyServers>
{
    private const long Late = 1_700_000_000_000_000_000;

    public static TheoryData<string, long> Names()
    {
        var names = new TheoryData<string, long>();
        foreach (var name in (string[])["_name", "_tagKey", "_tagValue", "_seriesKey", "_fieldKey"])
        {
            names.Add(name, Late);
            // Where the made-up strings stand.
            names.Add(name, 0);
        }
        return names;
    }

    [Theory]
    [MemberData(nameof(Names))]
    public async Task Alone_in_its_measurement_it_is_named_and_nothing_is_made_up(string field, long time)
    {
        using var pipeline = await servers.PipelineAsync($"m,k=1 {field}=5i {time}");

        var report = await pipeline.RunAsync();

        Assert.Equal((Verdict.Incomplete, 0L), (report.Verdict, report.Points));
        Assert.Equal("Complete but for 1 field that the source does not show: it shows nothing else to move.", report.Sentence);
        AssertHidden(report.Remarks, "m", field);
    }

    [Theory]
    [MemberData(nameof(Names))]
    public async Task Beside_other_fields_it_is_named_and_those_are_moved(string field, long time)
    {
        using var pipeline = await servers.PipelineAsync($"""
            m,k=1 {field}=5i,a=1.5,s="x" {time}
            m,k=2,a=tag a=2.5 {time + 1}
            other,k=1 v=true {time}
            """);

        var report = await pipeline.RunAsync();

        Assert.Equal((Verdict.Incomplete, 3L, 4L), (report.Verdict, report.Points, report.FieldValues));
        Assert.Equal("Complete but for 1 field that the source does not show: every point that was exported was read back from the destination and is the same.", report.Sentence);
        AssertHidden(report.Remarks, "m", field);
        await servers.AssertSameAsync(pipeline, "SELECT a::field, s::field FROM m GROUP BY *", "SELECT * FROM other");
        Assert.DoesNotContain(field, await servers.DestinationAsync(pipeline, "SHOW FIELD KEYS"), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(VerifyMode.Content)]
    [InlineData(VerifyMode.Counts)]
    public async Task A_measurement_with_one_keeps_types_that_change_and_names_that_no_query_can_say(VerifyMode mode)
    {
        using var pipeline = await servers.PipelineAsync(
            $"m,k=1 _name=5i,v=1i,né=1i {Late}\nm,k=1 v=\"text\",w=2i {Late + 86_400_000_000_000_000}\nodd,k=1 _name=\"n\",cr\rx=1i,nul\0x=2i,_nam=3i,_name2=4i,new\\nl=5i {Late}");
        pipeline.Request = pipeline.Request with { Verify = mode };

        var report = await pipeline.RunAsync();

        Assert.Equal((Verdict.Incomplete, 3L, 9L), (report.Verdict, report.Points, report.FieldValues));
        await servers.AssertSameAsync(
            pipeline, "SELECT v::integer, \"né\"::field FROM m", "SELECT v::string, w::field FROM m", "SELECT /^(_nam|_name2|cr.x|nul.x|new.*)$/ FROM odd WHERE time > 1 GROUP BY *");
    }

    [Fact]
    public async Task Thousands_of_fields_beside_one_are_moved()
    {
        using var pipeline = await servers.PipelineAsync(
            $"wide,k=1 _tagKey=1i,{string.Join(',', Enumerable.Range(0, 4_000).Select(i => $"field_with_quite_a_long_name_{i}={i}i"))} {Late}");

        var report = await pipeline.RunAsync();

        Assert.Equal((Verdict.Incomplete, 1L, 4_000L), (report.Verdict, report.Points, report.FieldValues));
    }

    [Fact]
    public async Task A_destination_that_holds_one_is_verified_without_it()
    {
        using var pipeline = await servers.PipelineAsync($"m,k=1 a=1.5 {Late}");
        await servers.MakeDestinationAsync(pipeline, $"m,k=1 _name=5i,a=0.5 {Late}");
        pipeline.Request = pipeline.Request with { Existing = ExistingBucket.Reuse };

        var report = await pipeline.RunAsync();
        var compared = await pipeline.CompareAsync();

        Assert.Equal((Verdict.Verified, 1L), (report.Verdict, report.Points));
        Assert.Equal((false, true), (compared.Different, compared.Incomplete));
        Assert.Empty(compared.SourceRemarks);
        AssertHidden(compared.DestinationRemarks, "m", "_name");
    }

    [Fact]
    public async Task The_plan_names_it_before_anything_is_moved()
    {
        using var pipeline = await servers.PipelineAsync($"m,k=1 _name=5i,a=1.5 {Late}");

        var plan = await pipeline.PlanAsync();

        AssertHidden(plan.Remarks, "m", "_name");
        Assert.Equal(1, plan.Chunks.Sum(chunk => chunk.FieldValues));
    }

    [Fact]
    public async Task A_measurement_that_is_left_out_is_no_reason_for_the_verdict()
    {
        using var pipeline = await servers.PipelineAsync($"m,k=1 _name=5i,a=1.5 {Late}\nn a=1i {Late}");
        pipeline.Request = pipeline.Request with { ExcludeMeasurements = ["m*"] };

        var report = await pipeline.RunAsync();

        Assert.Equal((Verdict.Verified, 1L), (report.Verdict, report.Points));
        Assert.Empty(report.Remarks);
    }

    private static void AssertHidden(IReadOnlyList<PlanRemark> remarks, string measurement, string field)
    {
        var remark = Assert.Single(remarks, remark => remark.Hidden != HiddenPart.None);
        Assert.Equal((measurement, HiddenPart.Field, false), (remark.Measurement, remark.Hidden, remark.Rejects));
        Assert.Contains($"'{field}'", remark.Text, StringComparison.Ordinal);
        Assert.Contains("only from the server's files", remark.Text, StringComparison.Ordinal);
    }
}
