using System.Text.Json.Nodes;
using TestServers;

namespace Migration.Tests.Tampering;

/// <summary>What a deadline cut short, and somebody changed before the next call.</summary>
public sealed class PartialReceiptTests(TwoServers servers) : IClassFixture<TwoServers>, IDisposable
{
    private static readonly TimeSpan SomeWindows = 6.5 * StageCalls.Request;

    private readonly string folder = Directory.CreateTempSubdirectory("partial-").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public async Task An_import_that_says_it_came_further_than_it_wrote_begins_anew()
    {
        await using var destination = await InfluxdProcess.StartAsync();
        await using var calls = await StageCalls.StartAsync(FolderStore.Open(folder), servers.Source.Url, destination.Url);
        await calls.ExportAsync(stopBy: null);
        var segment = Segment.All(calls.Plan, await calls.StageAsync()).Single();
        Assert.Null(await calls.ImportAsync(segment, calls.Time.GetUtcNow() + SomeWindows));
        SealedJson.Change(folder, StagingLayout.PartialImport(segment.Chunk.Id), partial => partial["nextMember"] = (int)partial["nextMember"]! + 1);

        var import = await calls.ImportAsync(segment, stopBy: null);

        Assert.Equal(6_000, import!.FieldValues);
        Assert.Equal(await Pipeline.ContentAsync(destination.Url, "cpu"), await Pipeline.ContentAsync(servers.Source.Url, "cpu"));
    }

    [Theory]
    [InlineData("nextWindow")]
    [InlineData("digest")]
    [InlineData("found")]
    public async Task A_verification_that_says_it_came_further_than_it_read_begins_anew(string property)
    {
        await using var destination = await InfluxdProcess.StartAsync();
        await using var calls = await StageCalls.StartAsync(FolderStore.Open(folder), servers.Source.Url, destination.Url);
        await calls.ExportAsync(stopBy: null);
        var segment = Segment.All(calls.Plan, await calls.StageAsync()).Single();
        var import = (await calls.ImportAsync(segment, stopBy: null))!;
        Assert.Null(await calls.VerifyAsync(segment, import, calls.Time.GetUtcNow() + SomeWindows));
        SealedJson.Change(folder, StagingLayout.PartialVerify(segment.Chunk.Id), partial => Lie(partial, property));

        var verify = await calls.VerifyAsync(segment, import, stopBy: null);

        Assert.Equal((calls.Chunk.Windows.Count, 6_000, 0), (verify!.Windows, verify.FieldValues, verify.Differences.Count));
        Assert.Equal(verify.Windows, verify.Found.Count);
    }

    [Theory]
    [InlineData("import")]
    [InlineData("verify")]
    public async Task One_that_was_changed_by_hand_is_refused(string stage)
    {
        await using var destination = await InfluxdProcess.StartAsync();
        await using var calls = await StageCalls.StartAsync(FolderStore.Open(folder), servers.Source.Url, destination.Url);
        await calls.ExportAsync(stopBy: null);
        var segment = Segment.All(calls.Plan, await calls.StageAsync()).Single();
        var import = await calls.ImportAsync(segment, stage == "import" ? calls.Time.GetUtcNow() + SomeWindows : null);
        if (import is not null)
            await calls.VerifyAsync(segment, import, calls.Time.GetUtcNow() + SomeWindows);
        var path = Path.Combine(folder, stage == "import" ? StagingLayout.PartialImport(segment.Chunk.Id) : StagingLayout.PartialVerify(segment.Chunk.Id));
        await File.WriteAllTextAsync(path, (await File.ReadAllTextAsync(path)).Replace("\"next", "\"next ", StringComparison.Ordinal));

        var refused = await Assert.ThrowsAsync<StagingException>(async () =>
        {
            if (import is null)
                await calls.ImportAsync(segment, stopBy: null);
            else
                await calls.VerifyAsync(segment, import, stopBy: null);
        });

        Assert.Contains("its seal does not fit", refused.Message, StringComparison.Ordinal);
    }

    private static void Lie(JsonObject partial, string property)
    {
        var receipt = partial["soFar"]!.AsObject();
        if (property == "nextWindow")
            partial["nextWindow"] = (int)partial["nextWindow"]! + 1;
        else if (property == "digest")
            receipt.Remove("digest");
        else
            receipt["found"]!.AsArray().RemoveAt(0);
    }
}
