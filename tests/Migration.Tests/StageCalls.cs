using Influx;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using TestServers;

namespace Migration.Tests;

/// <summary>
/// The stages one call at a time, each call with objects of its own as if in another process, between two servers that take ten
/// seconds of a fake clock for every request.
/// </summary>
internal sealed class StageCalls : IAsyncDisposable
{
    private readonly MigrationProgress progress = new();
    private readonly FaultProxy sourceProxy;
    private readonly FaultProxy destinationProxy;
    private readonly IInfluxClient source;
    private readonly IInfluxClient destination;
    private int requests;
    private DestinationBucket target = null!;

    private StageCalls(IStagingStore store, FaultProxy sourceProxy, FaultProxy destinationProxy, IInfluxClient source, IInfluxClient destination)
    {
        Store = store;
        this.sourceProxy = sourceProxy;
        this.destinationProxy = destinationProxy;
        this.source = source;
        this.destination = destination;
        foreach (var proxy in (FaultProxy[])[sourceProxy, destinationProxy])
            proxy.On(_ => true, times: int.MaxValue).PassAfter(OnRequestAsync);
    }

    public static TimeSpan Request => TimeSpan.FromSeconds(10);

    public FakeTimeProvider Time { get; } = new();

    public IStagingStore Store { get; }

    /// <summary>How many requests the servers have had.</summary>
    public int Requests => Volatile.Read(ref requests);

    public MigrationPlan Plan { get; private set; } = null!;

    /// <summary>Run while a server is asked, with the number of the request.</summary>
    public Func<int, Task> WhileAsked { get; set; } = _ => Task.CompletedTask;

    /// <summary>Makes and stores a plan of one chunk, that of <c>cpu</c>.</summary>
    public static async Task<StageCalls> StartAsync(IStagingStore store, Uri source, Uri destination)
    {
        var (sourceProxy, destinationProxy) = (await FaultProxy.StartAsync(source), await FaultProxy.StartAsync(destination));
        var calls = new StageCalls(store, sourceProxy, destinationProxy, await ConnectAsync(sourceProxy.Url), await ConnectAsync(destinationProxy.Url));
        var request = new MigrationRequest
        {
            Source = new ServerRequest { Url = source.AbsoluteUri, Bucket = "d" },
            Destination = new ServerRequest { Url = destination.AbsoluteUri },
            Measurements = ["cpu"],
            ChunkFieldValues = 1_000_000,
            Concurrency = 2,
            Existing = ExistingBucket.Reuse,
        };
        var made = await new Planner(calls.source, calls.destination, request, calls.Time).PlanAsync(CancellationToken.None);
        await store.WriteJsonAsync(StagingLayout.Plan, made, MigrationJson.Default.MigrationPlan, replace: false, CancellationToken.None);
        calls.Plan = (await StoredPlan.FindAsync(store, asked => asked, CancellationToken.None))!;
        calls.target = (await new DestinationBuckets(calls.destination, store, calls.Plan, NullLogger.Instance).PrepareAsync(CancellationToken.None))[0];
        return calls;
    }

    public Chunk Chunk => Assert.Single(Plan.Chunks);

    public Task<IReadOnlyList<ExportReceipt>?> ExportAsync(DateTimeOffset? stopBy, CancellationToken cancellationToken = default) =>
        new Exporter(source, Store, Plan, Retry(), Time, NullLogger.Instance, progress.Export).ExportAsync(Chunk, stopBy, cancellationToken);

    public async Task<SealedManifest> StageAsync() =>
        await new Stager(Store, Plan, Time, progress.Stage).StageAsync(CancellationToken.None);

    public Task<ImportReceipt?> ImportAsync(Segment segment, DateTimeOffset? stopBy) =>
        Importer().ImportAsync(segment.Chunk, segment.Pinned, target.Bucket, stopBy, CancellationToken.None);

    public async Task<VerifyReceipt?> VerifyAsync(Segment segment, ImportReceipt import, DateTimeOffset? stopBy)
    {
        var verifier = new Verifier(destination, Store, Plan, Importer(), Retry(), Time, NullLogger.Instance, progress.Verify);
        return await verifier.VerifyAsync(segment.Chunk, segment.Pinned, import, target.Bucket, target.HoldsMore, stopBy, CancellationToken.None);
    }

    /// <summary>Imports and verifies everything, each call with so much time.</summary>
    /// <returns>How many calls it took.</returns>
    public async Task<(int Imports, int Verifies)> LoadAsync(SealedManifest manifest, TimeSpan time)
    {
        var (imports, verifies) = (0, 0);
        foreach (var segment in Segment.All(Plan, manifest))
        {
            ImportReceipt? import;
            for (import = null; import is null; imports++)
                import = await ImportAsync(segment, Time.GetUtcNow() + time);
            for (VerifyReceipt? verify = null; verify is null; verifies++)
                verify = await VerifyAsync(segment, import, Time.GetUtcNow() + time);
        }
        return (imports, verifies);
    }

    /// <summary>Exports in so many calls as it takes, each with so much time.</summary>
    public async Task<(IReadOnlyList<ExportReceipt> Receipts, int Calls)> ExportAllAsync(TimeSpan time)
    {
        for (var calls = 1; ; calls++)
        {
            if (await ExportAsync(Time.GetUtcNow() + time) is { } receipts)
                return (receipts, calls);
        }
    }

    public Task<MigrationReport> ReportAsync() => new ReportBuilder(Store, Plan, progress, Time).BuildAsync(Time.GetUtcNow(), CancellationToken.None);

    public async ValueTask DisposeAsync()
    {
        source.Dispose();
        destination.Dispose();
        await sourceProxy.DisposeAsync();
        await destinationProxy.DisposeAsync();
        Store.Dispose();
    }

    private async Task OnRequestAsync()
    {
        Time.Advance(Request);
        await WhileAsked(Interlocked.Increment(ref requests));
    }

    private Importer Importer() => new(destination, Store, Plan, Retry(), Time, NullLogger.Instance, progress.Import);

    private static RetryPolicy Retry() => new(new RetrySettings { MaxRetries = 3, BaseDelay = TimeSpan.FromMilliseconds(1) }, TimeProvider.System, new Random(1));

    private static async Task<IInfluxClient> ConnectAsync(Uri url) =>
        await ServerDetector.ConnectAsync(new ServerOptions { Url = url }, TimeProvider.System, CancellationToken.None);
}
