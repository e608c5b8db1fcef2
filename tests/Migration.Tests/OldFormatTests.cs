using System.Security.Cryptography;
using System.Text.Json.Nodes;
using TestServers;

namespace Migration.Tests;

/// <summary>Folders that earlier versions of the program wrote, and objects that only look like theirs.</summary>
public sealed class OldFormatTests(TwoServers servers) : IClassFixture<TwoServers>
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public async Task A_folder_of_an_older_format_is_resumed_and_all_of_it_skipped(int format)
    {
        await using var destination = await InfluxdProcess.StartAsync();
        using var pipeline = new Pipeline(servers.Source.Url, destination.Url);
        var first = await pipeline.RunAsync();
        Rewrite(pipeline.Folder, format);

        var second = await pipeline.RunAsync();

        Assert.Equal((Verdict.Verified, first.FieldValues), (second.Verdict, second.FieldValues));
        Assert.Equal((0, 0, 0), (pipeline.Progress.Export.DoneChunks, pipeline.Progress.Import.DoneChunks, pipeline.Progress.Verify.DoneChunks));
    }

    [Fact]
    public async Task The_receipts_of_an_older_format_are_held_against_each_other()
    {
        await using var destination = await InfluxdProcess.StartAsync();
        using var pipeline = new Pipeline(servers.Source.Url, destination.Url);
        await pipeline.RunAsync();
        Rewrite(pipeline.Folder, 3);
        Change(Path.Combine(pipeline.Folder, "receipts", "verify", "000-000000.json"), receipt => receipt["found"]![0] = 1, format: 3);

        var report = await pipeline.RunAsync();

        Assert.Equal((Verdict.Verified, 1), (report.Verdict, pipeline.Progress.Verify.DoneChunks));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task An_object_of_this_format_without_its_seal_is_refused(bool keepsSeal)
    {
        await using var destination = await InfluxdProcess.StartAsync();
        using var pipeline = new Pipeline(servers.Source.Url, destination.Url);
        await pipeline.RunAsync();
        var path = Path.Combine(pipeline.Folder, StagingLayout.Plan);
        var value = JsonNode.Parse(await File.ReadAllTextAsync(path))!.AsObject();
        if (!keepsSeal)
            value.Remove("seal");
        await File.WriteAllTextAsync(path, value.ToJsonString());

        var refused = await Assert.ThrowsAsync<StagingException>(() => pipeline.RunAsync());

        Assert.Contains("'plan.json'", refused.Message, StringComparison.Ordinal);
        Assert.Contains(keepsSeal ? "its seal is not where it was written" : "it lost its seal", refused.Message, StringComparison.Ordinal);
    }

    /// <summary>Takes out what a format did not have.</summary>
    private static void Rewrite(string folder, int format)
    {
        foreach (var path in Directory.EnumerateFiles(folder, "*.json", SearchOption.AllDirectories))
        {
            var name = Path.GetRelativePath(folder, path);
            Change(path, value => Strip(value, name, format), format);
        }
        Change(
            Path.Combine(folder, StagingLayout.Manifest),
            manifest =>
            {
                manifest["planSha256"] = Sha256(Path.Combine(folder, StagingLayout.Plan));
                foreach (var chunk in manifest["chunks"]!.AsArray().Select(chunk => chunk!.AsObject()))
                {
                    chunk["receiptSha256"] = Sha256(Path.Combine(folder, StagingLayout.ExportReceipt((string)chunk["chunk"]!)));
                    if (format > 1)
                        continue;
                    foreach (var name in (string[])["segment", "firstWindow", "windows"])
                        Assert.True(chunk.Remove(name));
                }
            },
            format);
    }

    private static void Strip(JsonObject value, string name, int format)
    {
        string[] since4 = name.StartsWith("receipts", StringComparison.Ordinal) ? ["planSha256", "digest"] : [];
        string[] since2 = format > 1 ? [] : ["firstWindow", "windowCount", "quarantineObjects"];
        foreach (var property in (string[])[.. since4, .. since2])
            value.Remove(property);
    }

    private static void Change(string path, Action<JsonObject> change, int format)
    {
        var value = SealedJson.Parse(File.ReadAllText(path));
        if (value.ContainsKey("format"))
            value["format"] = format;
        change(value);
        File.WriteAllText(path, value.ToJsonString());
    }

    private static string Sha256(string path) => Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes(path)));
}
