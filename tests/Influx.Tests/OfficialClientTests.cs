using System.Text;
using CsCheck;
using TestServers;
using OfficialClient = InfluxDB.Client.InfluxDBClient;
using PointData = InfluxDB.Client.Writes.PointData;
using WritePrecision = InfluxDB.Client.Api.Domain.WritePrecision;

namespace Influx.Tests;

/// <summary>
/// The client of the servers' makers as an independent hand: what it writes is read by ours, and what ours makes is seen by it. It
/// queries in Flux only, which neither 1.6.7 nor the tests' 2.x front answers; what ours writes is read back in
/// <see cref="IndependentReaderTests"/>.
/// </summary>
public sealed class OfficialClientTests(RealServer real)
{
    // It writes line breaks and tabs in names as a backslash and a letter, which servers read as these two, and backslashes as they are,
    // so that one before what it escapes makes another name: neither stands here.
    private static readonly Gen<string> Name = Gen.Char["ab ,=\"é漢/'"].Array[1, 8].Select(letters => "n" + new string(letters));

    private static readonly Gen<string> Text = Gen.Char["ab ,=\"é\\\n\r\t"].Array[0, 8].Select(letters => new string(letters));

    private static readonly Gen<Sample> Generated = Gen.Select(
        Name, Name, Name, Name, Text, Gen.Double.Where(double.IsFinite), Gen.Long, Gen.Select(Gen.Bool, Gen.Long[0, 1_900_000_000_000_000_000]),
        (measurement, tag, value, field, text, number, whole, rest) => new Sample(measurement, tag, value, field, text, number, whole, rest.Item1, rest.Item2));

    [Theory]
    [InlineData(Dialect.V1)]
    [InlineData(Dialect.V2)]
    public void Its_lines_are_read_as_the_points_that_they_were_made_of(Dialect dialect) => Generated.Sample(
        generated =>
        {
            var (point, expected) = Both(generated, unsigned: dialect == Dialect.V2);
            var found = new PointList();

            new LineReader(dialect).ReadAsync(Encoding.UTF8.GetBytes(point.ToLineProtocol() + "\n"), found, TestContext.Current.CancellationToken).GetAwaiter().GetResult();

            Assert.Equal(expected.ToString(), Assert.Single(found.Points).ToString());
        },
        iter: 2_000);

    [Fact]
    public async Task What_it_writes_into_a_real_1x_server_is_read_by_ours_as_it_was()
    {
        using var client = await real.ConnectAsync();
        using var http = new HttpClient();
        var bucket = await real.NewBucketAsync(client);
        var pairs = Generated.Array[60].Single().Select((generated, number) => Both(generated with { Measurement = $"{generated.Measurement}{number}" }, unsigned: false)).ToList();
        using var content = new StringContent(string.Join('\n', pairs.Select(pair => pair.Point.ToLineProtocol())));

        using var written = await http.PostAsync(new Uri(real.Url, $"/write?db={bucket.Database}"), content, TestContext.Current.CancellationToken);

        Assert.Equal(204, (int)written.StatusCode);
        foreach (var (_, expected) in pairs)
            Assert.Equal(expected.ToString(), Assert.Single(await client.PointsAsync(bucket, Encoding.UTF8.GetString(expected.Measurement))).ToString());
    }

    [Fact]
    public async Task What_it_writes_into_a_2x_server_is_read_by_ours_as_it_was()
    {
        await using var server = await Influx2Server.StartAsync();
        using var official = new OfficialClient(server.Url.AbsoluteUri, server.OperatorToken);
        using var client = await Clients.ConnectAsync(server.Url, server.OperatorToken);
        var pairs = Generated.Array[60].Single().Select((generated, number) => Both(generated with { Measurement = $"{generated.Measurement}{number}" }, unsigned: true)).ToList();

        await official.GetWriteApiAsync().WritePointsAsync([.. pairs.Select(pair => pair.Point)], "bucket1", "org1", TestContext.Current.CancellationToken);

        var bucket = (await client.FindBucketAsync("org1", "bucket1", TestContext.Current.CancellationToken))!;
        foreach (var (_, expected) in pairs)
            Assert.Equal(expected.ToString(), Assert.Single(await client.PointsAsync(bucket, Encoding.UTF8.GetString(expected.Measurement))).ToString());
    }

    [Fact]
    public async Task It_sees_the_bucket_and_the_token_that_ours_made()
    {
        await using var server = await Influx2Server.StartAsync();
        using var official = new OfficialClient(server.Url.AbsoluteUri, server.OperatorToken);
        using var client = await Clients.ConnectAsync(server.Url, server.OperatorToken);
        var options = new ServerOptions { Url = server.Url, ReadToken = (_, _) => new(new Secret(server.OperatorToken)) };

        await client.CreateBucketAsync(new BucketPlan("made", "org1", "autogen", TimeSpan.FromDays(30), TimeSpan.FromDays(1)), TestContext.Current.CancellationToken);
        var made = await new TokenMaker(options, TimeProvider.System).MakeAsync(
            new TokenOrder { Role = TokenRole.Source, Org = "org1", Buckets = ["made"] }, TestContext.Current.CancellationToken);

        Assert.True(await official.PingAsync());
        var bucket = await official.GetBucketsApi().FindBucketByNameAsync("made", TestContext.Current.CancellationToken);
        var rule = Assert.Single(bucket.RetentionRules);
        Assert.Equal((30 * 86_400L, 86_400L), (rule.EverySeconds, rule.ShardGroupDurationSeconds));
        var authorization = await official.GetAuthorizationsApi().FindAuthorizationByIdAsync(made.Id, TestContext.Current.CancellationToken);
        Assert.Equal(
            ["Read buckets " + bucket.Id, "Read orgs " + bucket.OrgID],
            authorization.Permissions.Select(permission => $"{permission.Action} {permission.Resource.Type} {permission.Resource.Id}"));
    }

    private static (PointData Point, TestPoint Expected) Both(Sample of, bool unsigned)
    {
        var point = PointData.Measurement(of.Measurement).Tag(of.Tag, of.Value)
            .Field(of.Field + "s", of.Text).Field(of.Field + "f", of.Number).Field(of.Field + "i", of.Whole).Field(of.Field + "b", of.Flag).Timestamp(of.Time, WritePrecision.Ns);
        List<TestValue> values =
            [TestValue.String(of.Field + "s", of.Text), TestValue.Float(of.Field + "f", of.Number), TestValue.Integer(of.Field + "i", of.Whole), TestValue.Boolean(of.Field + "b", of.Flag)];
        if (unsigned)
        {
            point = point.Field(of.Field + "u", (ulong)of.Whole);
            values.Add(TestValue.Unsigned(of.Field + "u", (ulong)of.Whole));
        }
        return (point, TestPoint.Of(of.Measurement, [(of.Tag, of.Value)], of.Time, [.. values]));
    }

    private sealed record Sample(string Measurement, string Tag, string Value, string Field, string Text, double Number, long Whole, bool Flag, long Time);
}
