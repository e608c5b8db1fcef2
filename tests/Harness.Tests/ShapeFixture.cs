using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using TestServers;

[assembly: AssemblyFixture(typeof(Harness.Tests.ShapeFixture))]
// One shape for all, so they take turns.
[assembly: CollectionBehavior(CollectionBehavior.CollectionPerAssembly)]

namespace Harness.Tests;

/// <summary>The deployed shape between two real servers, each behind a proxy that can fail; one for all tests, which take turns.</summary>
public sealed class ShapeFixture : IAsyncLifetime
{
    /// <summary>Four days of shard groups, of which each is a chunk of its own.</summary>
    public const int Points = 4 * 96;

    private InfluxdProcess source = null!;
    private InfluxdProcess destination = null!;

    public DeployedShape Shape { get; private set; } = null!;

    public FaultProxy SourceProxy { get; private set; } = null!;

    public FaultProxy DestinationProxy { get; private set; } = null!;

    public async ValueTask InitializeAsync()
    {
        (source, destination) = (await InfluxdProcess.StartAsync(), await InfluxdProcess.StartAsync());
        SourceProxy = await FaultProxy.StartAsync(source.Url);
        DestinationProxy = await FaultProxy.StartAsync(destination.Url);
        await QueryAsync(source.Url, "CREATE DATABASE d WITH DURATION INF SHARD DURATION 1d NAME \"rp\"");
        await WriteAsync("d", Enumerable.Range(0, Points).Select(i =>
            $"cpu,host=h{i % 3} a={i}i,b={i / 4.0},c=\"{i}\",d={(i % 2 == 0 ? "t" : "f")},e={i},f={i},g={i},h={i},i={i},j={i},k={i} {1_748_822_400_000_000_000 + (i * 900_000_000_000L)}"));
        Shape = await DeployedShape.StartAsync(new ShapeOptions { SourceSecret = Secret(SourceProxy.Url, "reader"), DestinationSecret = Secret(DestinationProxy.Url, "writer") });
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var one in new IAsyncDisposable?[] { Shape, SourceProxy, DestinationProxy, source, destination })
        {
            if (one is not null)
                await one.DisposeAsync();
        }
    }

    /// <summary>An input whose servers come from the secrets; a chunk is a day.</summary>
    public static JsonObject Input(string destinationBucket) => new()
    {
        ["source"] = new JsonObject { ["bucket"] = "d/rp" },
        ["destination"] = new JsonObject { ["bucket"] = destinationBucket },
        ["chunkFieldValues"] = 1_056,
        ["maxConcurrency"] = 2,
    };

    /// <summary>A secret whose token is marked, so that every text can be searched for it.</summary>
    public static string Secret(Uri url, string user, string password = "marked-not-a-real-password") =>
        new JsonObject { ["url"] = url.GetLeftPart(UriPartial.Authority), ["token"] = $"{user}:{password}" }.ToJsonString();

    /// <summary>How many field values a database of the destination holds.</summary>
    public Task<long> CountAsync(string database) => CountAsync(destination.Url, database);

    public static async Task<long> CountAsync(Uri server, string database, string user = "")
    {
        var answer = JsonNode.Parse(await QueryAsync(server, $"SELECT count(*) FROM /.*/&db={database}{user}"))!;
        return (answer["results"]![0]!["series"]?.AsArray() ?? []).Sum(series => series!["values"]![0]!.AsArray().Skip(1).Sum(value => value!.GetValue<long>()));
    }

    public static async Task<string> QueryAsync(Uri server, string statement)
    {
        using var client = new HttpClient();
        using var answer = await client.PostAsync(new Uri(server, $"/query?q={statement.Replace(" ", "%20", StringComparison.Ordinal)}"), content: null);
        var text = await answer.Content.ReadAsStringAsync();
        Assert.DoesNotContain("\"error\"", text, StringComparison.Ordinal);
        return text;
    }

    /// <summary>Writes lines into a database of the source.</summary>
    public async Task WriteAsync(string database, IEnumerable<string> lines)
    {
        using var client = new HttpClient();
        using var body = new StringContent(string.Join('\n', lines), Encoding.UTF8);
        using var answer = await client.PostAsync(new Uri(source.Url, string.Create(CultureInfo.InvariantCulture, $"/write?db={database}")), body);
        answer.EnsureSuccessStatusCode();
    }

    /// <summary>Makes a database at the source.</summary>
    public Task CreateAsync(string definition) => QueryAsync(source.Url, $"CREATE DATABASE {definition}");
}
