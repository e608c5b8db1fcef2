using System.Globalization;
using System.Text;
using Influx;
using TestServers;

namespace Migration.Tests.Tampering;

/// <summary>The table of <see cref="TamperingRows"/>, each row a whole migration between two real servers.</summary>
[Collection(S3Tests.Name)]
public sealed class TamperingTests(S3Fixture s3, TamperedServers servers) : IClassFixture<TamperedServers>
{
    private const string Database = "d";

    public static TheoryData<string> Rows => [.. TamperingRows.All.Keys];

    [Theory]
    [MemberData(nameof(Rows))]
    public async Task A_store_that_was_tampered_with_ends_a_run_as_the_table_says(string name)
    {
        var row = TamperingRows.All[name];
        var database = servers.NewDatabase();
        using var pipeline = new Pipeline(servers.Source.Url, servers.Destination.Url);
        pipeline.Request = pipeline.Request with
        {
            Verify = row.Verify,
            Destination = pipeline.Request.Destination with { Bucket = database },
            Existing = row.Holds is null ? ExistingBucket.Fail : ExistingBucket.Reuse,
        };
        if (row.Holds is not null)
        {
            await Pipeline.QueryAsync(servers.Destination.Url, $"CREATE DATABASE {database} WITH DURATION 0s SHARD DURATION 1d NAME \"rp\"");
            await Pipeline.WriteAsync(servers.Destination.Url, row.Holds, database);
        }
        var (store, tampered) = await OpenAsync(row.Kind, pipeline.Folder, database);
        using var _ = store;

        var (end, words) = await RunAsync(row, pipeline, store, tampered);

        Assert.Equal(row.End.Kind, end);
        Assert.Contains(row.End.Words, words, StringComparison.Ordinal);
        if (end == nameof(Verdict.Verified))
            Assert.Equal(await servers.ReadAsync(servers.Source.Url, Database), await servers.ReadAsync(servers.Destination.Url, database));
    }

    [Fact]
    public void The_table_has_at_least_thirty_rows() => Assert.InRange(TamperingRows.All.Count, 30, int.MaxValue);

    [Fact]
    public async Task A_report_whose_verdict_was_changed_is_not_shown()
    {
        using var pipeline = new Pipeline(servers.Source.Url, servers.Destination.Url);
        pipeline.Request = pipeline.Request with { Destination = pipeline.Request.Destination with { Bucket = servers.NewDatabase() } };
        await pipeline.RunAsync();
        var path = Path.Combine(pipeline.Folder, StagingLayout.ReportJson);
        using var command = new CommandRun();
        var before = await command.RunAsync(["report", pipeline.Folder]);
        await File.WriteAllTextAsync(path, (await File.ReadAllTextAsync(path)).Replace("\"Verified\"", "\"Different\"", StringComparison.Ordinal));

        var after = await command.RunAsync(["report", pipeline.Folder]);

        Assert.Equal((0, 2), (before.ExitCode, after.ExitCode));
        Assert.Contains("its seal does not fit", after.Output, StringComparison.Ordinal);
    }

    private static async Task<(string End, string Words)> RunAsync(TamperingRow row, Pipeline pipeline, IStagingStore store, Tampered tampered)
    {
        using var killed = new CancellationTokenSource();
        var (happened, written, verifies) = (0, 0, false);
        using var watched = new WatchedStore(store, async (call, key) =>
        {
            verifies |= call == "write" && key.StartsWith("receipts/verify/", StringComparison.Ordinal);
            var moment = MomentOf(call, key, verifies);
            if (moment == Moment.Imported && row.Besides is not null && Interlocked.Exchange(ref written, 1) == 0)
                await tampered.WriteAsync(row.Besides);
            if (moment != row.Moment || Interlocked.Exchange(ref happened, 1) == 1)
                return;
            if (row.Then == Then.GoesOn)
            {
                await row.Do(tampered);
                return;
            }
            await killed.CancelAsync();
            killed.Token.ThrowIfCancellationRequested();
        });
        var first = await EndOf(() => pipeline.RunAsync(watched, killed.Token));
        Assert.Equal(row.Moment != Moment.Ended, happened == 1);
        if (row.Then == Then.GoesOn)
            return first;
        Assert.Equal(row.Moment == Moment.Ended, first.End != nameof(OperationCanceledException));
        await row.Do(tampered);
        return await EndOf(() => row.Then == Then.Restored ? pipeline.RestoreAsync(store) : pipeline.RunAsync(store));
    }

    private static Moment? MomentOf(string call, string key, bool verifies) => (call, key) switch
    {
        ("create", _) when key.StartsWith(StagingLayout.Chunks, StringComparison.Ordinal) => Moment.Planned,
        ("list", StagingLayout.Chunks) => Moment.Exported,
        // Of the chunk that is tampered with; another one may be ahead of it.
        ("read", _) when key == StagingLayout.ImportReceipt(TamperingRows.First) && !verifies => Moment.Sealed,
        ("read", _) when key == StagingLayout.VerifyReceipt(TamperingRows.First) => Moment.Imported,
        ("read", StagingLayout.Manifest) when verifies => Moment.Verified,
        _ => null,
    };

    private static async Task<(string End, string Words)> EndOf(Func<Task<MigrationReport>> run)
    {
        try
        {
            var report = await run();
            return (report.Verdict.ToString(), string.Join('\n', report.Differences.SelectMany(difference => difference.Examples)));
        }
        catch (StagingException refused)
        {
            return (refused.Fault.ToString(), refused.Message);
        }
        catch (Exception failed) when (failed is RejectedException or OperationCanceledException)
        {
            return (failed is RejectedException ? nameof(RejectedException) : nameof(OperationCanceledException), failed.Message);
        }
    }

    private async Task<(IStagingStore Store, Tampered Tampered)> OpenAsync(Kind kind, string folder, string database)
    {
        if (kind == Kind.Folder)
        {
            var store = FolderStore.Open(folder);
            return (store, new Tampered(store, key => Task.Run(() => File.Delete(Path.Combine(folder, key))), servers.Destination.Url, database));
        }
        var options = await s3.NewBucketAsync(kind == Kind.VersionedS3);
        var bucket = await S3Store.OpenForRunAsync(options, CancellationToken.None);
        return (bucket, new Tampered(bucket, key => s3.Owner.DeleteObjectAsync(options.Bucket, $"{options.Prefix}/{key}"), servers.Destination.Url, database));
    }
}

/// <summary>Two real servers for the whole table, and a reader of both that is not the migration's own.</summary>
public sealed class TamperedServers : IAsyncLifetime
{
    private readonly HttpClient http = new();
    private int databases;

    public InfluxdProcess Source { get; private set; } = null!;

    public InfluxdProcess Destination { get; private set; } = null!;

    public async ValueTask InitializeAsync()
    {
        (Source, Destination) = (await InfluxdProcess.StartAsync(), await InfluxdProcess.StartAsync());
        await Pipeline.QueryAsync(Source.Url, "CREATE DATABASE d WITH DURATION 0s SHARD DURATION 1d NAME \"rp\"");
        var lines = new StringBuilder();
        for (var i = 0; i < 240; i++)
        {
            var time = 1_750_000_000_000_000_000 + (i * 600_000_000_000L);
            lines.Append(CultureInfo.InvariantCulture, $"cpu,host=h{i % 3} a={i * 0.37},n={i}i,on={(i % 2 == 0 ? "true" : "false")} {time}\n");
            if (i % 4 == 0)
                lines.Append(CultureInfo.InvariantCulture, $"disk,path=/ used={i}i,name=\"d {i}\" {time}\n");
        }
        await Pipeline.WriteAsync(Source.Url, lines.ToString());
    }

    public async ValueTask DisposeAsync()
    {
        http.Dispose();
        await Source.DisposeAsync();
        await Destination.DisposeAsync();
    }

    public string NewDatabase() => string.Create(CultureInfo.InvariantCulture, $"t{Interlocked.Increment(ref databases)}");

    /// <summary>All points and the types of all fields, as the server's JSON tells them.</summary>
    public async Task<string> ReadAsync(Uri server, string database) =>
        await http.GetStringAsync(new Uri(server, $"/query?db={database}&epoch=ns&q={Uri.EscapeDataString("SELECT * FROM /.*/ GROUP BY *; SHOW FIELD KEYS")}"));
}
