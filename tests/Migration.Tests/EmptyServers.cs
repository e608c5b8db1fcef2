using System.Text;
using TestServers;

namespace Migration.Tests;

/// <summary>Two real servers for all tests of a class; each test has a database of its own at both.</summary>
public sealed class EmptyServers : IAsyncLifetime
{
    private int databases;

    public InfluxdProcess Source { get; private set; } = null!;

    public InfluxdProcess Destination { get; private set; } = null!;

    public async ValueTask InitializeAsync()
    {
        Source = await InfluxdProcess.StartAsync();
        Destination = await InfluxdProcess.StartAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await Source.DisposeAsync();
        await Destination.DisposeAsync();
    }

    internal Task<Pipeline> PipelineAsync(string lines) => PipelineAsync(Encoding.UTF8.GetBytes(lines));

    /// <summary>A migration of a new database that holds some lines.</summary>
    internal async Task<Pipeline> PipelineAsync(byte[] lines)
    {
        var database = $"d{Interlocked.Increment(ref databases)}";
        await MakeAsync(Source.Url, database, lines);
        return PipelineOf(database);
    }

    internal Pipeline PipelineOf(string bucket)
    {
        var pipeline = new Pipeline(Source.Url, Destination.Url);
        pipeline.Request = pipeline.Request with { Source = pipeline.Request.Source with { Bucket = bucket } };
        return pipeline;
    }

    /// <summary>Writes more lines into a migration's source.</summary>
    internal Task WriteAsync(Pipeline pipeline, byte[] lines) => WriteAsync(Source.Url, pipeline.Request.Source.Bucket!, lines);

    internal Task MakeDestinationAsync(Pipeline pipeline, string lines) =>
        MakeAsync(Destination.Url, pipeline.Request.Source.Bucket!, Encoding.UTF8.GetBytes(lines));

    internal Task<string> SourceAsync(Pipeline pipeline, string statement) => QueryAsync(Source.Url, pipeline.Request.Source.Bucket!, statement);

    internal Task<string> DestinationAsync(Pipeline pipeline, string statement) => QueryAsync(Destination.Url, pipeline.Request.Source.Bucket!, statement);

    /// <summary>Asserts that both servers answer some queries in the same way, with something.</summary>
    internal async Task AssertSameAsync(Pipeline pipeline, params string[] statements)
    {
        foreach (var statement in statements)
        {
            var expected = await SourceAsync(pipeline, statement);
            Assert.Contains("\"values\"", expected, StringComparison.Ordinal);
            Assert.Equal(expected, await DestinationAsync(pipeline, statement));
        }
    }

    private static async Task MakeAsync(Uri server, string database, byte[] lines)
    {
        await Pipeline.QueryAsync(server, $"CREATE DATABASE {database} WITH DURATION 0s SHARD DURATION 1d NAME \"rp\"");
        await WriteAsync(server, database, lines);
    }

    private static async Task WriteAsync(Uri server, string database, byte[] lines)
    {
        using var client = new HttpClient();
        using var body = new ByteArrayContent(lines);
        using var answer = await client.PostAsync(new Uri(server, $"/write?db={database}"), body);
        Assert.True(answer.IsSuccessStatusCode, await answer.Content.ReadAsStringAsync());
    }

    private static async Task<string> QueryAsync(Uri server, string database, string statement)
    {
        using var client = new HttpClient();
        using var body = new FormUrlEncodedContent([KeyValuePair.Create("q", statement)]);
        using var answer = await client.PostAsync(new Uri(server, $"/query?epoch=ns&db={database}"), body);
        return await answer.Content.ReadAsStringAsync();
    }
}
