using System.Globalization;
using System.Net.Security;
using System.Text;
using Microsoft.AspNetCore.Http;
using TestServers;

namespace Migration.Tests.Faults;

/// <summary>Two real 1.6.7 that all rows share, and one database with everything that is hard to move.</summary>
public sealed class FaultBench : IAsyncLifetime
{
    private const string Source = "source";

    // Much more than a row takes; one that hangs is a row that failed.
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    private InfluxdProcess source = null!;
    private InfluxdProcess destination = null!;
    private string content = null!;
    private int rows;

    public async ValueTask InitializeAsync()
    {
        var both = await Task.WhenAll(InfluxdProcess.StartAsync(), InfluxdProcess.StartAsync());
        (source, destination) = (both[0], both[1]);
        using (await StoredContent.QueryAsync(source.Url, Source, $"CREATE DATABASE {Source} WITH DURATION 0s SHARD DURATION 1d NAME \"rp\""))
            await StoredContent.WriteAsync(source.Url, Source, Sample());
        content = await StoredContent.ReadAsync(source.Url, Source);
        Assert.Contains("9223372036854775806", content, StringComparison.Ordinal);
    }

    public async ValueTask DisposeAsync()
    {
        await source.DisposeAsync();
        await destination.DisposeAsync();
    }

    /// <summary>Runs a row, and the command once more without the fault where the row says that this mends it.</summary>
    internal async Task RunAsync(FaultRow row)
    {
        var database = $"row{Interlocked.Increment(ref rows)}";
        var folder = Directory.CreateTempSubdirectory("fault-").FullName;
        await using var sourceProxy = await StartAsync(row, Side.Source, source.Url);
        await using var destinationProxy = await StartAsync(row, Side.Destination, destination.Url);
        var request = Request(database, Url(row, Side.Source, sourceProxy.Url), Url(row, Side.Destination, destinationProxy.Url));
        try
        {
            var ended = await FailAsync(row, folder, request, row.Side == Side.Source ? sourceProxy : destinationProxy);
            var whole = await StoredContent.ReadAsync(destination.Url, database) == content;
            Assert.True(
                (row.Expected.ExitCode, row.Expected.Whole) == (ended.ExitCode, whole) && ended.Words.Contains(row.Expected.Word, StringComparison.Ordinal),
                $"expected {row.Expected}, but it ended with {ended}, and the destination {(whole ? "equals" : "does not equal")} the source");
            if (ended.ExitCode == 0 || !row.Expected.EndsAgain)
                return;
            using var store = FolderStore.Open(folder);
            var again = await new Attempt(request, store).RunAsync();
            Assert.True(again.ExitCode == 0, $"the same command without the fault ended with {again}");
            Assert.Equal(content, await StoredContent.ReadAsync(destination.Url, database));
        }
        finally
        {
            using (await StoredContent.QueryAsync(destination.Url, "", $"DROP DATABASE {database}"))
                Directory.Delete(folder, recursive: true);
        }
    }

    private static async Task<Ended> FailAsync(FaultRow row, string folder, MigrationRequest request, FaultProxy proxy)
    {
        var time = new JumpingTime();
        var (failing, operations, hits) = (true, 0, 0);
        Attempt? attempt = null;
        using var folderStore = FolderStore.Open(folder);
        using var store = new HookedStore(folderStore, OnOperation);
        attempt = new Attempt(request, store, time);
        if (ServerFaults.All.TryGetValue(row.Fault, out var fault))
            fault(proxy.On(Meets, row.Skip, row.Times), time);
        var ended = await attempt.RunAsync().WaitAsync(Limit);
        failing = false;
        Assert.True(hits > row.Skip || row.IsOfConnection, $"the fault met nothing; the run ended with {ended}");
        return ended;

        bool Meets(HttpRequest asked)
        {
            if (!failing || !Fits(row, asked, attempt!.Progress))
                return false;
            Interlocked.Increment(ref hits);
            return true;
        }

        Action? OnOperation(StoreOperation operation, string key)
        {
            if (row.Side != Side.Store || !key.StartsWith(row.At, StringComparison.Ordinal) || !Fits(row.Stage, operation, key, attempt!.Progress))
                return null;
            Interlocked.Increment(ref hits);
            var number = Interlocked.Increment(ref operations);
            if (number > row.Skip && number <= (long)row.Skip + row.Times)
                throw StoreFaults.All[row.Fault](Path.Combine(folder, key));
            return null;
        }
    }

    private static Task<FaultProxy> StartAsync(FaultRow row, Side side, Uri server)
    {
        if (row.Side != side || row.Fault != FaultRow.UnknownAuthority)
            return FaultProxy.StartAsync(server);
        return FaultProxy.StartAsync(server, new SslServerAuthenticationOptions { ServerCertificate = TestAuthority.SelfSigned() });
    }

    private static Uri Url(FaultRow row, Side side, Uri proxy)
    {
        if (row.Side != side)
            return proxy;
        return row.Fault switch
        {
            FaultRow.NothingListens => new UriBuilder(proxy) { Port = InfluxdProcess.FreePort() }.Uri,
            FaultRow.NoTls => new UriBuilder(proxy) { Scheme = "https" }.Uri,
            _ => proxy,
        };
    }

    private static MigrationRequest Request(string database, Uri from, Uri to) => new()
    {
        Source = new ServerRequest { Url = from.GetLeftPart(UriPartial.Authority), Bucket = Source },
        Destination = new ServerRequest { Url = to.GetLeftPart(UriPartial.Authority), Bucket = database },
        ChunkFieldValues = 120,
    };

    private static bool Fits(FaultRow row, HttpRequest request, MigrationProgress progress)
    {
        var statement = FaultProxy.StatementOf(request);
        return statement.StartsWith(row.At, StringComparison.Ordinal) && row.Stage switch
        {
            Stage.Detect => request.Path == "/ping" || request.Path == "/health",
            Stage.Preflight => !progress.Plan.Finished && statement.StartsWith("SHOW", StringComparison.Ordinal) && !statement.StartsWith("SHOW FIELD", StringComparison.Ordinal),
            Stage.Plan => !progress.Plan.Finished && (row.At.Length > 0 || statement.StartsWith("SELECT count", StringComparison.Ordinal)),
            Stage.Prepare => progress.Plan.Finished && !progress.Stage.Started && statement.Length > 0,
            Stage.Export => progress.Export.Started && (row.At.Length > 0 || statement.StartsWith("SELECT", StringComparison.Ordinal)),
            Stage.Import => request.Path == "/write" && request.ContentLength > 0,
            Stage.Verify => progress.Verify.Started && statement.StartsWith("SELECT", StringComparison.Ordinal),
            _ => throw new ArgumentOutOfRangeException(nameof(row), row.Stage, "no request belongs to this stage"),
        };
    }

    private static bool Fits(Stage stage, StoreOperation operation, string key, MigrationProgress progress) => stage switch
    {
        Stage.Plan => key == StagingLayout.Plan && operation == StoreOperation.Write,
        Stage.Prepare => key == StagingLayout.Destination(0) && operation == StoreOperation.Write,
        Stage.Export => !progress.Export.Finished && operation is StoreOperation.Append or StoreOperation.Complete or StoreOperation.Write,
        Stage.Stage => progress.Stage.Started && !progress.Stage.Finished && operation is StoreOperation.Read or StoreOperation.Write or StoreOperation.List,
        Stage.Import => progress.Import.Started && !progress.Import.Finished && operation is StoreOperation.Read or StoreOperation.Write,
        Stage.Verify => progress.Verify.Started && !progress.Verify.Finished && operation is StoreOperation.Read or StoreOperation.Write,
        Stage.Report => key is StagingLayout.ReportJson or StagingLayout.ReportHtml && operation == StoreOperation.Write,
        _ => throw new ArgumentOutOfRangeException(nameof(stage), stage, "the store has no part in this stage"),
    };

    /// <summary>All types, names with every special character, a type that changes between shards, both ends of time, days.</summary>
    private static string Sample()
    {
        const long Day = 86_400_000_000_000;
        const long Noon = 1_750_032_000_000_000_000;
        var lines = new StringBuilder();
        lines.Append("edge v=1,x=2i -9223372036854775806\nedge v=2,x=3i 9223372036854775806\n");
        lines.Append(CultureInfo.InvariantCulture, $"mix v=1i {Noon}\nmix v=1.5 {Noon + Day}\nmix v=\"s\" {Noon + (2 * Day)}\nmix v=true {Noon + (3 * Day)}\n");
        lines.Append(CultureInfo.InvariantCulture, $"w\\ x\\,\"y\",ta\\,g=v\\ 1,k\\=2=\\x s=\"a\\\"b\\\\c\nline\",z=-0,big=1e308,i=-9223372036854775808i,b=false {Noon}\n");
        lines.Append(CultureInfo.InvariantCulture, $"same,x=tag x=1.5 {Noon + 7}\n");
        for (var i = 0; i < 90; i++)
            lines.Append(CultureInfo.InvariantCulture, $"cpu,host=h{i % 5} a={i * 0.37},n={i}i,on={(i % 2 == 0 ? "true" : "false")},s=\"é{i}\" {Noon + (i % 4 * Day) + i}\n");
        return lines.ToString();
    }
}
