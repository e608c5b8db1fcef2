using TestServers;

namespace Migration.Tests;

public sealed class FaultTests(TwoServers servers) : IClassFixture<TwoServers>
{
    [Theory]
    [InlineData(429)]
    [InlineData(503)]
    [InlineData(502)]
    public async Task A_busy_destination_is_tried_again_and_the_retries_are_counted(int status)
    {
        await using var destination = await InfluxdProcess.StartAsync();
        await using var proxy = await FaultProxy.StartAsync(destination.Url);
        var rule = proxy.On("POST", "/write", skip: 1, times: 2);
        rule.Answer(status, "", ("Retry-After", "0"));
        using var pipeline = new Pipeline(servers.Source.Url, proxy.Url);

        var report = await pipeline.RunAsync();

        Assert.Equal((Verdict.Verified, 2), (report.Verdict, rule.Hits));
        Assert.Equal(2, pipeline.Progress.Import.Retries);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task An_export_whose_answer_is_cut_is_read_anew(bool truncated)
    {
        await using var destination = await InfluxdProcess.StartAsync();
        await using var proxy = await FaultProxy.StartAsync(servers.Source.Url);
        using var pipeline = new Pipeline(proxy.Url, destination.Url);
        var rule = proxy.On(request => FaultProxy.StatementOf(request).StartsWith("SELECT *", StringComparison.Ordinal), skip: 2, times: 3);
        if (truncated)
            rule.Truncate(300);
        else
            rule.CutBefore();

        var report = await pipeline.RunAsync();

        Assert.Equal((Verdict.Verified, 3), (report.Verdict, rule.Hits));
        Assert.Equal(2_008, report.Points);
    }

    [Fact]
    public async Task A_window_that_the_source_gives_up_is_split_in_two()
    {
        await using var destination = await InfluxdProcess.StartAsync();
        await using var source = await InfluxdProcess.StartAsync();
        await using var proxy = await FaultProxy.StartAsync(source.Url);
        await Pipeline.QueryAsync(source.Url, "CREATE DATABASE d WITH DURATION 0s SHARD DURATION 1d NAME \"rp\"");
        var lines = Enumerable.Range(0, 300).Select(i => $"cpu v={i}i {1_750_000_000_000_000_000 + (i * 60_000_000_000L)}\n");
        await Pipeline.WriteAsync(source.Url, string.Concat(lines));
        using var pipeline = new Pipeline(proxy.Url, destination.Url);
        // The plan is stored before the export, which asks for the field keys first.
        var plan = Path.Combine(pipeline.Folder, StagingLayout.Plan);
        proxy.On(request => request.Path == "/query" && File.Exists(plan), skip: 1).Answer(500, """{"error":"query interrupted"}""");

        var report = await pipeline.RunAsync();

        Assert.Equal((Verdict.Verified, 300L), (report.Verdict, report.Points));
        using var store = FolderStore.OpenForReading(pipeline.Folder);
        var receipt = await store.ReadJsonAsync(StagingLayout.ExportReceipt(report.Chunks[0].Id), MigrationJson.Default.ExportReceipt, CancellationToken.None);
        Assert.Equal(2, receipt!.Windows.Count);
        Assert.Equal(receipt.Windows[0].Stop, receipt.Windows[1].Start);
    }

    [Theory]
    [InlineData(Verdict.Verified)]
    [InlineData(Verdict.Different)]
    public async Task A_window_that_the_destination_gives_up_is_read_back_in_parts(Verdict verdict)
    {
        const long At = 1_750_000_000_000_000_000;
        await using var source = await InfluxdProcess.StartAsync();
        await using var destination = await InfluxdProcess.StartAsync(
            new InfluxdOptions { Settings = new Dictionary<string, string> { ["INFLUXDB_COORDINATOR_MAX_SELECT_POINT"] = "200" } });
        await Pipeline.QueryAsync(source.Url, "CREATE DATABASE d WITH DURATION 0s SHARD DURATION 1d NAME \"rp\"");
        await Pipeline.WriteAsync(source.Url, string.Concat(Enumerable.Range(0, 500).Select(i => $"cpu v={i}i {At + (i * 60_000_000_000L)}\n")));
        using var pipeline = new Pipeline(source.Url, destination.Url);
        pipeline.Request = pipeline.Request with { Verify = VerifyMode.None };
        await pipeline.RunAsync();
        if (verdict == Verdict.Different)
            await Pipeline.WriteAsync(destination.Url, $"cpu v=1i {At + 1}");
        pipeline.Request = pipeline.Request with { Verify = VerifyMode.Content };

        var report = await pipeline.RunAsync();

        Assert.Equal((verdict, 500L), (report.Verdict, report.Points));
        Assert.Equal(verdict == Verdict.Different ? 1 : 0, report.Differences.Sum(difference => difference.Extra));
    }
}
