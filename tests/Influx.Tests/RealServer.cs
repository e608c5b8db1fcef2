using System.IO.Compression;
using System.Text;
using TestServers;

[assembly: AssemblyFixture(typeof(Influx.Tests.RealServer))]

namespace Influx.Tests;

/// <summary>One real influxd 1.6.7 with authentication off for all tests, each of which takes a database of its own.</summary>
public sealed class RealServer : IAsyncLifetime
{
    private InfluxdProcess process = null!;
    private int databases;

    public Uri Url => process.Url;

    public async ValueTask InitializeAsync() => process = await InfluxdProcess.StartAsync();

    public ValueTask DisposeAsync() => process.DisposeAsync();

    public Task<IInfluxClient> ConnectAsync() => Clients.ConnectAsync(Url, null);

    /// <summary>A new bucket that keeps its points for ever.</summary>
    internal async Task<Bucket> NewBucketAsync(IInfluxClient client, TimeSpan? shardGroup = null) => await client.CreateBucketAsync(
        new BucketPlan($"db{Interlocked.Increment(ref databases)}", null, "autogen", TimeSpan.Zero, shardGroup ?? TimeSpan.FromDays(7)),
        TestContext.Current.CancellationToken);
}

/// <summary>What the tests of clients share.</summary>
internal static class Clients
{
    public static Task<IInfluxClient> ConnectAsync(Uri url, string? token) => ServerDetector.ConnectAsync(
        new ServerOptions { Url = url, ReadToken = (_, _) => new(token is null ? null : new Secret(token)), Timeout = TimeSpan.FromSeconds(20), Role = "source" },
        TimeProvider.System,
        TestContext.Current.CancellationToken);

    public static byte[] Gzip(ReadOnlySpan<byte> bytes)
    {
        using var packed = new MemoryStream();
        using (var gzip = new GZipStream(packed, CompressionLevel.Fastest))
            gzip.Write(bytes);
        return packed.ToArray();
    }

    public static Task<WriteAnswer> WriteAsync(this IInfluxClient client, Bucket bucket, string lines) =>
        client.WriteAsync(bucket, Gzip(Encoding.UTF8.GetBytes(lines)), TestContext.Current.CancellationToken);

    /// <summary>Reads the points of a measurement as the exporter does: one window, every field, group by every tag.</summary>
    public static async Task SelectAsync(this IInfluxClient client, Bucket bucket, string measurement, TimeRange window, IPointSink sink)
    {
        var schemas = await client.FieldKeysAsync(bucket, null, TestContext.Current.CancellationToken);
        var points = new QueryPoints(schemas[ByteKey.From(measurement)], client.Dialect != Dialect.V1, sink);
        await client.QueryAsync(bucket, InfluxQl.SelectAll(measurement, "*::field", window, condition: null), points, TestContext.Current.CancellationToken);
    }

    public static async Task<List<TestPoint>> PointsAsync(this IInfluxClient client, Bucket bucket, string measurement, TimeRange? window = null)
    {
        var sink = new PointList();
        await client.SelectAsync(bucket, measurement, window ?? TimeRange.All, sink);
        return sink.Points;
    }
}
