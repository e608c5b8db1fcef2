using static Migration.Tests.Faults.Side;
using static Migration.Tests.Faults.Stage;

namespace Migration.Tests.Faults;

/// <summary>
/// What fails, during what, and how the command then ends: over two real 1.6.7. A run that is not verified says why, and the same
/// command goes on to the end once the fault is gone.
/// </summary>
public sealed class FaultTableTests(FaultBench bench) : IClassFixture<FaultBench>
{
    private const int Ever = int.MaxValue;

    private static readonly Expected Verified = Expected.Verified;

    private static readonly FaultRow[] Table =
    [
        // Before there is an answer.
        new(Source, Detect, FaultRow.NothingListens, Refused("GET /ping at the source", again: false)),
        new(Destination, Detect, FaultRow.NothingListens, Refused("GET /ping at the destination", again: false)),
        new(Source, Detect, FaultRow.UnknownAuthority, Refused("TLS handshake with the source", again: false)),
        new(Destination, Detect, FaultRow.UnknownAuthority, Refused("TLS handshake with the destination", again: false)),
        new(Source, Detect, FaultRow.NoTls, Refused("http://", again: false)),

        // Asking what a server is.
        new(Source, Detect, "reset before the head", Verified),
        new(Source, Detect, "reset before the head", Refused("GET /ping at the source")) { Times = Ever },
        new(Source, Detect, "503", Verified) { Skip = 1 },
        new(Source, Detect, "200 with HTML", Refused("is it an InfluxDB server?")) { Times = Ever },
        new(Source, Detect, "404 with HTML", Refused("is it an InfluxDB server?")) { Times = Ever },
        new(Source, Detect, "redirect", Refused("sign-in.example.com")),
        new(Source, Detect, "silence", Verified),
        new(Source, Detect, "silence", Refused("gave no answer within")) { Times = Ever },
        new(Destination, Detect, "502 of a proxy", Verified),
        new(Destination, Detect, "502 of a proxy", Refused("502")) { Times = Ever },
        new(Destination, Detect, "reset before the head", Verified) { Skip = 1 },
        new(Destination, Detect, "silence", Stopped("gave no answer within")) { Skip = 1, Times = Ever },

        // Before anything is made.
        new(Source, Preflight, "reset before the head", Verified),
        new(Source, Preflight, "200 with HTML", Refused("is there a proxy")) { Times = Ever },
        new(Source, Preflight, "401", Verified),
        new(Source, Preflight, "401", Refused("INFLUX_SRC_TOKEN")) { Times = Ever },
        new(Source, Preflight, "403", Refused("forbidden by a rule")) { Times = Ever },
        new(Destination, Preflight, "answer lost", Verified) { Skip = 1 },
        new(Destination, Preflight, "401", Refused("INFLUX_DEST_TOKEN")) { Times = Ever },
        new(Destination, Preflight, "an error without end", Refused("500")) { Times = Ever },
        new(Destination, Preflight, "an error's head and no body", Verified) { Skip = 1 },
        new(Destination, Preflight, "503", Stopped("503")) { Times = Ever },

        // Finding out what there is.
        new(Source, Plan, "reset in mid-body", Verified) { At = "SHOW FIELD KEYS" },
        new(Source, Plan, "200 with JSON", Refused("is there a proxy")) { At = "SHOW SHARDS" },
        new(Source, Plan, "204", Refused("is there a proxy")) { At = "SHOW FIELD KEYS", Times = Ever },
        new(Source, Plan, "204", Refused("is there a proxy")) { At = "SELECT *::field", Times = Ever },
        new(Source, Plan, "the last document missing", Verified) { At = "SHOW FIELD KEYS" },
        new(Source, Plan, "a document missing", Incomplete) { At = "SHOW FIELD KEYS" },
        new(Source, Plan, "an empty result", Incomplete) { At = "SHOW FIELD KEYS" },
        new(Source, Plan, "an empty result", Incomplete) { At = "SHOW FIELD KEYS", Times = Ever },
        new(Source, Plan, "reset after the head", Verified) { Skip = 2 },
        new(Source, Plan, "429 with Retry-After", Verified) { Times = 2 },
        new(Source, Plan, "429 with Retry-After", Stopped("429")) { Times = Ever },
        new(Source, Plan, "reset in mid-body", Stopped("cut in the middle")) { Times = Ever },
        new(Source, Plan, "query interrupted", Stopped("query interrupted")) { Times = Ever },
        new(Source, Plan, "query interrupted", Verified) { Skip = 1 },
        new(Source, Plan, "500", Refused("disk on fire")) { Skip = 1 },
        new(Source, Plan, "an error in mid-stream", Refused("engine: bad block")) { At = "SELECT *::field" },
        new(Source, Plan, "200 without a body, as msgpack", Verified),
        new(Source, Plan, "HTML that claims to be msgpack", Verified),
        new(Source, Plan, "a head and no body", Verified),

        // Reading the source.
        new(Source, Export, "reset before the head", Verified),
        new(Source, Export, "reset before the head", Stopped("POST /query at the source")) { Skip = 2, Times = Ever },
        new(Source, Export, "answer lost", Verified) { Skip = 1 },
        new(Source, Export, "reset after the head", Verified) { Times = 2 },
        new(Source, Export, "reset in mid-body", Verified) { Times = 2 },
        new(Source, Export, "reset in mid-body", Stopped("cut in the middle")) { Times = Ever },
        new(Source, Export, "msgpack cut short", Verified) { Times = 2 },
        new(Source, Export, "msgpack cut short", Stopped("end marker")) { Times = Ever },
        new(Source, Export, "the last document missing", Verified),
        new(Source, Export, "an error in mid-stream", Refused("engine: bad block")),
        new(Source, Export, "a document missing", Verified) { At = "SELECT *" },
        new(Source, Export, "a document missing", Stopped("counts")) { At = "SELECT *", Skip = 1, Times = Ever },
        new(Source, Export, "an empty result", Verified) { At = "SELECT *", Times = 2 },
        new(Source, Export, "an empty result", Stopped("counts")) { At = "SELECT *", Times = Ever },
        new(Source, Export, "an empty result", Verified) { At = "SELECT count" },
        new(Source, Export, "query interrupted", Verified) { At = "SELECT *" },
        new(Source, Export, "query interrupted", Refused("raise its query limits")) { Times = Ever },
        new(Source, Export, "200 without a body, as msgpack", Verified),
        new(Source, Export, "HTML that claims to be msgpack", Verified),
        new(Source, Export, "200 with HTML", Refused("is there a proxy")),
        new(Source, Export, "200 without a body", Refused("is there a proxy")),
        new(Source, Export, "204", Refused("is there a proxy")),
        new(Source, Export, "429 with Retry-After", Verified) { Times = 3 },
        new(Source, Export, "503", Stopped("503")) { Times = Ever },
        new(Source, Export, "504 of a proxy", Verified),
        new(Source, Export, "500 timeout", Verified),
        new(Source, Export, "401", Verified),
        new(Source, Export, "401", Refused("INFLUX_SRC_TOKEN")) { Skip = 1, Times = Ever },
        new(Source, Export, "403", Refused("forbidden by a rule")),
        new(Source, Export, "redirect", Refused("sign-in.example.com")),
        new(Source, Export, "silence", Verified),
        new(Source, Export, "silence", Stopped("gave no answer within")) { Times = Ever },
        new(Source, Export, "a head and no body", Verified),
        new(Source, Export, "an error's head and no body", Verified),
        new(Source, Export, "an error without end", Refused("500")),
        new(Source, Export, "reset before the head", Verified) { At = "SHOW FIELD KEYS FROM" },
        new(Store, Export, "disk full", Stopped("No space left on device", whole: false)) { At = StagingLayout.Chunks, Skip = 2 },
        new(Store, Export, "disk full", Stopped("free disk space", whole: false)) { At = StagingLayout.ExportReceipts, Skip = 1 },
        new(Store, Export, "no permission", Stopped("is denied", whole: false)) { At = StagingLayout.Chunks },

        // The staging store between the two.
        new(Store, Plan, "disk full", Stopped("free disk space")),
        new(Store, Prepare, "disk full", Stopped("free disk space")),
        new(Store, Prepare, "disk full", Stopped("free disk space")) { Skip = 1 },
        new(Store, Stage.Stage, "bad sector", Stopped("Input/output error")) { At = StagingLayout.Chunks },
        new(Store, Stage.Stage, "bad sector", Stopped("Input/output error")) { At = StagingLayout.ExportReceipts, Skip = 1 },
        new(Store, Stage.Stage, "read-only file system", Stopped("Read-only file system")) { At = StagingLayout.Manifest },
        new(Store, Stage.Stage, "no permission", Stopped("is denied")) { At = StagingLayout.Manifest },

        // Making the bucket.
        new(Destination, Prepare, "reset before the head", Verified),
        new(Destination, Prepare, "reset before the head", Verified) { At = "CREATE DATABASE" },
        new(Destination, Prepare, "answer lost", Verified) { At = "CREATE DATABASE" },
        new(Destination, Prepare, "reset in mid-body", Verified) { Skip = 1 },
        new(Destination, Prepare, "503", Stopped("503")) { Times = Ever },
        new(Destination, Prepare, "403", Refused("forbidden by a rule")) { At = "CREATE DATABASE" },
        new(Destination, Prepare, "200 with HTML", Refused("is there a proxy")) { At = "CREATE DATABASE" },
        new(Destination, Prepare, "204", Refused("is there a proxy")) { At = "CREATE DATABASE" },
        new(Destination, Prepare, "500", Refused("disk on fire")) { At = "CREATE DATABASE" },

        // Writing.
        new(Destination, Import, "reset before the head", Verified) { Times = 2 },
        new(Destination, Import, "reset before the head", Stopped("POST /write at the destination")) { Skip = 3, Times = Ever },
        new(Destination, Import, "answer lost", Verified) { Times = 3 },
        new(Destination, Import, "answer lost", Stopped("POST /write at the destination")) { Times = Ever },
        new(Destination, Import, "429 with Retry-After", Verified) { Times = 3 },
        new(Destination, Import, "429 with Retry-After", Stopped("429")) { Skip = 2, Times = Ever },
        new(Destination, Import, "503", Verified),
        new(Destination, Import, "502 of a proxy", Stopped("502")) { Times = Ever },
        new(Destination, Import, "504 of a proxy", Verified) { Skip = 2 },
        new(Destination, Import, "500", Refused("disk on fire")) { Skip = 2 },
        new(Destination, Import, "500 timeout", Verified),
        new(Destination, Import, "404 with HTML", Refused("404")),
        new(Destination, Import, "redirect", Refused("sign-in.example.com")) { Skip = 1 },
        new(Destination, Import, "401", Verified) { Skip = 1 },
        new(Destination, Import, "401", Refused("INFLUX_DEST_TOKEN")) { Skip = 1, Times = Ever },
        new(Destination, Import, "403", Refused("forbidden by a rule")) { Skip = 4 },
        new(Destination, Import, "413", Verified) { Skip = 1 },
        new(Destination, Import, "413", Refused("max-body-size")) { Times = Ever },
        new(Destination, Import, "200 with HTML", Refused("is there a proxy")),
        new(Destination, Import, "200 with HTML", Refused("is there a proxy")) { Skip = 3, Times = Ever },
        new(Destination, Import, "200 without a body", Refused("is there a proxy")) { Skip = 2 },
        new(Destination, Import, "400 for the data", new(5, "max-values-per-tag", Whole: false) { EndsAgain = false }) { Skip = 1, Times = Ever },
        new(Destination, Import, "silence", Verified),
        new(Destination, Import, "silence", Stopped("gave no answer within")) { Times = Ever },
        new(Destination, Import, "an error's head and no body", Verified),
        new(Destination, Import, "an error without end", Refused("500")),
        new(Store, Import, "bad sector", Stopped("Input/output error")) { At = StagingLayout.Chunks, Skip = 1 },
        new(Store, Import, "disk full", Stopped("No space left on device", whole: false)) { At = "receipts/import/", Skip = 1 },

        // Reading back.
        new(Destination, Verify, "reset before the head", Verified) { Times = 2 },
        new(Destination, Verify, "reset in mid-body", Verified) { Skip = 1 },
        new(Destination, Verify, "reset in mid-body", Stopped("cut in the middle", whole: true)) { Times = Ever },
        new(Destination, Verify, "the last document missing", Verified),
        new(Destination, Verify, "a document missing", Verified),
        new(Destination, Verify, "an empty result", Verified),
        new(Destination, Verify, "an empty result", new(4, "missing", Whole: true)) { Times = Ever },
        new(Destination, Verify, "an error in mid-stream", Refused("engine: bad block", whole: true)),
        new(Destination, Verify, "query interrupted", Verified),
        new(Destination, Verify, "200 with HTML", Refused("is there a proxy", whole: true)),
        new(Destination, Verify, "204", Refused("is there a proxy", whole: true)),
        new(Destination, Verify, "200 without a body, as msgpack", Verified),
        new(Destination, Verify, "401", Verified),
        new(Destination, Verify, "429 with Retry-After", Stopped("429", whole: true)) { Skip = 1, Times = Ever },
        new(Destination, Verify, "silence", Verified),
        new(Destination, Verify, "a head and no body", Verified),
        new(Store, Verify, "disk full", Stopped("No space left on device", whole: true)) { At = "receipts/verify/", Skip = 1 },

        // Telling it.
        new(Store, Report, "disk full", Stopped("free disk space", whole: true)),
        new(Store, Report, "disk full", Stopped("free disk space", whole: true)) { At = StagingLayout.ReportHtml },
        new(Store, Report, "no permission", Stopped("is denied", whole: true)),
    ];

    // The plan that misses it is kept, and so is what it says.
    private static Expected Incomplete => new(5, "that the source does not show", Whole: false) { EndsAgain = false };

    public static TheoryData<string> Names => [.. Table.Select(row => row.ToString())];

    [Theory]
    [MemberData(nameof(Names))]
    public Task A_fault_ends_as_the_table_says_and_the_same_command_goes_on(string row) => bench.RunAsync(Table.Single(one => one.ToString() == row));

    [Fact]
    public void The_table_has_every_stage_with_faults_of_either_end_and_of_the_store()
    {
        Assert.True(Table.Length >= 60, $"{Table.Length} rows");
        Assert.Equal(Enum.GetValues<Stage>(), Table.Select(row => row.Stage).Distinct().Order());
        Assert.Empty(ServerFaults.All.Keys.Concat(StoreFaults.All.Keys).Except(Table.Select(row => row.Fault), StringComparer.Ordinal));
    }

    private static Expected Refused(string word, bool whole = false, bool again = true) => new(3, word, whole) { EndsAgain = again };

    private static Expected Stopped(string word, bool whole = false) => new(6, word, whole);
}
