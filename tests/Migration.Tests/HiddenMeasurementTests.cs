using System.Text;
using TestServers;

namespace Migration.Tests;

/// <summary>Measurements that a real server lists and does not show, and those whose names InfluxQL keeps for itself.</summary>
public sealed class HiddenMeasurementTests(EmptyServers servers) : IClassFixture<EmptyServers>
{
    private const long Time = 1_700_000_000_000_000_000;

    [Theory]
    [InlineData("_name")]
    [InlineData("_tags")]
    [InlineData("_tagKey")]
    [InlineData("_measurements")]
    [InlineData("_fieldKey")]
    [InlineData("_seriesKey")]
    [InlineData("_internal")]
    [InlineData("_name2")]
    public async Task A_measurement_with_a_name_of_InfluxQLs_own_is_moved(string name)
    {
        using var pipeline = await servers.PipelineAsync($"{name},k=1 a=1i {Time}\n{name},k=2 a=2i,b=\"x\" {Time + 1}\nx{name} a=3i {Time}");

        var report = await pipeline.RunAsync();
        var compared = await pipeline.CompareAsync();

        Assert.Equal((Verdict.Verified, 3L, 4L), (report.Verdict, report.Points, report.FieldValues));
        await servers.AssertSameAsync(pipeline, $"SELECT * FROM /{name}/ GROUP BY *");
        Assert.Equal((false, false, 4L), (compared.Different, compared.Incomplete, compared.Measurements.Sum(one => one.SourceFieldValues)));
    }

    [Theory]
    [InlineData("_series", "keeps the name '_series' for itself", "_series")]
    [InlineData("_tagKeys", "keeps the name '_tagKeys' for itself", "_tagKeys")]
    [InlineData("_fieldKeys", "keeps the name '_fieldKeys' for itself", "_fieldKeys")]
    [InlineData(@"back\\,comma", "shows no field of it", "back,comma")]
    [InlineData(@"back\\\,comma", "shows no field of it", @"back\,comma")]
    [InlineData(@"back\\ space", "shows no field of it", "back space")]
    [InlineData(@"back\\\ space", "shows no field of it", @"back\ space")]
    [InlineData("no\u00ff\u00feutf8", "no UTF-8", @"no\xff\xfeutf8")]
    public async Task A_measurement_that_no_query_reads_is_named_and_the_others_are_moved(string name, string reason, string shown)
    {
        using var pipeline = await servers.PipelineAsync($"fine,k=1 a=1i {Time}");
        // A shard takes names that are no UTF-8, but not as its first.
        await servers.WriteAsync(pipeline, Encoding.Latin1.GetBytes($"{name},k=1 a=5i,b=2.5 {Time}"));

        var report = await pipeline.RunAsync();

        Assert.Equal((Verdict.Incomplete, 1L), (report.Verdict, report.Points));
        Assert.StartsWith("Complete but for 1 measurement that the source does not show: every point", report.Sentence, StringComparison.Ordinal);
        AssertHidden(report.Remarks, shown, HiddenPart.Measurement, reason);
        await servers.AssertSameAsync(pipeline, "SELECT * FROM fine");
        var compared = await pipeline.CompareAsync();
        Assert.Equal((false, true), (compared.Different, compared.Incomplete));
        AssertHidden(compared.SourceRemarks, shown, HiddenPart.Measurement, reason);
    }

    [Fact]
    public async Task A_series_of_several_shards_is_one_series_and_hides_nothing()
    {
        const long week = 604_800_000_000_000;
        using var pipeline = await servers.PipelineAsync(string.Join('\n', Enumerable.Range(0, 3).Select(shard => $"comma\\,name,k=1 a=1i {Time + (shard * week)}")));

        var report = await pipeline.RunAsync();

        Assert.Empty(report.Remarks);
        Assert.Equal((Verdict.Verified, 3L), (report.Verdict, report.Points));
    }

    [Fact]
    public async Task A_field_that_another_name_hides_is_named()
    {
        using var pipeline = await servers.PipelineAsync($"a\"b,k=1 a=5i {Time}\na\\\"b,k=1 b=6i {Time}\nfine a=1i {Time}");

        var report = await pipeline.RunAsync();

        Assert.Equal((Verdict.Incomplete, 2L), (report.Verdict, report.Points));
        AssertHidden(report.Remarks, "a\"b", HiddenPart.Field, "the field 'b'");
    }

    [Theory]
    [InlineData(@"back\ space", @"back\\ space", "back space")]
    [InlineData(@"c\,d", @"c\\,d", "c,d")]
    public async Task Series_that_another_name_hides_are_named(string name, string other, string shown)
    {
        using var pipeline = await servers.PipelineAsync($"{name},k=1 a=5i {Time}\n{name},k=2 a=5i {Time}\nfi\\ ne,k=1 a=1i {Time}");
        await servers.WriteAsync(pipeline, Encoding.UTF8.GetBytes($"{other},k=1 b=1i {Time}\n{other},k=3 b=2i {Time}"));

        var report = await pipeline.RunAsync();

        Assert.Equal((Verdict.Incomplete, 3L), (report.Verdict, report.Points));
        var remark = Assert.Single(report.Remarks);
        Assert.Equal((shown, HiddenPart.Measurement), (remark.Measurement, remark.Hidden));
        Assert.StartsWith("the server counts 4 series of the measurement and shows values of 2: ", remark.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task All_that_is_hidden_is_counted_in_the_sentence()
    {
        using var pipeline = await servers.PipelineAsync($"_series a=1i {Time}\nback\\\\,comma a=1i {Time}\nm _name=1i,_tagKey=2i,a=1i {Time}");

        var report = await pipeline.RunAsync();

        Assert.StartsWith("Complete but for 2 measurements and 2 fields that the source does not show: ", report.Sentence, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_field_of_several_types_beside_a_name_that_no_query_can_say_hides_its_measurement_alone()
    {
        using var pipeline = await servers.PipelineAsync(
            $"m v=1i {Time}\nm v=\"text\" {Time + 86_400_000_000_000_000}\ncr v=1i,c\rr=1i {Time}\ncr v=\"text\" {Time + 86_400_000_000_000_000}");
        await servers.WriteAsync(pipeline, Encoding.Latin1.GetBytes($"m bad\u00fd=1i {Time}\nfine a=1i {Time}"));

        var report = await pipeline.RunAsync();

        Assert.Equal((Verdict.Incomplete, 1L), (report.Verdict, report.Points));
        Assert.Equal(["cr", "m"], report.Remarks.Where(remark => remark.Hidden == HiddenPart.Measurement).Select(remark => remark.Measurement));
        Assert.Contains(report.Remarks, remark => remark.Text.Contains(@"'bad\xfd'", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Measurements_of_other_retention_policies_and_deleted_ones_are_not_missing()
    {
        using var pipeline = await servers.PipelineAsync($"fine a=1i {Time}\ngone a=1i {Time}\npart,k=1 a=1i {Time}\npart,k=2 b=1i {Time}");
        var database = pipeline.Request.Source.Bucket!;
        await Pipeline.QueryAsync(servers.Source.Url, $"CREATE RETENTION POLICY other ON {database} DURATION INF REPLICATION 1");
        await Pipeline.WriteAsync(servers.Source.Url, $"elsewhere a=1i {Time}", $"{database}&rp=other");
        await servers.SourceAsync(pipeline, "DELETE FROM gone");
        await servers.SourceAsync(pipeline, "DELETE FROM part WHERE k = '2'");

        var report = await pipeline.RunAsync();

        Assert.Equal((Verdict.Verified, 2L), (report.Verdict, report.Points));
        Assert.Empty(report.Remarks);
    }

    [Fact]
    public async Task A_hidden_measurement_of_another_retention_policy_is_not_missing_in_this_one()
    {
        using var pipeline = await servers.PipelineAsync($"fine a=1i {Time}");
        var database = pipeline.Request.Source.Bucket!;
        await Pipeline.QueryAsync(servers.Source.Url, $"CREATE RETENTION POLICY other ON {database} DURATION INF REPLICATION 1");
        await Pipeline.WriteAsync(servers.Source.Url, $"back\\\\,comma a=1i {Time}", $"{database}&rp=other");
        using var other = servers.PipelineOf($"{database}/other");

        Assert.Equal(Verdict.Verified, (await pipeline.RunAsync()).Verdict);
        Assert.Equal(Verdict.Incomplete, (await other.RunAsync()).Verdict);
    }

    [Fact]
    public async Task A_measurement_that_the_server_refuses_to_answer_for_stops_no_other()
    {
        using var direct = await servers.PipelineAsync($"bad a=1i {Time}\nfine a=1i {Time}");
        await using var proxy = await FaultProxy.StartAsync(servers.Source.Url);
        proxy.On(request => FaultProxy.StatementOf(request).Contains("FROM \"bad\"", StringComparison.Ordinal), times: 1_000).Answer(400, """{"error":"error parsing query: found this name odd"}""");
        using var pipeline = new Pipeline(proxy.Url, servers.Destination.Url);
        pipeline.Request = direct.Request with { Source = direct.Request.Source with { Url = pipeline.Request.Source.Url } };

        var report = await pipeline.RunAsync();

        Assert.Equal((Verdict.Incomplete, 1L), (report.Verdict, report.Points));
        AssertHidden(report.Remarks, "bad", HiddenPart.Measurement, "found this name odd");
    }

    [Fact]
    public async Task Quarantined_values_and_hidden_ones_are_both_told()
    {
        // The field's type is another at the destination.
        using var pipeline = await servers.PipelineAsync($"_series a=1i {Time}\nm a=1i {Time}\nn a=2i {Time}");
        await servers.MakeDestinationAsync(pipeline, $"m a=\"text\" {Time}");
        pipeline.Request = pipeline.Request with { Existing = ExistingBucket.Reuse };

        var report = await pipeline.RunAsync();

        Assert.Equal(Verdict.Quarantined, report.Verdict);
        Assert.Equal(
            "1 field value could not be written and is kept in the staging folder with the reason; all others are across. The source does not show 1 measurement that it has.",
            report.Sentence);
    }

    private static void AssertHidden(IReadOnlyList<PlanRemark> remarks, string measurement, HiddenPart part, string reason)
    {
        var remark = Assert.Single(remarks, remark => remark.Hidden != HiddenPart.None);
        Assert.Equal((measurement, part), (remark.Measurement, remark.Hidden));
        Assert.Contains(reason, remark.Text, StringComparison.Ordinal);
        Assert.Contains("only from the server's files", remark.Text, StringComparison.Ordinal);
    }
}
