using System.Text;
using CsCheck;

namespace Influx.Tests;

/// <summary>What is written as line protocol comes back from a real server as it was: the proof of escapes and limits.</summary>
public sealed class RealRoundTripTests(RealServer server)
{
    // InfluxQL is UTF-8: a measurement of other bytes can be written, but no statement names it.
    private static readonly Gen<TestPoint[]> Points = PointGen.Point(Dialect.V1)
        .Where(point => System.Text.Unicode.Utf8.IsValid(point.Measurement)).Array[80];

    [Fact]
    public async Task Random_points_come_back_from_a_real_server_as_they_were()
    {
        using var client = await server.ConnectAsync();
        var failures = new List<string>();
        for (var round = 0; round < 8; round++)
        {
            var bucket = await server.NewBucketAsync(client);
            failures.AddRange(await DifferencesAsync(client, bucket, Points.Single()));
        }

        Assert.True(failures.Count == 0, string.Join('\n', failures.Take(60)));
    }

    // Each point has a measurement and a request of its own, so that none hides another and a refused line names itself.
    private async Task<List<string>> DifferencesAsync(IInfluxClient client, Bucket bucket, TestPoint[] points)
    {
        var failures = new List<string>();
        var written = new List<TestPoint>();
        foreach (var (point, number) in points.Select((point, number) => (point, number)))
        {
            var alone = point with { Measurement = [.. point.Measurement, .. Encoding.ASCII.GetBytes($"n{number}")] };
            if (LineSink.ReasonOf(Dialect.V1, alone) is not null)
                continue;
            if (await ErrorAsync(client, bucket, alone) is { } error)
                failures.Add($"refused: {error} | {LineSink.LineOf(Dialect.V1, alone)}");
            else
                written.Add(alone);
        }
        // And all in one request, where a line must not swallow the next one.
        var whole = await server.NewBucketAsync(client);
        var lines = new LineSink(Dialect.V1);
        written.ForEach(point => point.HandTo(lines));
        var answer = await client.WriteAsync(whole, Clients.Gzip(lines.Written.Span), TestContext.Current.CancellationToken);
        if (answer.Status != WriteStatus.Written)
            failures.Add($"together: {answer.Reason}");
        await CompareAsync(client, bucket, written, "alone: ", failures);
        await CompareAsync(client, whole, written, "together: ", failures);
        return failures;
    }

    private static async Task CompareAsync(IInfluxClient client, Bucket bucket, List<TestPoint> written, string how, List<string> failures)
    {
        var schemas = await client.FieldKeysAsync(bucket, measurement: null, TestContext.Current.CancellationToken);
        foreach (var point in written)
        {
            if (await DifferenceAsync(client, bucket, point, schemas) is { } difference)
                failures.Add($"{how}{difference} | {LineSink.LineOf(Dialect.V1, point)}");
        }
    }

    private static async Task<string?> ErrorAsync(IInfluxClient client, Bucket bucket, TestPoint point)
    {
        var sink = new LineSink(Dialect.V1);
        point.HandTo(sink);
        try
        {
            var answer = await client.WriteAsync(bucket, Clients.Gzip(sink.Written.Span), TestContext.Current.CancellationToken);
            return answer.Status == WriteStatus.Written ? null : answer.Reason;
        }
        catch (RejectedException refused)
        {
            return refused.Message;
        }
    }

    private static async Task<string?> DifferenceAsync(
        IInfluxClient client, Bucket bucket, TestPoint point, IReadOnlyDictionary<ByteKey, FieldSchema> schemas)
    {
        if (!schemas.TryGetValue(new ByteKey(point.Measurement), out var schema))
            return "lost";
        var (expected, found) = (new ContentTally(), new ContentTally());
        point.HandTo(expected);
        try
        {
            await client.QueryAsync(
                bucket,
                InfluxQl.SelectAll(Encoding.UTF8.GetString(point.Measurement), "*::field", TimeRange.All, condition: null),
                new QueryPoints(schema, unsignedPossible: false, found),
                TestContext.Current.CancellationToken);
        }
        catch (RejectedException refused)
        {
            return refused.Message;
        }
        return found.Digest == expected.Digest ? null : $"{found.FieldValues} of {expected.FieldValues} values, another content";
    }
}
