using System.Text.Json.Nodes;
using TestServers;

namespace Migration.Tests;

public sealed class SegmentTests(TwoServers servers) : IClassFixture<TwoServers>, IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("segments-").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public async Task A_missing_segment_is_named_with_its_windows()
    {
        await using var destination = await InfluxdProcess.StartAsync();
        await using var calls = await ExportedAsync(destination);
        var (second, windows) = (SegmentId(calls, 2), calls.Chunk.Windows.Count);
        var first = (int)Receipt(calls, 1)["windowCount"]!;
        File.Delete(PathOf(StagingLayout.ExportReceipt(second)));

        var error = await Assert.ThrowsAsync<StagingException>(calls.StageAsync);

        Assert.Contains(StagingLayout.ExportReceipt(second), error.Message, StringComparison.Ordinal);
        Assert.Contains($"the windows {first} to {windows - 1} ", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(1, "leaves the windows")]
    [InlineData(-1, "once more")]
    public async Task A_segment_that_leaves_a_gap_or_overlaps_is_named(int shift, string what)
    {
        await using var destination = await InfluxdProcess.StartAsync();
        await using var calls = await ExportedAsync(destination);
        Change(calls, 2, receipt => receipt["firstWindow"] = (int)receipt["firstWindow"]! + shift);

        var error = await Assert.ThrowsAsync<StagingException>(calls.StageAsync);

        Assert.Contains(StagingLayout.ExportReceipt(SegmentId(calls, 2)), error.Message, StringComparison.Ordinal);
        Assert.Contains(what, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_segment_whose_receipt_lost_a_window_is_named()
    {
        await using var destination = await InfluxdProcess.StartAsync();
        await using var calls = await ExportedAsync(destination);
        Change(calls, 2, receipt => receipt["windows"]!.AsArray().RemoveAt(1));

        var error = await Assert.ThrowsAsync<StagingException>(calls.StageAsync);

        Assert.Contains(StagingLayout.ExportReceipt(SegmentId(calls, 2)), error.Message, StringComparison.Ordinal);
        Assert.Contains("other windows", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(-3)]
    [InlineData(1_000)]
    public async Task A_segment_of_an_impossible_number_of_windows_is_named(int windows)
    {
        await using var destination = await InfluxdProcess.StartAsync();
        await using var calls = await ExportedAsync(destination);
        Change(calls, 2, receipt => receipt["windowCount"] = windows);

        var error = await Assert.ThrowsAsync<StagingException>(calls.StageAsync);

        Assert.Contains(StagingLayout.ExportReceipt(SegmentId(calls, 2)), error.Message, StringComparison.Ordinal);
        Assert.Contains($"speaks of {windows} windows", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_changed_segment_is_named()
    {
        await using var destination = await InfluxdProcess.StartAsync();
        await using var calls = await ExportedAsync(destination);
        var key = StagingLayout.Chunk(SegmentId(calls, 2));
        var bytes = await File.ReadAllBytesAsync(PathOf(key));
        bytes[^1] ^= 1;
        await File.WriteAllBytesAsync(PathOf(key), bytes);

        var error = await Assert.ThrowsAsync<StagingException>(calls.StageAsync);

        Assert.Contains($"'{key}'", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("chunks/{0}.99.lp.gz")]
    [InlineData("receipts/export/{0}.99.json")]
    public async Task What_no_segment_needs_is_named(string format)
    {
        await using var destination = await InfluxdProcess.StartAsync();
        await using var calls = await ExportedAsync(destination);
        var extra = string.Format(System.Globalization.CultureInfo.InvariantCulture, format, calls.Chunk.Id);
        File.Copy(PathOf(format.StartsWith("chunks", StringComparison.Ordinal) ? StagingLayout.Chunk(calls.Chunk.Id) : StagingLayout.ExportReceipt(calls.Chunk.Id)), PathOf(extra));

        var error = await Assert.ThrowsAsync<StagingException>(calls.StageAsync);

        Assert.Contains($"'{extra}'", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_segment_that_is_exported_anew_after_the_sealing_is_named()
    {
        await using var destination = await InfluxdProcess.StartAsync();
        await using var calls = await ExportedAsync(destination);
        await calls.StageAsync();
        var last = Directory.EnumerateFiles(PathOf(StagingLayout.ExportReceipts)).Count();
        Change(calls, last, receipt => receipt["seconds"] = 12345);

        var error = await Assert.ThrowsAsync<StagingException>(calls.StageAsync);

        Assert.Contains($"'{StagingLayout.Chunk(SegmentId(calls, last))}'", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_chunk_whose_export_stopped_at_a_deadline_is_finished_by_a_run_on_one_machine()
    {
        await using var destination = await InfluxdProcess.StartAsync();
        using var pipeline = new Pipeline(servers.Source.Url, destination.Url);
        await using (var calls = await StageCalls.StartAsync(FolderStore.Open(folder), servers.Source.Url, destination.Url))
        {
            Assert.Null(await calls.ExportAsync(calls.Time.GetUtcNow()));
            pipeline.Request = calls.Plan.Request;
        }
        using var store = FolderStore.Open(folder);

        var report = await pipeline.RunAsync(store);

        Assert.Equal((Verdict.Verified, 2_000L, 2), (report.Verdict, report.Points, report.Chunks.Count));
        Assert.Equal((2, 2), (pipeline.Progress.Import.DoneChunks, pipeline.Progress.Verify.DoneChunks));
    }

    [Fact]
    public async Task The_segments_of_a_manifest_have_the_planned_windows_in_their_order()
    {
        await using var destination = await InfluxdProcess.StartAsync();
        await using var calls = await ExportedAsync(destination);
        var segments = await calls.StageAsync();

        Assert.Equal(segments.Chunks.Select(segment => segment.Id), Segment.All(calls.Plan, segments).Select(segment => segment.Chunk.Id));
        Assert.Equal(calls.Chunk.Windows, Segment.All(calls.Plan, segments).SelectMany(segment => segment.Chunk.Windows));
        Assert.Equal(Segment.All(calls.Plan, segments).ElementAt(1).Pinned, Segment.Find(calls.Plan, segments, SegmentId(calls, 2)).Pinned);
    }

    private async Task<StageCalls> ExportedAsync(InfluxdProcess destination)
    {
        var calls = await StageCalls.StartAsync(FolderStore.Open(folder), servers.Source.Url, destination.Url);
        await calls.ExportAllAsync(6.5 * StageCalls.Request);
        return calls;
    }

    private static string SegmentId(StageCalls calls, int number) => Segment.IdOf(calls.Chunk.Id, number);

    private string PathOf(string key) => Path.Combine(folder, key);

    private JsonObject Receipt(StageCalls calls, int segment) =>
        SealedJson.Read(folder, StagingLayout.ExportReceipt(SegmentId(calls, segment)));

    private void Change(StageCalls calls, int segment, Action<JsonObject> change) =>
        SealedJson.Change(folder, StagingLayout.ExportReceipt(SegmentId(calls, segment)), change);
}
