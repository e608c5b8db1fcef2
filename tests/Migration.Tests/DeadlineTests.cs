using System.Text.Json.Nodes;
using TestServers;

namespace Migration.Tests;

[Collection(S3Tests.Name)]
public sealed class DeadlineTests(S3Fixture s3, TwoServers servers) : IClassFixture<TwoServers>, IDisposable
{
    // A field-key request and one query a window are some five of the chunk's windows.
    private static readonly TimeSpan SomeWindows = 6.5 * StageCalls.Request;

    private readonly string folder = Directory.CreateTempSubdirectory("deadline-").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Theory]
    [InlineData("folder")]
    [InlineData("S3")]
    [InlineData("versioned S3")]
    public async Task A_chunk_that_takes_several_calls_in_every_stage_is_verified(string kind)
    {
        await using var destination = await InfluxdProcess.StartAsync();
        await using var calls = await StageCalls.StartAsync(await OpenAsync(kind), servers.Source.Url, destination.Url);

        // The export reads each window and has it counted.
        var (receipts, exports) = await calls.ExportAllAsync(2 * SomeWindows);
        var manifest = await calls.StageAsync();
        var (imports, verifies) = await calls.LoadAsync(manifest, SomeWindows);
        var report = await calls.ReportAsync();

        Assert.Equal((Verdict.Verified, 2_000L, 6_000L), (report.Verdict, report.Points, report.FieldValues));
        Assert.Equal(calls.Chunk.Windows.Select(window => window.Range), receipts.SelectMany(receipt => receipt.Windows).Select(window => window.Range));
        Assert.InRange(receipts.Count, 3, calls.Chunk.Windows.Count - 1);
        Assert.Equal(receipts.Count, exports);
        Assert.Equal(receipts.Count, manifest.Chunks.Count);
        Assert.True(imports >= receipts.Count && verifies > receipts.Count, $"{imports} imports and {verifies} verifications of {receipts.Count} segments");
        Assert.Equal(report.Measurements[0].SourceSlices, report.Measurements[0].DestinationSlices);
        Assert.Equal(6_000, report.Measurements[0].DestinationSlices.Sum());
    }

    [Fact]
    public async Task No_call_of_the_export_begins_a_window_that_would_not_end_in_time()
    {
        await using var destination = await InfluxdProcess.StartAsync();
        await using var calls = await StageCalls.StartAsync(FolderStore.Open(folder), servers.Source.Url, destination.Url);

        for (IReadOnlyList<ExportReceipt>? receipts = null; receipts is null;)
        {
            var stopBy = calls.Time.GetUtcNow() + SomeWindows;
            receipts = await calls.ExportAsync(stopBy);
            Assert.True(calls.Time.GetUtcNow() <= stopBy);
        }
    }

    [Fact]
    public async Task A_window_that_takes_longer_than_the_deadline_is_done_in_a_call_of_its_own()
    {
        await using var destination = await InfluxdProcess.StartAsync();
        await using var calls = await StageCalls.StartAsync(FolderStore.Open(folder), servers.Source.Url, destination.Url);

        var (receipts, exports) = await calls.ExportAllAsync(TimeSpan.Zero);
        var manifest = await calls.StageAsync();
        var (imports, verifies) = await calls.LoadAsync(manifest, TimeSpan.Zero);

        Assert.Equal(calls.Chunk.Windows.Count, exports);
        Assert.Equal(receipts.Sum(receipt => receipt.Members.Count), imports);
        Assert.Equal(receipts.Sum(receipt => receipt.Windows.Count), verifies);
        Assert.Equal(Verdict.Verified, (await calls.ReportAsync()).Verdict);
    }

    [Fact]
    public async Task One_segment_can_be_imported_and_verified_in_several_calls()
    {
        await using var destination = await InfluxdProcess.StartAsync();
        await using var calls = await StageCalls.StartAsync(FolderStore.Open(folder), servers.Source.Url, destination.Url);
        var export = Assert.Single((await calls.ExportAsync(stopBy: null))!);
        var manifest = await calls.StageAsync();

        var (imports, verifies) = await calls.LoadAsync(manifest, SomeWindows);
        var report = await calls.ReportAsync();

        Assert.InRange(imports, 3, export.Members.Count - 1);
        Assert.InRange(verifies, 3, export.Windows.Count - 1);
        Assert.Equal((Verdict.Verified, 2_000L), (report.Verdict, report.Points));
        Assert.Equal(await Pipeline.ContentAsync(destination.Url, "cpu"), await Pipeline.ContentAsync(servers.Source.Url, "cpu"));
    }

    [Fact]
    public async Task Lines_that_are_refused_in_two_calls_of_an_import_are_all_kept_and_counted_once()
    {
        await using var destination = await InfluxdProcess.StartAsync();
        await Pipeline.QueryAsync(destination.Url, "CREATE DATABASE d WITH DURATION 0s SHARD DURATION 1d NAME \"rp\"");
        // Another type in the shard groups of the first day, which has 36 points, and of a later one, which has 96.
        await Pipeline.WriteAsync(destination.Url, "cpu,host=other n=1.5 1750000000000000000\ncpu,host=other n=1.5 1751000000000000000");
        await using var calls = await StageCalls.StartAsync(FolderStore.Open(folder), servers.Source.Url, destination.Url);
        await calls.ExportAsync(stopBy: null);
        var manifest = await calls.StageAsync();

        await calls.LoadAsync(manifest, SomeWindows);
        var report = await calls.ReportAsync();

        Assert.Equal((Verdict.Quarantined, 0), (report.Verdict, report.Differences.Count));
        Assert.Equal((36 + 96, 3 * (36 + 96)), (report.LeftOut.Sum(left => left.Points), report.LeftOut.Sum(left => left.FieldValues)));
        var objects = Directory.EnumerateFiles(Path.Combine(folder, "quarantine")).Order(StringComparer.Ordinal).ToList();
        Assert.Equal(2, objects.Count);
        Assert.All(report.LeftOut, left => Assert.Equal(2, left.Object.Split(", ").Length));
        var lines = objects.SelectMany(File.ReadAllLines).Select(line => (string?)JsonNode.Parse(line)!["line"]).ToList();
        Assert.Equal((36 + 96, 36 + 96), (lines.Count, lines.Distinct().Count()));
    }

    [Fact]
    public async Task A_continued_import_whose_receipt_is_removed_starts_over()
    {
        await using var destination = await InfluxdProcess.StartAsync();
        await using var calls = await StageCalls.StartAsync(FolderStore.Open(folder), servers.Source.Url, destination.Url);
        await calls.ExportAsync(stopBy: null);
        var segment = Segment.All(calls.Plan, await calls.StageAsync()).Single();
        Assert.Null(await calls.ImportAsync(segment, calls.Time.GetUtcNow() + SomeWindows));
        await calls.ImportAsync(segment, stopBy: null);
        File.Delete(Path.Combine(folder, StagingLayout.ImportReceipt(segment.Chunk.Id)));
        await Pipeline.QueryAsync(destination.Url, "DROP MEASUREMENT cpu");

        var receipt = await calls.ImportAsync(segment, stopBy: null);

        Assert.Equal(2_000, receipt!.Points);
        Assert.Equal(2_000, (await Pipeline.ContentAsync(destination.Url, "cpu")).Points);
    }

    [Theory]
    [InlineData("folder")]
    [InlineData("S3")]
    [InlineData("versioned S3")]
    public async Task Of_two_exporters_at_the_same_time_both_go_by_the_first_ones_receipts(string kind)
    {
        await using var destination = await InfluxdProcess.StartAsync();
        await using var calls = await StageCalls.StartAsync(await OpenAsync(kind), servers.Source.Url, destination.Url);
        IReadOnlyList<ExportReceipt>? first = null;
        // While the second reads its first window, the first exports the chunk in other segments than the second would.
        var during = calls.Requests + 2;
        calls.WhileAsked = async request =>
        {
            if (request == during)
                (first, _) = await calls.ExportAllAsync(SomeWindows);
        };

        var second = await calls.ExportAsync(stopBy: null);
        var manifest = await calls.StageAsync();

        Assert.True(first!.Count > 2);
        Assert.Equal(first.Select(receipt => receipt.Sha256), second!.Select(receipt => receipt.Sha256));
        Assert.Equal(first.Select(receipt => receipt.Sha256), manifest.Chunks.Select(chunk => chunk.Sha256));
        Assert.Equal(2_000, second!.Sum(receipt => receipt.Points));
    }

    [Theory]
    [InlineData("folder")]
    [InlineData("S3")]
    public async Task An_object_that_another_exporter_left_without_a_receipt_is_written_anew(string kind)
    {
        await using var destination = await InfluxdProcess.StartAsync();
        await using var calls = await StageCalls.StartAsync(await OpenAsync(kind), servers.Source.Url, destination.Url);
        var during = calls.Requests + 2;
        calls.WhileAsked = async request =>
        {
            if (request == during)
                await calls.Store.WriteAsync(StagingLayout.Chunk(calls.Chunk.Id), "killed"u8.ToArray(), replace: true, default);
        };

        var receipts = await calls.ExportAsync(stopBy: null);
        var manifest = await calls.StageAsync();

        Assert.Equal(2_000, Assert.Single(receipts!).Points);
        Assert.Equal(receipts![0].Sha256, Assert.Single(manifest.Chunks).Sha256);
    }

    [Fact]
    public async Task An_export_that_is_killed_in_its_second_segment_keeps_the_first()
    {
        await using var destination = await InfluxdProcess.StartAsync();
        await using var calls = await StageCalls.StartAsync(FolderStore.Open(folder), servers.Source.Url, destination.Url);
        await calls.ExportAsync(calls.Time.GetUtcNow() + SomeWindows);
        using var killed = new CancellationTokenSource();
        var during = calls.Requests + 2;
        calls.WhileAsked = request => request == during ? killed.CancelAsync() : Task.CompletedTask;
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => calls.ExportAsync(stopBy: null, killed.Token));

        var receipts = await calls.ExportAsync(stopBy: null);

        Assert.Equal(2, receipts!.Count);
        Assert.Equal((0, receipts[0].WindowCount), (receipts[0].FirstWindow, receipts[1].FirstWindow));
        Assert.Equal(2_000, receipts.Sum(receipt => receipt.Points));
        Assert.Equal(2, (await calls.StageAsync()).Chunks.Count);
    }

    private async Task<IStagingStore> OpenAsync(string kind) => kind == "folder"
        ? FolderStore.Open(folder)
        : await S3Store.OpenForRunAsync(await s3.NewBucketAsync(versioned: kind == "versioned S3"), CancellationToken.None);
}
