using CsCheck;
using TestServers;

namespace Influx.Tests;

public sealed class ShardGridTests(RealServer server)
{
    private const long Second = 1_000_000_000;

    [Theory]
    [InlineData(3_600)]
    [InlineData(86_400)]
    [InlineData(604_800)]
    [InlineData(5_400)]
    [InlineData(1_000_000)]
    [InlineData(31 * 86_400)]
    public async Task Windows_are_the_shard_groups_of_a_real_server(long seconds)
    {
        using var client = await server.ConnectAsync();
        var bucket = await server.NewBucketAsync(client, TimeSpan.FromSeconds(seconds));
        var grid = new ShardGrid(seconds * Second);
        long[] times = [Timestamp.Min, -1_600_000_000 * Second, -1, 0, 1, 1_709_208_000 * Second, (1_709_208_000 + seconds) * Second, 4_000_000_000 * Second, Timestamp.Max];
        var answer = await client.WriteAsync(bucket, string.Concat(times.Select(time => $"m f=1 {time}\n")));
        Assert.Equal(WriteAnswer.Written, answer);

        var groups = await client.ShardGroupsAsync(bucket, TestContext.Current.CancellationToken);

        // SHOW SHARDS cuts to whole seconds; where time begins the group starts before the first point.
        var expected = times.Select(grid.WindowOf).Distinct().OrderBy(window => window.Start)
            .Select(window => (Math.Max(window.Start / Second, Timestamp.Min / Second), window.Stop));
        Assert.Equal(
            expected,
            groups!.OrderBy(group => group.Stop).Select(group => (Math.Max(group.Start / Second, Timestamp.Min / Second), group.Stop)));
    }

    [Fact]
    public async Task Shard_groups_at_both_ends_of_time_outlive_a_restart()
    {
        var folder = Directory.CreateTempSubdirectory("influxd-ends-").FullName;
        try
        {
            await using (var first = await InfluxdProcess.StartAsync(new InfluxdOptions { DataFolder = folder }))
            {
                using var client = await Clients.ConnectAsync(first.Url, token: null);
                var bucket = await client.CreateBucketAsync(
                    new BucketPlan("ends", null, "autogen", TimeSpan.Zero, TimeSpan.FromHours(1)), TestContext.Current.CancellationToken);
                Assert.Equal(WriteAnswer.Written, await client.WriteAsync(bucket, $"m f=1 {Timestamp.Min}\nm f=1 {Timestamp.Max}\n"));
            }
            await using var second = await InfluxdProcess.StartAsync(new InfluxdOptions { DataFolder = folder });
            using var again = await Clients.ConnectAsync(second.Url, token: null);

            var found = await again.FindBucketAsync(null, "ends", TestContext.Current.CancellationToken);
            var groups = await again.ShardGroupsAsync(found!, TestContext.Current.CancellationToken);

            Assert.Equal(2, groups!.Count);
            Assert.Single(groups, group => group.Contains(Timestamp.Min));
            Assert.Single(groups, group => group.Contains(Timestamp.Max));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Fact]
    public void Window_holds_its_time_and_windows_meet() =>
        Gen.Select(PointGen.Time, Gen.Long[Second, 400L * 86_400 * Second]).Sample(
            (time, duration) =>
            {
                var grid = new ShardGrid(duration);
                var window = grid.WindowOf(time);
                return window.Contains(time)
                    && (window.Stop == long.MaxValue || grid.WindowOf(window.Stop).Start == window.Stop)
                    && (window.Start == Timestamp.Min || grid.WindowOf(window.Start - 1).Stop == window.Start)
                    && grid.Offset >= 0 && grid.Offset < duration;
            },
            iter: 20_000);

    [Fact]
    public async Task Counts_by_window_start_where_the_grid_does()
    {
        using var client = await server.ConnectAsync();
        var bucket = await server.NewBucketAsync(client);
        var grid = new ShardGrid(604_800 * Second);
        var window = grid.WindowOf(1_709_208_000 * Second);
        await client.WriteAsync(bucket, $"m f=1 {window.Start}\nm f=1 {window.Stop - 1}\nm f=1 {window.Stop}\n");

        var rows = await client.ReadAsync(
            bucket, InfluxQl.CountByWindow("m", "count(*::field)", new TimeRange(window.Start - 1, window.Stop + 1), grid, condition: null), TestContext.Current.CancellationToken);

        Assert.Equal([(window.Start, 2L), (window.Stop, 1L)], rows.Select(row => ((long)row.Values[0]!, (long)row.Values[1]!)));
    }

    [Fact]
    public void Common_grid_divides_both() =>
        Assert.Equal(3_600 * Second, new ShardGrid(86_400 * Second).CommonWith(5 * 3_600 * Second).Duration);
}
