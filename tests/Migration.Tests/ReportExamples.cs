using Influx;

namespace Migration.Tests;

/// <summary>Reports of every kind, the usual and the extreme.</summary>
internal static class ReportExamples
{
    private const long Day = 86_400_000_000_000;
    private static readonly DateTimeOffset Noon = new(2026, 3, 14, 12, 0, 0, TimeSpan.Zero);
    private static readonly long Start2024 = Timestamp.From(new DateTimeOffset(2024, 1, 1, 0, 0, 0, TimeSpan.Zero));

    public static MigrationReport Empty { get; } = new()
    {
        Verdict = Verdict.Verified,
        Sentence = "Verified: the source bucket is empty, and so is what was moved.",
        Started = Noon,
        Finished = Noon.AddSeconds(0.84),
        Request = new MigrationRequest
        {
            Source = new ServerRequest { Url = "http://influx1.example:8086", Bucket = "telegraf" },
            Destination = new ServerRequest { Url = "https://influx2.example:8086", Org = "acme" },
        },
        Source = new PlannedServer("http://influx1.example:8086", "1.6.7"),
        Destination = new PlannedServer("https://influx2.example:8086", "2.7.12"),
        Staging = "/var/lib/influx-migrate/influx-migration-telegraf",
    };

    public static MigrationReport Verified { get; } = Empty with
    {
        Sentence = "Verified: all 48,211,904 points with 144,635,712 field values are at the destination, every one read back and compared.",
        Finished = Noon.AddSeconds(2711),
        Points = 48_211_904,
        FieldValues = 144_635_712,
        ExpiredPoints = 12_400,
        Measurements = [.. new[] { "cpu", "mem", "disk", "net", "http_requests", "sensor temperature" }.Select((name, i) => Measurement(name, 200, 400_000 / (i + 1), i))],
        Stages = Stages,
        Chunks = Chunks(146),
        Remarks = [new PlanRemark("telegraf", "mem", "The field 'used' is an integer until 2024-05-02 and a float since: each shard group keeps its own type.", Rejects: false)],
    };

    public static MigrationReport Unverified { get; } = Verified with
    {
        Verdict = Verdict.Unverified,
        Sentence = "Unverified: all points were accepted, but nothing was read back.",
        Request = Verified.Request with { Verify = VerifyMode.None },
        Measurements = [.. Verified.Measurements.Select(measurement => measurement with { DestinationSlices = [] })],
    };

    public static MigrationReport Incomplete { get; } = Verified with
    {
        Verdict = Verdict.Incomplete,
        Sentence = "Complete but for 2 measurements and 1 field that the source does not show: every point that was exported was read back from the destination and is the same.",
        Remarks =
        [
            new PlanRemark("telegraf", @"disk\,io", "InfluxQL shows no field of it.", Rejects: false, HiddenPart.Measurement),
            new PlanRemark("telegraf", "cpu", "InfluxQL does not read the field '_name'.", Rejects: false, HiddenPart.Field),
            new PlanRemark("archive", "", "The bucket can't be read.", Rejects: false, HiddenPart.Bucket),
        ],
    };

    public static MigrationReport Quarantined { get; } = Verified with
    {
        Verdict = Verdict.Quarantined,
        Sentence = "Quarantined: 1,234 points could not be written; all others are at the destination.",
        Measurements = [.. Verified.Measurements.Select((measurement, i) => i != 1 ? measurement : Lacking(measurement, 60, 64))],
        LeftOut = [.. Enumerable.Range(1, 24).Select(LeftOut)],
        Warnings = ["The certificate of the destination expires in 6 days.", "3 shard groups of the source hold points outside of their own range."],
    };

    public static MigrationReport Different { get; } = Quarantined with
    {
        Verdict = Verdict.Different,
        Sentence = "Different: 140 windows of 3 measurements don't hold what they should.",
        Request = Verified.Request with { Source = new ServerRequest { Url = Verified.Source.Url }, Full = true, BucketMap = new Dictionary<string, string> { ["telegraf"] = "hosts" } },
        FurtherFieldValues = 8_123,
        Measurements = [.. Enumerable.Range(0, 100).Select(i => Different100(i))],
        Differences = [.. Enumerable.Range(0, 140).Select(i => Difference(i))],
        Remarks = [.. Enumerable.Range(0, 4).Select(i => new PlanRemark("telegraf", $"measurement_{i}", "The field 'load' is unsigned, which InfluxDB 1.x doesn't take.", Rejects: true))],
    };

    public static MigrationReport Stopped { get; } = Verified with
    {
        Verdict = Verdict.Stopped,
        Sentence = "Stopped during import, after 61 of 146 chunks; it can be resumed.",
        Stop = new StopReport(
            "POST https://influx2.example:8086/api/v2/write to the bucket 'telegraf', chunk 0062:\n401 Unauthorized {\"code\":\"unauthorized\",\"message\":\"unauthorized access\"}\nGive a token that may write to the bucket.",
            146, 146, 61, 0, 1, Written: true, "influx-migrate migrate --src-host http://influx1.example:8086 --src-bucket telegraf --dest-host https://influx2.example:8086 --dest-org acme"),
        Measurements = [.. Verified.Measurements.Select((measurement, i) => i == 0 ? measurement with { DestinationSlices = [.. measurement.SourceSlices.Select((count, slice) => slice < 120 ? count : 0)] } : measurement with { DestinationSlices = [] })],
        Stages = [.. Stages.Take(3)],
    };

    /// <summary>Names and texts that would be markup, times at both ends of the clock, and the largest counts.</summary>
    public static MigrationReport Hostile { get; } = Quarantined with
    {
        Verdict = Verdict.Different,
        Sentence = Evil,
        Stop = new StopReport(Evil, int.MaxValue, int.MaxValue, int.MaxValue, int.MaxValue, int.MaxValue, Written: true, Evil),
        Points = long.MaxValue,
        FieldValues = long.MaxValue,
        ExpiredPoints = long.MaxValue,
        FurtherFieldValues = long.MaxValue,
        Staging = "s3://" + new string('p', 300) + Evil,
        Warnings = [Evil, new string('w', 3000)],
        Request = Verified.Request with { Measurements = [Evil], Tags = new Dictionary<string, string> { [Evil] = Evil }, Source = new ServerRequest { Url = "http://" + Evil, Bucket = Evil, Org = Evil }, SkipVerify = true, CaFile = Evil },
        Source = new PlannedServer("http://" + new string('h', 200) + ".example:8086", Evil),
        Remarks = [new PlanRemark(Evil, Evil, Evil, Rejects: true)],
        LeftOut = [new LeftOutReport("export", Evil, Evil, Evil, Evil, 1, 1, Evil, Evil)],
        Differences = [new WindowDifference { Bucket = Evil, Measurement = Evil, Start = long.MinValue, Stop = long.MaxValue, Missing = long.MaxValue, Extra = 1, Changed = 1, Examples = [Evil] }],
        Measurements =
        [
            new MeasurementReport { SourceBucket = Evil, DestinationBucket = Evil, Measurement = Evil, Points = 2, FieldValues = 2, Start = long.MinValue, Stop = long.MaxValue, SourceSlices = [long.MaxValue, long.MaxValue, 1], DestinationSlices = [long.MaxValue, 0, 2] },
            new MeasurementReport { SourceBucket = "b", DestinationBucket = "b", Measurement = new string('m', 4000), Points = 1, FieldValues = 1, Start = Timestamp.Min, Stop = Timestamp.Min + 1, SourceSlices = [1], DestinationSlices = [1] },
            new MeasurementReport { SourceBucket = "b", DestinationBucket = "b", Measurement = "no slices", Start = 5, Stop = 5 },
        ],
        Stages = [new StageReport(Evil, int.MaxValue, int.MaxValue, long.MaxValue, long.MaxValue, long.MaxValue, double.MaxValue, long.MaxValue)],
        Chunks = [new ChunkReport { Id = Evil, Measurement = Evil, Start = long.MinValue, Stop = long.MaxValue, Points = long.MaxValue, FieldValues = long.MaxValue, Bytes = long.MaxValue, ExportSeconds = 1e9 }],
    };

    public const string Evil = "</code></title><script>console.error('x')</script><img src=x onerror=alert(1)>\"'&\n\r\t\0 温度 \uFFFD \u202E \uD83D\uDE00";

    private static IReadOnlyList<StageReport> Stages =>
    [
        new("plan", 146, 0, 0, 0, 0, 12.4, 0),
        new("export", 130, 16, 43_100_000, 129_300_000, 1_340_000_000, 1180.2, 3),
        new("stage", 130, 16, 43_100_000, 129_300_000, 1_340_000_000, 214.7, 0),
        new("import", 130, 16, 43_100_000, 129_300_000, 1_340_000_000, 1620.9, 12),
        new("verify", 146, 0, 48_211_904, 144_635_712, 1_500_000_000, 1405.3, 0),
    ];

    public static MeasurementReport Measurement(string name, int slices, long most, int seed)
    {
        var random = new Random(seed);
        var counts = Enumerable.Range(0, slices)
            .Select(i => (long)(most * (0.45 + (0.3 * Math.Sin((i + (seed * 17)) / 11.0)) + (random.NextDouble() * 0.2)) * (i % 67 == 40 ? 0.05 : 1)))
            .ToList();
        return new MeasurementReport
        {
            SourceBucket = "telegraf",
            DestinationBucket = "telegraf",
            Measurement = name,
            Points = counts.Sum() / 3,
            FieldValues = counts.Sum(),
            Windows = 366,
            Start = Start2024,
            Stop = Start2024 + (366 * Day),
            SourceSlices = counts,
            DestinationSlices = counts,
        };
    }

    private static MeasurementReport Lacking(MeasurementReport measurement, int start, int stop) => measurement with
    {
        LeftOutFieldValues = 1_234,
        ExpiredFieldValues = 56_789,
        FurtherFieldValues = 8_123,
        RepairedWindows = 2,
        DestinationSlices = [.. measurement.SourceSlices.Select((count, slice) => slice >= start && slice < stop ? count * 2 / 3 : slice == 150 ? count - 1 : count)],
    };

    private static MeasurementReport Different100(int i)
    {
        var measurement = Measurement($"measurement_{i}", i == 5 ? 1 : i == 6 ? 12 : 200, 9_000_000 / (i + 1), i) with { DestinationBucket = "hosts" };
        return i switch
        {
            0 => Lacking(measurement, 100, 120),
            1 => Lacking(measurement, 30, 31),
            2 => measurement with { DestinationSlices = [.. measurement.SourceSlices.Select((count, slice) => slice is > 20 and < 30 ? count * 5 / 4 : count)] },
            6 => Lacking(measurement, 3, 5),
            50 => Lacking(measurement, 3, 9),
            _ => measurement,
        };
    }

    private static WindowDifference Difference(int i) => new()
    {
        Bucket = "hosts",
        Measurement = $"measurement_{(i % 7 == 0 ? 50 : i % 2)}",
        Start = Start2024 + (i % 7 == 0 ? 0 : ((i * 2) + 45) % 366 * Day),
        Stop = Start2024 + (((i * 2 % 366) + 46) * Day),
        Missing = i * 37 % 1000,
        Extra = i % 5 == 0 ? 12_000 : 0,
        Changed = i % 3,
        Examples = ["cpu,host=web-01,region=eu usage_idle 2024-02-14T10:00:00.000000001Z is missing", "cpu,host=web-02 usage_user 2024-02-14T10:00:10Z is 12.5 and should be 12.25"],
    };

    private static LeftOutReport LeftOut(int i) => i % 3 == 0
        ? new("export", "telegraf", "hosts", "mem", $"the string has {1_048_576 + i} bytes and the destination takes 1048576", i, i, $"mem,host=web-{i:00} note=\"Lorem ipsum dolor sit amet, consectetur adipiscing elit, sed do eiusmod\" 1704067200000000000", $"rejected/{i:0000}.jsonl")
        : new("import", "telegraf", "hosts", "cpu", $"422 field type conflict: input field \"usage_{i}\" on measurement \"cpu\" is type float, already exists as type integer", 50 * i, 51 * i, $"cpu,host=web-{i:00} usage_{i}=12.5 1704067200000000000", $"quarantine/{i:0000}.jsonl");

    private static IReadOnlyList<ChunkReport> Chunks(int count) =>
    [
        .. Enumerable.Range(0, count).Select(i => new ChunkReport
        {
            Id = $"{i * 31 % count:0000}",
            Measurement = i % 3 == 0 ? "sensor temperature" : "cpu",
            Start = Start2024 + (i * Day),
            Stop = Start2024 + ((i + 2) * Day),
            Exported = Noon.AddSeconds(i * 8),
            Points = 330_000 - i,
            FieldValues = 990_000 - (3 * i),
            Bytes = 10_300_000 - (i * 1000),
            ExportSeconds = 14.2 - (i * 0.05),
            ImportSeconds = 22.8 - (i * 0.1),
            VerifySeconds = 9.4 - (i * 0.03),
        }),
    ];
}
