using System.IO.Compression;
using System.Text;
using Influx;
using Microsoft.Extensions.Logging.Abstractions;
using TestServers;

namespace Migration.Tests;

/// <summary>A run between two servers over a folder of its own, with short waits.</summary>
internal sealed class Pipeline(Uri source, Uri destination) : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("pipeline-").FullName;

    public string Folder => folder;

    public MigrationRequest Request { get; set; } = new()
    {
        Source = new ServerRequest { Url = Text(source), Bucket = "d" },
        Destination = new ServerRequest { Url = Text(destination) },
        ChunkFieldValues = 1_000,
    };

    public Secret? SourceToken { get; set; }

    public Secret? DestinationToken { get; set; }

    public MigrationProgress Progress { get; private set; } = new();

    public RetrySettings Retry { get; set; } = new() { MaxRetries = 3, BaseDelay = TimeSpan.FromMilliseconds(1) };

    public async Task<MigrationReport> RunAsync(CancellationToken cancellationToken = default)
    {
        using var store = FolderStore.Open(folder);
        return await Run(store).RunAsync(cancellationToken);
    }

    public Task<MigrationReport> RunAsync(IStagingStore store, CancellationToken cancellationToken = default) => Run(store).RunAsync(cancellationToken);

    public Task<MigrationReport> RestoreAsync(IStagingStore store) => Run(store).RestoreAsync(CancellationToken.None);

    public async Task<MigrationPlan> PlanAsync()
    {
        using var store = FolderStore.OpenForReading(folder);
        return await Run(store).PlanAsync(CancellationToken.None);
    }

    public async Task<MigrationReport> RestoreAsync()
    {
        using var store = FolderStore.Open(folder);
        return await Run(store).RestoreAsync(CancellationToken.None);
    }

    public async Task<ComparisonReport> CompareAsync()
    {
        using var store = FolderStore.OpenForReading(folder);
        return await Run(store).CompareAsync(CancellationToken.None);
    }

    public async Task<MigrationReport> StoredReportAsync()
    {
        using var store = FolderStore.OpenForReading(folder);
        return (await store.ReadJsonAsync(StagingLayout.ReportJson, MigrationJson.Default.MigrationReport, CancellationToken.None))!;
    }

    public void Dispose() => Directory.Delete(folder, recursive: true);

    public static async Task QueryAsync(Uri server, string statement, string database = "d")
    {
        using var client = new HttpClient();
        using var body = new FormUrlEncodedContent([KeyValuePair.Create("q", statement)]);
        using var answer = await client.PostAsync(new Uri(server, $"/query?db={database}"), body);
        var text = await answer.Content.ReadAsStringAsync();
        Assert.DoesNotContain("error", text, StringComparison.Ordinal);
    }

    public static async Task WriteAsync(Uri server, string lines, string database = "d")
    {
        using var client = new HttpClient();
        using var body = new StringContent(lines, Encoding.UTF8);
        using var answer = await client.PostAsync(new Uri(server, $"/write?db={database}"), body);
        Assert.True(answer.IsSuccessStatusCode, await answer.Content.ReadAsStringAsync());
    }

    public static async Task<(long Points, ContentDigest Digest)> ContentAsync(Uri url, string? only = null)
    {
        using var client = await ServerDetector.ConnectAsync(new ServerOptions { Url = url }, TimeProvider.System, CancellationToken.None);
        var bucket = (await client.FindBucketAsync(org: null, "d", CancellationToken.None))!;
        var tally = new ContentTally();
        foreach (var (measurement, schema) in await client.FieldKeysAsync(bucket, only, CancellationToken.None))
        {
            // Week by week would do for all but the field whose type changes; its shards are years apart.
            foreach (var window in (await client.ShardGroupsAsync(bucket, CancellationToken.None))!)
            {
                await client.QueryAsync(
                    bucket, InfluxQl.SelectAll(measurement.ToString(), InfluxQl.FieldColumns(schema), window.Intersect(TimeRange.All), condition: null),
                    new QueryPoints(schema, unsignedPossible: false, tally), CancellationToken.None);
            }
        }
        return (tally.Points, tally.Digest);
    }

    public static string Gunzip(string path)
    {
        using var text = new StreamReader(new GZipStream(File.OpenRead(path), CompressionMode.Decompress));
        return text.ReadToEnd();
    }

    private MigrationRun Run(IStagingStore store) => new(Context(store));

    /// <summary>What a run of its request works with.</summary>
    public RunContext Context(IStagingStore store)
    {
        Progress = new MigrationProgress();
        return new RunContext
        {
            Request = Request,
            Store = store,
            ReadSourceToken = (_, _) => new(SourceToken),
            ReadDestinationToken = (_, _) => new(DestinationToken),
            SourceTokenName = "INFLUX_SRC_TOKEN",
            DestinationTokenName = "INFLUX_DEST_TOKEN",
            Retry = Retry,
            ResumeWith = "the command again",
            Logger = NullLogger.Instance,
            Progress = Progress,
        };
    }

    private static string Text(Uri url) => url.GetLeftPart(UriPartial.Authority);
}

/// <summary>Two real servers for all tests of a class, with one sample in the source.</summary>
public sealed class TwoServers : IAsyncLifetime
{
    public InfluxdProcess Source { get; private set; } = null!;

    public async ValueTask InitializeAsync()
    {
        Source = await InfluxdProcess.StartAsync();
        await Pipeline.QueryAsync(Source.Url, "CREATE DATABASE d WITH DURATION 0s SHARD DURATION 1d NAME \"rp\"");
        await Pipeline.WriteAsync(Source.Url, Sample());
    }

    public async ValueTask DisposeAsync() => await Source.DisposeAsync();

    /// <summary>Every field type, escapes, a type that changes between shards, a tag and a field of one name, both ends of time, three weeks.</summary>
    private static string Sample()
    {
        var lines = new StringBuilder();
        lines.Append("edge v=1,x=2i -9223372036854775806\nedge v=2,x=3i 9223372036854775806\n");
        lines.Append("mix v=1i 0\nmix v=1.5 1000000000000000000\nmix v=\"s\" 1100000000000000000\nmix v=true 1200000000000000000\n");
        lines.Append("w\\ x,ta\\,g=v\\ 1,k\\=2=\\x s=\"a\\\"b\\\\c\nline\",z=-0,big=1e308,i=-9223372036854775808i,b=false 5\n");
        lines.Append("same,x=tag x=1.5 7\n");
        for (var i = 0; i < 2_000; i++)
            lines.Append(System.Globalization.CultureInfo.InvariantCulture, $"cpu,host=h{i % 7} a={i * 0.37},n={i}i,on={(i % 2 == 0 ? "true" : "false")} {1_750_000_000_000_000_000 + (i * 900_000_000_000L)}\n");
        return lines.ToString();
    }
}
