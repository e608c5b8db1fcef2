using Influx;
using TestServers;

namespace Migration.Tests;

/// <summary>A run that an exception ends leaves a report of what was done and how to go on.</summary>
public sealed class StoppedRunTests(TwoServers servers) : IClassFixture<TwoServers>
{
    [Fact]
    public async Task A_token_that_is_refused_in_the_middle_of_the_load_leaves_a_report_of_what_was_done()
    {
        await using var destination = await InfluxdProcess.StartAsync();
        await using var proxy = await FaultProxy.StartAsync(destination.Url);
        proxy.On("POST", "/write", skip: 20, times: 1_000).Answer(401, """{"error":"authorization failed"}""");
        using var pipeline = new Pipeline(servers.Source.Url, proxy.Url);

        await Assert.ThrowsAsync<RejectedException>(() => pipeline.RunAsync());

        var report = await pipeline.StoredReportAsync();
        var stop = report.Stop!;
        Assert.Equal((Verdict.Stopped, true, 1, "the command again"), (report.Verdict, stop.Written, stop.BucketsMade, stop.ResumeWith));
        Assert.Contains("authorization failed", stop.Failure, StringComparison.Ordinal);
        Assert.Equal((stop.Chunks, 0), (stop.Exported, stop.Verified));
        Assert.InRange(stop.Imported, 1, stop.Chunks - 1);
        Assert.Contains($"{stop.Exported} are exported, {stop.Imported} imported, 0 verified", report.Sentence, StringComparison.Ordinal);
        Assert.All(report.Measurements, measurement => Assert.Empty(measurement.DestinationSlices));
        var page = await File.ReadAllTextAsync(Path.Combine(pipeline.Folder, StagingLayout.ReportHtml));
        Assert.Contains("the command again", page, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_refusal_before_the_destination_was_touched_says_so()
    {
        await using var destination = await Influx2Server.StartAsync();
        await using var proxy = await FaultProxy.StartAsync(destination.Url);
        // The first is the preflight's, for a bucket that is there.
        proxy.On(method: "POST", path: "/api/v2/buckets", skip: 1).Answer(401, """{"code":"unauthorized","message":"write:orgs/x/buckets is unauthorized"}""");
        var org = destination.Org.Id;
        using var pipeline = new Pipeline(servers.Source.Url, proxy.Url)
        {
            DestinationToken = new Secret(destination.CreateToken(
                "org1", Permission.Read("buckets", org), Permission.Write("buckets", org), Permission.Read("orgs", id: org))),
        };

        await Assert.ThrowsAsync<RejectedException>(() => pipeline.RunAsync());

        var report = await pipeline.StoredReportAsync();
        Assert.Contains("before anything was written", report.Sentence, StringComparison.Ordinal);
        Assert.Equal((false, 0, false), (report.Stop!.Written, report.Stop.Exported, report.Stop.HasDone));
    }

    [Fact]
    public async Task A_cancelled_run_says_how_far_it_got_and_its_end_replaces_that_report()
    {
        await using var destination = await InfluxdProcess.StartAsync();
        await using var proxy = await FaultProxy.StartAsync(destination.Url);
        using var pipeline = new Pipeline(servers.Source.Url, proxy.Url);
        using var cancel = new CancellationTokenSource();
        var writes = 0;
        proxy.On(request => request.Path == "/write" && Interlocked.Increment(ref writes) == 4 && Cancel(cancel)).CutBefore();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => pipeline.RunAsync(cancel.Token));
        var stopped = await pipeline.StoredReportAsync();
        await pipeline.RunAsync();

        Assert.Equal(("cancelled", stopped.Stop!.Chunks), (stopped.Stop.Failure, stopped.Stop.Exported));
        var finished = await pipeline.StoredReportAsync();
        Assert.Equal(Verdict.Verified, finished.Verdict);
        Assert.Null(finished.Stop);
    }

    [Fact]
    public async Task A_report_that_can_not_be_written_hides_nothing_of_what_ended_the_run()
    {
        await using var destination = await InfluxdProcess.StartAsync();
        await using var proxy = await FaultProxy.StartAsync(destination.Url);
        using var pipeline = new Pipeline(servers.Source.Url, proxy.Url);
        var place = Path.Combine(pipeline.Folder, StagingLayout.ReportJson);
        proxy.On(request => request.Path == "/write" && Directory.CreateDirectory(Path.Combine(place, "taken")).Exists).Answer(403, """{"error":"no"}""");

        var refused = await Assert.ThrowsAsync<RejectedException>(() => pipeline.RunAsync());

        Assert.Equal(RejectionKind.Token, refused.Kind);
        Assert.True(Directory.Exists(place));
    }

    private static bool Cancel(CancellationTokenSource source)
    {
        source.Cancel();
        return true;
    }
}
