using System.Collections.Concurrent;
using System.Globalization;
using System.Text;
using Microsoft.AspNetCore.Http;
using TestServers;

namespace Migration.Tests.Faults;

/// <summary>Two real 1.6.7, and some small random contents at the source.</summary>
public sealed class ScheduleBench : IAsyncLifetime
{
    internal const int Contents = 24;

    // They say that all is well, and only what is already known of the data can show that it is not.
    private static readonly string[] Lies = ["a document missing", "an empty result"];

    private readonly string[] texts = new string[Contents];
    private InfluxdProcess source = null!;
    private InfluxdProcess destination = null!;
    private int migrations;

    /// <summary>Where starts were killed, and how often.</summary>
    internal ConcurrentDictionary<string, int> Kills { get; } = new(StringComparer.Ordinal);

    public async ValueTask InitializeAsync()
    {
        var both = await Task.WhenAll(InfluxdProcess.StartAsync(), InfluxdProcess.StartAsync());
        (source, destination) = (both[0], both[1]);
        for (var i = 0; i < Contents; i++)
        {
            using (await StoredContent.QueryAsync(source.Url, "", $"CREATE DATABASE {Name(i)} WITH DURATION 0s SHARD DURATION 1d NAME \"rp\""))
                await StoredContent.WriteAsync(source.Url, Name(i), Lines(new Random(i)));
            texts[i] = await StoredContent.ReadAsync(source.Url, Name(i));
        }
    }

    public async ValueTask DisposeAsync()
    {
        await source.DisposeAsync();
        await destination.DisposeAsync();
    }

    /// <summary>
    /// Starts the migration as the schedule says until one start ends complete, and once more without any fault if none did. The
    /// destination then holds what the source does; and a start that says so is right.
    /// </summary>
    internal async Task RunAsync(Schedule schedule)
    {
        var database = $"moved{Interlocked.Increment(ref migrations)}";
        var folder = Directory.CreateTempSubdirectory("schedule-").FullName;
        await using var sourceProxy = await FaultProxy.StartAsync(source.Url);
        await using var destinationProxy = await FaultProxy.StartAsync(destination.Url);
        var request = new MigrationRequest
        {
            Source = new ServerRequest { Url = sourceProxy.Url.GetLeftPart(UriPartial.Authority), Bucket = Name(schedule.Content) },
            Destination = new ServerRequest { Url = destinationProxy.Url.GetLeftPart(UriPartial.Authority), Bucket = database },
            ChunkFieldValues = schedule.ChunkFieldValues,
            Concurrency = schedule.Concurrency,
        };
        var kill = new KillSwitch(planned: null);
        KillSwitch.Guard(sourceProxy, () => kill);
        KillSwitch.Guard(destinationProxy, () => kill);
        var ends = new List<string>();
        try
        {
            foreach (var start in schedule.Starts.Append(new ScheduledStart(Kill: null, Faults: [])))
            {
                kill = new KillSwitch(start.Kill);
                var ended = await StartAsync(start, kill, request, folder, sourceProxy, destinationProxy);
                var at = kill.DiedAt;
                ends.Add(at is null ? ended.ToString() : $"killed in {at}");
                if (at is not null)
                {
                    Kills.AddOrUpdate(at, 1, (_, count) => count + 1);
                    continue;
                }
                Assert.NotEqual(1, ended.ExitCode);
                if (ended.ExitCode != 0)
                    continue;
                Assert.Equal(Verdict.Verified, ended.Verdict);
                Assert.Equal(texts[schedule.Content], await StoredContent.ReadAsync(destination.Url, database));
                return;
            }
            // What the destination is said to have refused is not written again; it differs where an earlier start had written it.
            Assert.Contains(schedule.Starts.SelectMany(start => start.Faults), fault => fault.Fault == "400 for the data");
            Assert.Matches("Verdict = (Quarantined|Different)", ends[^1]);
        }
        catch (Exception failed)
        {
            throw new InvalidOperationException($"{schedule}\nended so:\n  {string.Join("\n  ", ends)}", failed);
        }
        finally
        {
            using (await StoredContent.QueryAsync(destination.Url, "", $"DROP DATABASE {database}"))
                Directory.Delete(folder, recursive: true);
        }
    }

    private static async Task<Ended> StartAsync(
        ScheduledStart start, KillSwitch kill, MigrationRequest request, string folder, FaultProxy sourceProxy, FaultProxy destinationProxy)
    {
        var time = new JumpingTime();
        var under = true;
        // A killed process lets go of its folder, too.
        using var folderStore = FolderStore.Open(folder);
        var attempt = new Attempt(request, new HookedStore(folderStore, kill.OnStore), time);
        kill.Progress = attempt.Progress;
        foreach (var fault in start.Faults)
        {
            var proxy = fault.Side == Side.Source ? sourceProxy : destinationProxy;
            ServerFaults.All[fault.Fault](proxy.On(asked => under && Fits(fault, asked, attempt.Progress), fault.Skip, fault.Times), time);
        }
        var ended = await attempt.RunAsync().WaitAsync(TimeSpan.FromMinutes(1));
        under = false;
        return ended;
    }

    private static bool Fits(ScheduledFault fault, HttpRequest request, MigrationProgress progress) =>
        fault.Fault == "400 for the data" ? request.Path == "/write"
        : !Lies.Contains(fault.Fault, StringComparer.Ordinal)
            || (progress.Export.Started && FaultProxy.StatementOf(request).StartsWith("SELECT *", StringComparison.Ordinal));

    private static string Name(int content) => string.Create(CultureInfo.InvariantCulture, $"source{content}");

    private static string Lines(Random random)
    {
        var lines = new StringBuilder();
        string[] measurements = ["cpu", "w\\ x", "a\\,\"b\"", "ü"];
        string[] tags = ["", ",host=a", ",host=b", ",k\\ ey=v\\=1", ",host=a,z=\"q\""];
        foreach (var measurement in measurements.Where(_ => random.Next(2) == 0).DefaultIfEmpty("only"))
        {
            for (var points = random.Next(2, 20); points > 0; points--)
            {
                var time = 1_750_032_000_000_000_000 + (random.Next(3) * 86_400_000_000_000) + random.Next(1_000);
                var fields = random.Next(1, 16);
                string?[] values =
                [
                    (fields & 1) > 0 ? string.Create(CultureInfo.InvariantCulture, $"i={random.NextInt64(long.MinValue, long.MaxValue)}i") : null,
                    (fields & 2) > 0 ? string.Create(CultureInfo.InvariantCulture, $"f={(random.NextDouble() - 0.5) * 1e9:R}") : null,
                    (fields & 4) > 0 ? $"on={(random.Next(2) == 0 ? "true" : "false")}" : null,
                    (fields & 8) > 0 ? string.Create(CultureInfo.InvariantCulture, $"s\\ t=\"\\\"é\\\\\n{random.Next()}\"") : null,
                ];
                lines.Append(CultureInfo.InvariantCulture, $"{measurement}{tags[random.Next(tags.Length)]} {string.Join(',', values.OfType<string>())} {time}\n");
            }
        }
        return lines.ToString();
    }
}
