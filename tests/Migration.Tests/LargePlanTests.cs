using System.Diagnostics;

namespace Migration.Tests;

/// <summary>What a plan of 100,000 chunks costs: whole, as plan, stage and report read it, and in the parts that export, import and verify read.</summary>
public sealed class LargePlanTests
{
    private const int Chunks = 100_000;
    private const int WindowsPerChunk = 3;

    [Fact]
    public async Task The_functions_of_a_chunk_read_some_tens_of_kilobytes_of_a_plan_of_a_hundred_thousand_chunks()
    {
        var folder = Directory.CreateTempSubdirectory("large-plan-");
        using var store = FolderStore.Open(folder.FullName);
        var (plan, manifest) = (Plan(), Manifest());
        await store.WriteJsonAsync(StagingLayout.Plan, plan, MigrationJson.Default.MigrationPlan, replace: false, CancellationToken.None);
        await store.WriteJsonAsync(StagingLayout.Manifest, manifest, MigrationJson.Default.SealedManifest, replace: false, CancellationToken.None);
        var planParts = plan.Chunks.GroupBy(chunk => DeployedLayout.PartOf(chunk.Id), StringComparer.Ordinal).ToList();
        var manifestParts = manifest.Chunks.GroupBy(segment => DeployedLayout.PartOf(segment.Chunk), StringComparer.Ordinal).ToList();
        var middle = planParts[planParts.Count / 2];
        var planPart = plan with { Sha256 = manifest.PlanSha256, Chunks = [.. middle] };
        var manifestPart = manifest with { Chunks = [.. manifestParts[planParts.Count / 2]] };

        var whole = await CostAsync(store, "plan.json", StagingLayout.Plan, MigrationJson.Default.MigrationPlan);
        await CostAsync(store, "manifest.json", StagingLayout.Manifest, MigrationJson.Default.SealedManifest);
        await store.WriteJsonAsync("part.json", planPart, MigrationJson.Default.MigrationPlan, replace: false, CancellationToken.None);
        await store.WriteJsonAsync("part2.json", manifestPart, MigrationJson.Default.SealedManifest, replace: false, CancellationToken.None);
        var part = await CostAsync(store, "a part of the plan", "part.json", MigrationJson.Default.MigrationPlan);
        var part2 = await CostAsync(store, "a part of the manifest", "part2.json", MigrationJson.Default.SealedManifest);

        Assert.Equal(1_000, planParts.Count);
        Assert.True(part + part2 < 256 * 1024, $"the parts have {part} and {part2} bytes");
        Assert.True(whole > 200 * part, $"the whole has {whole} bytes");
        var id = middle.Last().Id;
        Assert.Equal(id, Segment.Find(planPart, manifestPart, id).Chunk.Id);
        folder.Delete(recursive: true);
    }

    [Theory]
    [InlineData("000-000000", "000000")]
    [InlineData("000-000099.12", "000000")]
    [InlineData("017-000100", "000001")]
    [InlineData("123-1234567.3", "012345")]
    public void A_segment_is_in_the_part_of_its_chunk(string id, string part) => Assert.Equal(part, DeployedLayout.PartOf(id));

    private static async Task<long> CostAsync<T>(FolderStore store, string name, string key, System.Text.Json.Serialization.Metadata.JsonTypeInfo<T> type)
        where T : class
    {
        await store.ReadJsonAsync(key, type, CancellationToken.None);
        var bytes = (await store.FindAsync(key, version: null, CancellationToken.None))!.Bytes;
        var allocated = GC.GetTotalAllocatedBytes(precise: true);
        var clock = Stopwatch.GetTimestamp();
        await store.ReadJsonAsync(key, type, CancellationToken.None);
        var elapsed = Stopwatch.GetElapsedTime(clock);
        allocated = GC.GetTotalAllocatedBytes(precise: true) - allocated;
        TestContext.Current.TestOutputHelper?.WriteLine(
            $"{name}: {bytes / 1e6:0.000} MB, read in {elapsed.TotalMilliseconds:0} ms, {allocated / 1e6:0.0} MB allocated");
        return bytes;
    }

    private static MigrationPlan Plan() => new()
    {
        Request = new MigrationRequest
        {
            Source = new ServerRequest { Url = "https://old.example.com:8086", Org = "factory", Bucket = "telemetry" },
            Destination = new ServerRequest { Url = "https://new.example.com:8086", Org = "factory" },
        },
        Source = new PlannedServer("https://old.example.com:8086", "2.7.1"),
        Destination = new PlannedServer("https://new.example.com:8086", "2.7.1"),
        Buckets = [],
        Chunks = [.. Enumerable.Range(0, Chunks).Select(chunk => new Chunk
        {
            Id = Chunk.IdOf(0, chunk),
            Measurement = $"measurement-{chunk / 1_000}",
            Windows = [.. Enumerable.Range(0, WindowsPerChunk).Select(window => new PlannedWindow(
                1_600_000_000_000_000_000 + ((chunk * WindowsPerChunk) + window) * 1_000_000_000_000L,
                1_600_000_000_000_000_000 + ((chunk * WindowsPerChunk) + window + 1) * 1_000_000_000_000L,
                333_333))],
        })],
    };

    private static SealedManifest Manifest() => new()
    {
        PlanSha256 = Sha256(0),
        Chunks = [.. Enumerable.Range(0, Chunks).Select(chunk => new SealedChunk(
            Chunk.IdOf(0, chunk), StagingLayout.Chunk(Chunk.IdOf(0, chunk)), 8_000_000 + chunk, Sha256(chunk), $"{chunk:D8}.LIKEtheVERSIONSofS3.{chunk:D8}", Sha256(-chunk), 1, 0, WindowsPerChunk))],
    };

    private static string Sha256(int seed) => Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(BitConverter.GetBytes(seed)));
}
