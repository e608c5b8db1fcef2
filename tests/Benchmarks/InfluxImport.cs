using System.Globalization;
using Migration;

namespace Benchmarks;

/// <summary>Today's tool as a row: <c>influx -import</c> of the 1.x client reads line protocol from a file and posts it.</summary>
internal static class InfluxImport
{
    /// <summary>Unzips the first members of a staging folder into a file that it reads.</summary>
    /// <param name="staging">The staging folder of a finished run.</param>
    /// <param name="file">The file to make.</param>
    /// <param name="database">The database to write to.</param>
    /// <param name="fieldValues">So many at least.</param>
    /// <returns>How many there are in it.</returns>
    public static async Task<long> PrepareAsync(string staging, string file, string database, long fieldValues)
    {
        var written = 0L;
        await using var text = File.Create(file);
        await text.WriteAsync(System.Text.Encoding.UTF8.GetBytes($"# DML\n# CONTEXT-DATABASE: {database}\n"));
        foreach (var path in Directory.EnumerateFiles(Path.Combine(staging, "receipts", "export")).Order(StringComparer.Ordinal))
        {
            var receipt = await CurlLoad.ReadAsync(staging, Path.GetRelativePath(staging, path), MigrationJson.Default.ExportReceipt);
            await using var chunk = File.OpenRead(Path.Combine(staging, receipt.Key));
            foreach (var member in receipt.Members.TakeWhile(_ => written < fieldValues))
            {
                var gzip = new byte[member.Length];
                await chunk.ReadExactlyAsync(gzip);
                await using var unzip = new System.IO.Compression.GZipStream(new MemoryStream(gzip), System.IO.Compression.CompressionMode.Decompress);
                await unzip.CopyToAsync(text);
                written += member.FieldValues;
            }
        }
        return written;
    }

    /// <summary>Runs it.</summary>
    public static Task<Cost> RunAsync(string file, Uri server) => MeasuredProcess.RunAsync(
        "influx", "-import", $"-path={file}", "-precision=ns", $"-host={server.Host}", $"-port={server.Port.ToString(CultureInfo.InvariantCulture)}");
}
