using Influx;
using TestServers;

namespace Migration.Tests;

public sealed class MigrationRunTests(TwoServers servers) : IClassFixture<TwoServers>
{
    // 2 + 2 of edge, 4 of mix, 5 of 'w x', 1 of same, 3 of each of cpu's 2,000 points.
    private const long SampleValues = 4 + 4 + 5 + 1 + 6_000;

    private const long SamplePoints = 2 + 4 + 1 + 1 + 2_000;

    [Fact]
    public async Task Every_point_arrives_with_its_type_and_is_proven()
    {
        await using var destination = await InfluxdProcess.StartAsync();
        using var pipeline = new Pipeline(servers.Source.Url, destination.Url);

        var report = await pipeline.RunAsync();

        Assert.Equal(Verdict.Verified, report.Verdict);
        Assert.Equal((SamplePoints, SampleValues), (report.Points, report.FieldValues));
        Assert.All(report.Measurements, measurement => Assert.Equal(measurement.SourceSlices, measurement.DestinationSlices));
        Assert.Equal(SampleValues, report.Measurements.Sum(measurement => measurement.DestinationSlices.Sum()));
        Assert.Contains("Verified", await File.ReadAllTextAsync(Path.Combine(pipeline.Folder, StagingLayout.ReportHtml)), StringComparison.Ordinal);
        Assert.Equal(await Pipeline.ContentAsync(servers.Source.Url), await Pipeline.ContentAsync(destination.Url));
    }

    [Theory]
    [InlineData(VerifyMode.Content)]
    [InlineData(VerifyMode.Counts)]
    public async Task Every_point_of_a_1x_server_arrives_in_a_2x_server_with_a_token_of_that_org(VerifyMode mode)
    {
        await using var destination = await Influx2Server.StartAsync();
        var org = destination.Org.Id;
        using var pipeline = new Pipeline(servers.Source.Url, destination.Url)
        {
            DestinationToken = new Secret(destination.CreateToken(
                "org1", Permission.Read("buckets", org), Permission.Write("buckets", org), Permission.Read("orgs", id: org))),
        };
        pipeline.Request = pipeline.Request with { Verify = mode };

        var report = await pipeline.RunAsync();

        Assert.Equal(Verdict.Verified, report.Verdict);
        Assert.Equal(SampleValues, report.FieldValues);
        Assert.Equal(2_000 * 3, report.Measurements.Single(measurement => measurement.Measurement == "cpu").FieldValues);
    }

    [Fact]
    public async Task A_second_run_skips_everything()
    {
        await using var destination = await InfluxdProcess.StartAsync();
        using var pipeline = new Pipeline(servers.Source.Url, destination.Url);
        var first = await pipeline.RunAsync();

        var second = await pipeline.RunAsync();

        Assert.Equal(Verdict.Verified, second.Verdict);
        Assert.Equal(first.FieldValues, second.FieldValues);
        Assert.Equal(0, pipeline.Progress.Import.DoneChunks);
        Assert.Equal(pipeline.Progress.Import.TotalChunks, pipeline.Progress.Import.SkippedChunks);
    }

    [Fact]
    public async Task A_run_whose_destination_dies_resumes_and_ends_verified()
    {
        await using var destination = await InfluxdProcess.StartAsync();
        await using var proxy = await FaultProxy.StartAsync(destination.Url);
        using var pipeline = new Pipeline(servers.Source.Url, proxy.Url);
        var down = true;
        proxy.On(request => down && request.Path == "/write", skip: 3, times: 1_000).CutAfter();
        await Assert.ThrowsAsync<TransientException>(() => pipeline.RunAsync());
        Assert.Equal(Verdict.Stopped, (await pipeline.StoredReportAsync()).Verdict);
        down = false;

        var report = await pipeline.RunAsync();

        Assert.Equal(Verdict.Verified, report.Verdict);
        Assert.True(pipeline.Progress.Export.SkippedChunks > 0);
        Assert.Equal(0, pipeline.Progress.Export.DoneChunks);
    }

    [Fact]
    public async Task An_added_point_is_named_with_its_window()
    {
        const long added = 1_750_000_000_000_000_001;
        await using var destination = await InfluxdProcess.StartAsync();
        using var pipeline = new Pipeline(servers.Source.Url, destination.Url);
        pipeline.Request = pipeline.Request with { Verify = VerifyMode.None };
        await pipeline.RunAsync();
        await Pipeline.WriteAsync(destination.Url, $"cpu,host=h0 a=5000 {added}");
        pipeline.Request = pipeline.Request with { Verify = VerifyMode.Content };

        var report = await pipeline.RunAsync();

        Assert.Equal(Verdict.Different, report.Verdict);
        var difference = Assert.Single(report.Differences);
        Assert.Equal(("cpu", 0L, 1L, 0L), (difference.Measurement, difference.Missing, difference.Extra, difference.Changed));
        Assert.True(new TimeRange(difference.Start, difference.Stop).Contains(added));
    }

    [Fact]
    public async Task A_changed_value_is_imported_once_more()
    {
        await using var destination = await InfluxdProcess.StartAsync();
        using var pipeline = new Pipeline(servers.Source.Url, destination.Url);
        pipeline.Request = pipeline.Request with { Verify = VerifyMode.None };
        await pipeline.RunAsync();
        await Pipeline.WriteAsync(destination.Url, "cpu,host=h0 a=-1 1750000000000000000");
        pipeline.Request = pipeline.Request with { Verify = VerifyMode.Content };

        var report = await pipeline.RunAsync();

        Assert.Equal(Verdict.Verified, report.Verdict);
        Assert.Contains(report.Warnings, warning => warning.Contains("1 window differed", StringComparison.Ordinal));
        Assert.Equal(await Pipeline.ContentAsync(servers.Source.Url), await Pipeline.ContentAsync(destination.Url));
    }

    [Fact]
    public async Task A_removed_point_is_imported_once_more()
    {
        await using var destination = await InfluxdProcess.StartAsync();
        using var pipeline = new Pipeline(servers.Source.Url, destination.Url);
        pipeline.Request = pipeline.Request with { Verify = VerifyMode.None };
        await pipeline.RunAsync();
        await Pipeline.QueryAsync(destination.Url, "DELETE FROM cpu WHERE time = 1750000900000000000");
        pipeline.Request = pipeline.Request with { Verify = VerifyMode.Content };

        var report = await pipeline.RunAsync();

        Assert.Equal(Verdict.Verified, report.Verdict);
        Assert.Equal(await Pipeline.ContentAsync(servers.Source.Url), await Pipeline.ContentAsync(destination.Url));
    }

    [Theory]
    [InlineData("DELETE FROM cpu WHERE time = 1750000900000000000", null, Verdict.Verified)]
    [InlineData("DELETE FROM mix WHERE time = 1000000000000000000", null, Verdict.Verified)]
    [InlineData("DELETE FROM edge WHERE time > 9000000000000000000", null, Verdict.Verified)]
    [InlineData(null, "cpu,host=h0 a=5000 1750000000000000001", Verdict.Different)]
    public async Task Counts_by_field_find_what_was_removed_or_added(string? statement, string? line, Verdict verdict)
    {
        await using var destination = await InfluxdProcess.StartAsync();
        using var pipeline = new Pipeline(servers.Source.Url, destination.Url);
        pipeline.Request = pipeline.Request with { Verify = VerifyMode.Counts };
        var first = await pipeline.RunAsync();
        if (statement is not null)
            await Pipeline.QueryAsync(destination.Url, statement);
        if (line is not null)
            await Pipeline.WriteAsync(destination.Url, line);
        Directory.Delete(Path.Combine(pipeline.Folder, "receipts", "verify"), recursive: true);

        var report = await pipeline.RunAsync();

        Assert.Equal((Verdict.Verified, 0), (first.Verdict, first.RepairedWindows));
        Assert.Equal(SampleValues, first.Measurements.Sum(measurement => measurement.DestinationSlices.Sum()));
        Assert.Equal((verdict, 1), (report.Verdict, report.RepairedWindows));
        if (verdict == Verdict.Verified)
            Assert.Equal(await Pipeline.ContentAsync(servers.Source.Url), await Pipeline.ContentAsync(destination.Url));
    }

    [Fact]
    public async Task A_staging_folder_of_another_migration_is_refused()
    {
        await using var destination = await InfluxdProcess.StartAsync();
        using var pipeline = new Pipeline(servers.Source.Url, destination.Url);
        await pipeline.RunAsync();
        pipeline.Request = pipeline.Request with { Start = "2020-01-01" };

        var refused = await Assert.ThrowsAsync<StagingException>(() => pipeline.RunAsync());

        Assert.Equal(StagingFault.OtherMigration, refused.Fault);
    }

    [Fact]
    public async Task A_damaged_staged_object_is_named_and_nothing_of_it_is_written()
    {
        await using var destination = await InfluxdProcess.StartAsync();
        using var pipeline = new Pipeline(servers.Source.Url, destination.Url);
        pipeline.Request = pipeline.Request with { Verify = VerifyMode.None };
        await pipeline.RunAsync();
        var damaged = Directory.EnumerateFiles(Path.Combine(pipeline.Folder, "chunks")).Order(StringComparer.Ordinal).First();
        var bytes = await File.ReadAllBytesAsync(damaged);
        bytes[^1] ^= 1;
        await File.WriteAllBytesAsync(damaged, bytes);

        var failure = await Assert.ThrowsAsync<StagingException>(pipeline.RestoreAsync);

        Assert.Contains(Path.GetFileName(damaged), failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Lines_that_the_destination_refuses_are_quarantined_alone()
    {
        await using var destination = await InfluxdProcess.StartAsync();
        await Pipeline.QueryAsync(destination.Url, "CREATE DATABASE d WITH DURATION 0s SHARD DURATION 1d NAME \"rp\"");
        await Pipeline.WriteAsync(destination.Url, "cpu,host=other n=1.5 1750000000000000000");
        using var pipeline = new Pipeline(servers.Source.Url, destination.Url);
        pipeline.Request = pipeline.Request with { Existing = ExistingBucket.Reuse };

        var report = await pipeline.RunAsync();

        Assert.Equal(Verdict.Quarantined, report.Verdict);
        Assert.All(report.LeftOut, left => Assert.Contains("field type conflict", left.Reason, StringComparison.Ordinal));
        // Only the shard group of that day has another type: 900 s apart, from 15:06:40 to midnight.
        Assert.Equal(36, report.LeftOut.Sum(left => left.Points));
    }

    [Fact]
    public async Task An_existing_bucket_stops_the_run_before_anything_is_written()
    {
        await using var destination = await InfluxdProcess.StartAsync();
        await Pipeline.QueryAsync(destination.Url, "CREATE DATABASE d");
        using var pipeline = new Pipeline(servers.Source.Url, destination.Url);

        var refused = await Assert.ThrowsAsync<RejectedException>(() => pipeline.RunAsync());

        Assert.Contains("--existing reuse", refused.Message, StringComparison.Ordinal);
        Assert.False(Directory.Exists(Path.Combine(pipeline.Folder, "chunks")));
    }
}
