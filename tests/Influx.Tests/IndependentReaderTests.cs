using System.Globalization;
using System.Text;
using System.Text.Json;
using CsCheck;

namespace Influx.Tests;

/// <summary>What our writer wrote into a real 1.6.7, read back without a line of ours: as JSON, by the base library's own client and reader.</summary>
public sealed class IndependentReaderTests(RealServer server)
{
    private static readonly Gen<TestPoint[]> Points = PointGen.Point(Dialect.V1).Select(AsText).Array[300];

    [Fact]
    public async Task Random_points_that_ours_wrote_are_read_as_they_were()
    {
        using var client = await server.ConnectAsync();
        using var http = new HttpClient();
        var bucket = await server.NewBucketAsync(client);
        var lines = new LineSink(Dialect.V1);
        var written = Points.Single().Select((point, number) => point with { Measurement = [.. point.Measurement, .. Encoding.ASCII.GetBytes($"n{number}")] })
            .Where(point => CanBeSaid(point) && HasEachKeyOnce(point) && LineSink.ReasonOf(Dialect.V1, point) is null).ToList();
        written.ForEach(point => point.HandTo(lines));

        Assert.Equal(WriteStatus.Written, (await client.WriteAsync(bucket, Clients.Gzip(lines.Written.Span), TestContext.Current.CancellationToken)).Status);

        Assert.True(written.Count > 10, $"only {written.Count} points are of this dialect");
        foreach (var point in written)
            Assert.Equal(Expected(point), await FoundAsync(http, bucket, Encoding.UTF8.GetString(point.Measurement)));
    }

    private async Task<string> FoundAsync(HttpClient http, Bucket bucket, string measurement)
    {
        var name = $"\"{measurement.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal).Replace("\n", "\\n", StringComparison.Ordinal)}\"";
        using var types = await AskAsync(http, bucket, $"SHOW FIELD KEYS FROM {name}");
        using var answer = await AskAsync(http, bucket, $"SELECT *::field FROM {name} GROUP BY *");
        var kinds = Series(types).GetProperty("values").EnumerateArray().ToDictionary(row => row[0].GetString()!, row => row[1].GetString()!, StringComparer.Ordinal);
        var series = Series(answer);
        var columns = series.GetProperty("columns").EnumerateArray().Select(column => column.GetString()!).ToList();
        var row = Assert.Single(series.GetProperty("values").EnumerateArray());
        var tags = series.TryGetProperty("tags", out var found) ? found.EnumerateObject().Select(tag => $"{tag.Name}={tag.Value.GetString()}") : [];
        var values = columns.Skip(1).Select((column, index) => $"{column}={kinds[column]}:{Shown(kinds[column], row[index + 1])}");
        return $"{series.GetProperty("name").GetString()} {string.Join(' ', tags.Order(StringComparer.Ordinal))} {string.Join(' ', values.Order(StringComparer.Ordinal))} {row[0].GetInt64()}";
    }

    private async Task<JsonDocument> AskAsync(HttpClient http, Bucket bucket, string statement)
    {
        using var form = new FormUrlEncodedContent([KeyValuePair.Create("q", statement)]);
        using var answer = await http.PostAsync(new Uri(server.Url, $"/query?epoch=ns&db={bucket.Database}"), form, TestContext.Current.CancellationToken);
        return JsonDocument.Parse(await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
    }

    private static JsonElement Series(JsonDocument answer) => answer.RootElement.GetProperty("results")[0].TryGetProperty("series", out var series)
        ? Assert.Single(series.EnumerateArray())
        : throw new InvalidOperationException($"nothing is there: {answer.RootElement.GetRawText()}");

    private static string Shown(string kind, JsonElement value) => kind switch
    {
        "float" => value.GetDouble().ToString("R", CultureInfo.InvariantCulture),
        "string" => value.GetString()!,
        _ => value.GetRawText(),
    };

    private static string Expected(TestPoint point)
    {
        var tags = point.Tags.Select(tag => $"{Encoding.UTF8.GetString(tag.Key)}={Encoding.UTF8.GetString(tag.Value)}");
        var values = point.Values.Select(value => $"{Encoding.UTF8.GetString(value.Key)}=" + value.Type switch
        {
            FieldType.Float => $"float:{BitConverter.Int64BitsToDouble(value.Bits).ToString("R", CultureInfo.InvariantCulture)}",
            FieldType.Integer => $"integer:{value.Bits}",
            FieldType.Boolean => $"boolean:{(value.Bits == 1 ? "true" : "false")}",
            _ => $"string:{Encoding.UTF8.GetString(value.Text)}",
        });
        return $"{Encoding.UTF8.GetString(point.Measurement)} {string.Join(' ', tags.Order(StringComparer.Ordinal))} {string.Join(' ', values.Order(StringComparer.Ordinal))} {point.Time}";
    }

    // JSON shows no bytes that are no UTF-8, so they are others before they are written.
    private static TestPoint AsText(TestPoint point) => new(
        AsText(point.Measurement),
        [.. point.Tags.Select(tag => (AsText(tag.Key), AsText(tag.Value)))],
        [.. point.Values.Select(value => value with { Key = AsText(value.Key), Text = AsText(value.Text) })],
        point.Time);

    private static byte[] AsText(byte[] bytes) => Encoding.UTF8.GetBytes(Encoding.UTF8.GetString(bytes));

    // No identifier of InfluxQL holds these; the product asks for such names by a pattern.
    private static bool CanBeSaid(TestPoint point) => point.Measurement.AsSpan().IndexOfAny((byte)'\r', (byte)0) < 0;

    private static bool HasEachKeyOnce(TestPoint point)
    {
        var keys = point.Tags.Select(tag => tag.Key).Concat(point.Values.Select(value => value.Key)).Select(Encoding.UTF8.GetString).ToList();
        return keys.Distinct(StringComparer.Ordinal).Count() == keys.Count;
    }
}
