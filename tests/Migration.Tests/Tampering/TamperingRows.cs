using System.Text.Json.Nodes;
using Influx;

namespace Migration.Tests.Tampering;

/// <summary>The table: what is done to the staging store, when, and how the run must end.</summary>
internal static class TamperingRows
{
    /// <summary>The chunk that is tampered with, of two.</summary>
    public const string First = "000-000000";

    private const string Plan = StagingLayout.Plan;
    private const string Manifest = StagingLayout.Manifest;
    private const string Second = "000-000001";
    private const string NoFit = "its seal does not fit";
    private const string Bucket = "destination/000.json";
    private static readonly string Chunk = StagingLayout.Chunk(First);
    private static readonly string Export = StagingLayout.ExportReceipt(First);
    private static readonly string Import = StagingLayout.ImportReceipt(First);
    private static readonly string Verify = StagingLayout.VerifyReceipt(First);
    private static readonly string Quarantine = StagingLayout.Quarantine(First, 1);

    /// <summary>Another type in the first shard group of <c>cpu</c>, so that its lines are quarantined.</summary>
    private const string Conflict = "cpu,host=other n=1.5 1750000000000000000";

    private const string Extra = "cpu,host=h0 a=1 1750000000000000001";

    public static IReadOnlyDictionary<string, TamperingRow> All { get; } = new Dictionary<string, TamperingRow>(StringComparer.Ordinal)
    {
        ["plan: a number changed"] = new(Moment.Planned, Then.Resumed, on => on.EditAsync(Plan, "\"fieldValues\": ", "\"fieldValues\": 1"), End.Refused(NoFit)),
        ["plan: the filter changed"] = new(Moment.Planned, Then.Resumed, on => on.EditAsync(Plan, "\"measurements\": []", "\"measurements\": [\"cpu\"]"), End.Refused(NoFit)),
        ["plan: a chunk removed by hand"] = new(Moment.Exported, Then.Resumed, async on => await on.PutAsync(Plan, Edited(await on.ReadAsync(Plan), WithoutChunk)), End.Refused("its seal")),
        ["plan: reformatted"] = new(Moment.Planned, Then.Resumed, async on => await on.PutAsync(Plan, Edited(await on.ReadAsync(Plan), _ => { })), End.Refused("its seal is not where it was written")),
        ["plan: cut off"] = new(Moment.Planned, Then.Resumed, on => on.TruncateAsync(Plan), End.Refused("'plan.json'")),
        ["plan: emptied"] = new(Moment.Sealed, Then.Restored, on => on.PutAsync(Plan, default), End.Refused("'plan.json'")),
        ["plan: removed"] = new(Moment.Exported, Then.Resumed, on => on.RemoveAsync(Plan), new End(nameof(RejectedException), "--existing reuse")),
        ["plan: removed before a restore"] = new(Moment.Sealed, Then.Restored, on => on.RemoveAsync(Plan), End.Refused("holds no 'plan.json'", StagingFault.OtherMigration)),
        ["plan: another one with a chunk less, before the sealing"] = new(Moment.Exported, Then.Resumed, on => on.LieAsync(Plan, WithoutChunk), End.Refused("follows another 'plan.json'")),
        ["plan: another one with a window less, after the sealing"] = new(
            Moment.Sealed, Then.Restored, on => on.LieAsync(Plan, plan => plan["chunks"]![0]!["windows"]!.AsArray().RemoveAt(0)), End.Refused("follows another 'plan.json'")),
        ["plan: a chunk removed by hand, in S3"] = new(
            Moment.Planned, Then.Resumed, async on => await on.PutAsync(Plan, Edited(await on.ReadAsync(Plan), WithoutChunk)), End.Refused("its seal"))
        { Kind = Kind.S3 },

        ["chunk: a bit turned"] = new(Moment.Exported, Then.Resumed, on => on.FlipAsync(Chunk), End.Refused(Chunk)),
        ["chunk: a bit turned after the sealing"] = new(Moment.Sealed, Then.GoesOn, on => on.FlipAsync(Chunk), End.Refused(Chunk)),
        ["chunk: cut off"] = new(Moment.Exported, Then.Resumed, on => on.TruncateAsync(Chunk), End.Refused(Chunk)),
        ["chunk: cut off after the sealing"] = new(Moment.Sealed, Then.GoesOn, on => on.TruncateAsync(Chunk), End.Refused(Chunk)),
        ["chunk: removed"] = new(Moment.Exported, Then.Resumed, on => on.RemoveAsync(Chunk), End.Refused("is missing")),
        ["chunk: swapped with another"] = new(Moment.Exported, Then.Resumed, on => on.SwapAsync(Chunk, StagingLayout.Chunk(Second)), End.Refused("another checksum")),
        ["chunk: one too many"] = new(Moment.Exported, Then.Resumed, on => on.CopyAsync(Chunk, StagingLayout.Chunk("000-000099")), End.Refused("belongs to no planned chunk")),
        ["chunk: replaced in S3"] = new(Moment.Exported, Then.Resumed, on => on.PutAsync(Chunk, "m v=1 1\n"u8.ToArray()), End.Refused(Chunk)) { Kind = Kind.S3 },
        ["chunk: replaced in S3 after the sealing"] = new(Moment.Sealed, Then.GoesOn, on => on.PutAsync(Chunk, "m v=1 1\n"u8.ToArray()), End.Refused(Chunk)) { Kind = Kind.S3 },
        ["chunk: a newer version in S3"] = new(Moment.Sealed, Then.GoesOn, on => on.PutAsync(Chunk, "m v=1 1\n"u8.ToArray()), End.Verified) { Kind = Kind.VersionedS3 },

        ["export: removed"] = new(Moment.Exported, Then.Resumed, on => on.RemoveAsync(Export), End.Verified),
        ["export: a number changed"] = new(Moment.Exported, Then.Resumed, on => on.EditAsync(Export, "\"points\": ", "\"points\": 1"), End.Refused(NoFit)),
        ["export: cut off"] = new(Moment.Exported, Then.Resumed, on => on.TruncateAsync(Export), End.Refused(Export)),
        ["export: swapped with another"] = new(Moment.Exported, Then.Resumed, on => on.SwapAsync(Export, StagingLayout.ExportReceipt(Second)), End.Refused(NoFit)),
        ["export: one too many"] = new(
            Moment.Exported, Then.Resumed, on => on.CopyAsync(Export, StagingLayout.ExportReceipt(First + ".2")), End.Refused("belongs to no planned chunk")),
        ["export: that of another chunk, sealed"] = new(Moment.Exported, Then.Resumed, on => on.LieAsync(Export, receipt => receipt["key"] = StagingLayout.Chunk(Second)), End.Refused("is the receipt of")),
        ["export: a value too many in a member"] = new(Moment.Exported, Then.Resumed, on => on.LieAsync(Export, receipt => Add(receipt["members"]![0]!, "fieldValues", 1)), End.Refused("has members of")),
        ["export: a gap between members"] = new(Moment.Exported, Then.Resumed, on => on.LieAsync(Export, receipt => Add(receipt["members"]![1]!, "offset", 1)), End.Refused("has a member at byte")),
        ["export: members overlap"] = new(Moment.Exported, Then.Resumed, on => on.LieAsync(Export, receipt => Add(receipt["members"]![0]!, "length", 1)), End.Refused("has a member at byte")),
        ["export: the last member left out"] = new(
            Moment.Exported, Then.Resumed, on => on.LieAsync(Export, receipt => receipt["members"]!.AsArray().RemoveAt(receipt["members"]!.AsArray().Count - 1)), End.Refused("has members of")),
        ["export: a member in no window"] = new(Moment.Exported, Then.Resumed, on => on.LieAsync(Export, receipt => Add(receipt["windows"]![1]!, "firstMember", 1)), End.Refused("the members from")),
        ["export: other totals"] = new(Moment.Exported, Then.Resumed, on => on.LieAsync(Export, receipt => Add(receipt, "fieldValues", -3)), End.Refused("together, and says")),
        ["export: a window left out"] = new(Moment.Exported, Then.Resumed, on => on.LieAsync(Export, receipt => receipt["windows"]!.AsArray().RemoveAt(0)), End.Refused("other windows than the plan")),
        ["export: other counts by field"] = new(
            Moment.Exported, Then.Resumed, on => on.LieAsync(Export, receipt => Add(receipt["windows"]![0]!["fields"]![0]!, "count", 1)), End.Refused("has fields of")),
        ["export: another digest"] = new(Moment.Exported, Then.Resumed, on => on.LieAsync(Export, OtherDigest), End.Different("the receipt is wrong")),
        ["export: another digest, found after the sealing"] = new(Moment.Exported, Then.GoesOn, on => on.LieAsync(Export, OtherDigest), End.Refused("was changed or removed after the manifest was sealed")),
        ["export: another digest for a bucket that holds more"] = new(
            Moment.Exported, Then.Resumed, on => on.LieAsync(Export, OtherDigest), End.Different("the receipt is wrong"))
        { Holds = "other v=1 1" },
        ["export: a value too many everywhere"] = new(Moment.Exported, Then.Resumed, on => on.LieAsync(Export, OneMore), End.Different("the receipt is wrong")),
        ["export: a value too many everywhere, where counts are compared"] = new(
            Moment.Exported, Then.Resumed, on => on.LieAsync(Export, OneMore), End.Different("the receipt is wrong"))
        { Verify = VerifyMode.Counts },
        ["export: changed after the sealing"] = new(
            Moment.Sealed, Then.Resumed, on => on.LieAsync(Export, receipt => receipt["seconds"] = 12345), End.Refused("was changed after the manifest was sealed")),

        ["manifest: a number changed"] = new(Moment.Sealed, Then.Restored, on => on.EditAsync(Manifest, "\"bytes\": ", "\"bytes\": 1"), End.Refused(NoFit)),
        ["manifest: removed"] = new(Moment.Sealed, Then.Restored, on => on.RemoveAsync(Manifest), End.Verified),
        ["manifest: a chunk left out"] = new(Moment.Sealed, Then.Restored, on => on.LieAsync(Manifest, WithoutChunk), End.Refused("segments where 'manifest.json' seals")),
        ["manifest: a chunk left out before the report"] = new(Moment.Verified, Then.GoesOn, on => on.LieAsync(Manifest, WithoutChunk), End.Refused("does not have the window")),
        ["manifest: of another plan before the report"] = new(
            Moment.Verified, Then.GoesOn, on => on.LieAsync(Manifest, manifest => manifest["planSha256"] = "00"), End.Refused("was sealed for another 'plan.json'")),

        ["bucket: its record removed"] = new(Moment.Sealed, Then.Restored, on => on.RemoveAsync(Bucket), new End(nameof(RejectedException), "--existing reuse")),
        ["bucket: its record removed before the report"] = new(Moment.Verified, Then.GoesOn, on => on.RemoveAsync(Bucket), End.Refused(Bucket, StagingFault.Unfinished)),
        ["bucket: its record says that it was there"] = new(
            Moment.Imported, Then.Resumed, on => on.EditAsync(Bucket, "\"createdByThisRun\": true", "\"createdByThisRun\": false"), End.Refused(NoFit)),
        ["bucket: dropped after the import"] = new(Moment.Imported, Then.Resumed, on => on.AtDestinationAsync("DROP DATABASE \"$d\""), End.Refused("is gone")),
        ["bucket: dropped after the end"] = new(Moment.Ended, Then.Resumed, on => on.AtDestinationAsync("DROP DATABASE \"$d\""), End.Refused("is gone")),
        ["bucket: a measurement dropped after the import"] = new(Moment.Imported, Then.Resumed, on => on.AtDestinationAsync("DROP MEASUREMENT cpu"), End.Verified),

        ["import: removed"] = new(Moment.Imported, Then.Resumed, on => on.RemoveAsync(Import), End.Verified),
        ["import: a number changed"] = new(Moment.Imported, Then.Resumed, on => on.EditAsync(Import, "\"fieldValues\": ", "\"fieldValues\": 1"), End.Refused(NoFit)),
        ["import: swapped with another"] = new(Moment.Imported, Then.Restored, on => on.SwapAsync(Import, StagingLayout.ImportReceipt(Second)), End.Refused(NoFit)),
        ["import: of another object"] = new(Moment.Imported, Then.Resumed, on => on.LieAsync(Import, receipt => receipt["sha256"] = "00"), End.Verified),
        ["import: of nothing"] = new(Moment.Imported, Then.Resumed, on => on.LieAsync(Import, receipt => (receipt["points"], receipt["fieldValues"]) = (0, 0)), End.Verified),
        ["import: fewer values before the report"] = new(Moment.Verified, Then.GoesOn, on => on.LieAsync(Import, receipt => Add(receipt, "fieldValues", -1)), End.Refused("accounts for")),
        ["import: expired what never was"] = new(Moment.Verified, Then.GoesOn, on => on.LieAsync(Import, Expired), End.Refused("out of its windows")),

        ["verify: removed after the end"] = new(Moment.Ended, Then.Resumed, on => on.RemoveAsync(Verify), End.Verified),
        ["verify: removed before the report"] = new(Moment.Verified, Then.GoesOn, on => on.RemoveAsync(Verify), End.Refused("lacks the receipt", StagingFault.Unfinished)),
        ["verify: a number changed"] = new(Moment.Ended, Then.Resumed, on => on.EditAsync(Verify, "\"fieldValues\": ", "\"fieldValues\": 1"), End.Refused(NoFit)),
        ["verify: cut off"] = new(Moment.Ended, Then.Restored, on => on.TruncateAsync(Verify), End.Refused(Verify)),
        ["verify: of another object"] = new(Moment.Ended, Then.Resumed, on => on.LieAsync(Verify, receipt => receipt["sha256"] = "00"), End.Verified),
        ["verify: counts, where content is asked for"] = new(
            Moment.Verified, Then.GoesOn, on => on.LieAsync(Verify, receipt => receipt["mode"] = "Counts"), End.Refused("lacks the receipt", StagingFault.Unfinished)),
        ["verify: fewer windows"] = new(Moment.Verified, Then.GoesOn, on => on.LieAsync(Verify, receipt => Add(receipt, "windows", -1)), End.Refused("compared")),
        ["verify: found less, before the report"] = new(Moment.Verified, Then.GoesOn, on => on.LieAsync(Verify, FoundLess), End.Refused("and no difference")),
        ["verify: a missing value and no difference"] = new(Moment.Ended, Then.Resumed, DropAndDenyAsync, End.Verified),
        ["verify: untouched, of a point too many"] = new(Moment.Verified, Then.GoesOn, _ => Task.CompletedTask, End.Different("extra")) { Besides = Extra },
        ["verify: its difference removed"] = new(Moment.Verified, Then.GoesOn, on => on.LieAsync(Verify, NoDifference), End.Refused("and no difference")) { Besides = Extra },
        ["verify: its difference removed after the end"] = new(Moment.Ended, Then.Resumed, on => on.LieAsync(Verify, NoDifference), End.Different("extra")) { Besides = Extra },
        ["verify: its difference removed by hand"] = new(
            Moment.Verified, Then.GoesOn, async on => await on.PutAsync(Verify, Edited(await on.ReadAsync(Verify), NoDifference)), End.Refused("its seal"))
        { Besides = Extra },
        ["verify: another digest, before the report"] = new(
            Moment.Verified, Then.GoesOn, on => on.LieAsync(Verify, receipt => receipt["digest"] = new string('0', 32)), End.Refused("has another digest")),

        ["quarantine: untouched"] = new(Moment.Verified, Then.GoesOn, _ => Task.CompletedTask, new End(nameof(Verdict.Quarantined))) { Holds = Conflict },
        ["quarantine: removed before the report"] = new(Moment.Verified, Then.GoesOn, on => on.RemoveAsync(Quarantine), End.Refused("quarantined points")) { Holds = Conflict },
        ["quarantine: cut off before the report"] = new(Moment.Verified, Then.GoesOn, on => on.TruncateAsync(Quarantine), End.Refused("quarantined points")) { Holds = Conflict },
    };

    private static async Task DropAndDenyAsync(Tampered on)
    {
        await on.AtDestinationAsync("DELETE FROM cpu WHERE time = 1750000000000000000");
        await on.LieAsync(Verify, receipt =>
        {
            Add(receipt, "fieldValues", -3);
            receipt["found"]![0] = (long)receipt["found"]![0]! - 3;
        });
    }

    private static byte[] Edited(byte[] bytes, Action<JsonObject> change)
    {
        var value = JsonNode.Parse(bytes)!.AsObject();
        change(value);
        return System.Text.Encoding.UTF8.GetBytes(value.ToJsonString());
    }

    private static void WithoutChunk(JsonObject value) => value["chunks"]!.AsArray().RemoveAt(value["chunks"]!.AsArray().Count - 1);

    private static void OtherDigest(JsonObject receipt) => receipt["windows"]![0]!["digest"] = new string('1', 32);

    // Member, window, field and totals agree with each other, and not with the object.
    private static void OneMore(JsonObject receipt)
    {
        foreach (var (holder, name) in new (JsonNode, string)[]
        {
            (receipt["members"]![0]!, "fieldValues"), (receipt["windows"]![0]!, "fieldValues"), (receipt["windows"]![0]!["fields"]![0]!, "count"), (receipt, "fieldValues"),
        })
            Add(holder, name, 1);
    }

    private static void Expired(JsonObject receipt)
    {
        Add(receipt, "fieldValues", -3);
        Add(receipt, "points", -1);
        Add(receipt, "expiredFieldValues", 3);
        Add(receipt, "expiredPoints", 1);
    }

    private static void NoDifference(JsonObject receipt) => receipt["differences"] = new JsonArray();

    private static void FoundLess(JsonObject receipt)
    {
        receipt["found"]![0] = (long)receipt["found"]![0]! - 3;
        Add(receipt, "fieldValues", -3);
    }

    private static void Add(JsonNode holder, string name, long count) => holder[name] = (long)holder[name]! + count;
}
