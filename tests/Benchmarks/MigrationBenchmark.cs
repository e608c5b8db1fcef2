using System.Globalization;
using TestServers;

namespace Benchmarks;

/// <summary>A row of the table.</summary>
/// <param name="Name">What was run.</param>
/// <param name="FieldValues">How many field values it moved.</param>
/// <param name="Cost">The best of its rounds.</param>
internal sealed record Row(string Name, long FieldValues, Cost Cost)
{
    public double CpuPerMillion => Cost.Cpu.TotalSeconds / FieldValues * 1e6;

    public double ValuesPerSecond => FieldValues / Cost.Wall.TotalSeconds;
}

/// <summary>Moves a sample between two real servers with the published command, and posts the same batches with curl and with influx -import.</summary>
internal sealed class MigrationBenchmark(string command, InfluxdProcess source, InfluxdProcess destination)
{
    // Machines are noisy: every row is the best of its rounds, and the rounds of all rows take turns.
    private const int Rounds = 3;

    // The ceiling of one 1.x server is reached with two.
    private const int Connections = 2;

    private static readonly string[] NoVerification = ["--verify", "none"];

    public async Task RunAsync(long fieldValues)
    {
        var folder = Directory.CreateTempSubdirectory("influx-bench-").FullName;
        try
        {
            Console.Error.WriteLine($"Loading {fieldValues:N0} and {fieldValues / 10:N0} field values ...");
            var large = await Sample.LoadAsync(source, "large", fieldValues);
            var small = await Sample.LoadAsync(source, "small", fieldValues / 10);
            var staging = Path.Combine(folder, "staging");
            await MigrateAsync("large", staging, NoVerification);
            var members = Directory.CreateDirectory(Path.Combine(folder, "members")).FullName;
            var read = await CurlLoad.PrepareReadAsync(staging, members, source.Url, "large", Connections);
            var write = await CurlLoad.PrepareWriteAsync(staging, members, new Uri(destination.Url, "/write?db=bench&precision=ns"), Connections);
            var text = Path.Combine(folder, "import.txt");
            var imported = await InfluxImport.PrepareAsync(staging, text, "bench", fieldValues / 10);
            List<Row> rows = [];
            for (var round = 1; round <= Rounds; round++)
            {
                Console.Error.WriteLine($"Round {round} of {Rounds} ...");
                Keep(rows, new Row("curl posts the same batches", large, await OnEmptyAsync(() => CurlLoad.RunAsync(write))));
                Keep(rows, new Row("curl reads the same windows", large, await CurlLoad.RunAsync(read)));
                Keep(rows, new Row("influx -import, the first tenth", imported, await OnEmptyAsync(() => InfluxImport.RunAsync(text, destination.Url))));
                Keep(rows, new Row("import alone", large, await ImportAsync(staging)));
                Keep(rows, new Row("migrate --verify none", large, await MigrateAsync("large", Path.Combine(folder, $"none-{round}"), NoVerification)));
                Keep(rows, new Row("migrate (content verified)", large, await MigrateAsync("large", Path.Combine(folder, $"content-{round}"), [])));
                Keep(rows, new Row("migrate (content verified), a tenth", small, await MigrateAsync("small", Path.Combine(folder, $"small-{round}"), [])));
            }
            Print(rows);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private async Task<Cost> ImportAsync(string staging)
    {
        // What an earlier import proved would be skipped.
        foreach (var done in (string[])["receipts/import", "destination"])
            Directory.Delete(Path.Combine(staging, done), recursive: true);
        return await RunAsync("large", ["--retry-restore-dir", staging, .. NoVerification]);
    }

    private async Task<Cost> MigrateAsync(string database, string staging, string[] options) =>
        await RunAsync(database, ["--dir-name", staging, .. options]);

    private async Task<Cost> RunAsync(string database, string[] options)
    {
        using var client = new HttpClient { BaseAddress = destination.Url };
        await Databases.DropAsync(client, "bench");
        return await MeasuredProcess.RunAsync(command, [
            "migrate", "--src-host", source.Url.OriginalString, "--src-bucket", database,
            "--dest-host", destination.Url.OriginalString, "--dest-bucket", "bench",
            "--concurrency", Connections.ToString(CultureInfo.InvariantCulture), .. options]);
    }

    private async Task<Cost> OnEmptyAsync(Func<Task<Cost>> run)
    {
        using var client = new HttpClient { BaseAddress = destination.Url };
        await Databases.DropAsync(client, "bench");
        await Databases.CreateAsync(client, "bench");
        return await run();
    }

    private static void Keep(List<Row> rows, Row row)
    {
        var known = rows.FindIndex(other => other.Name == row.Name);
        if (known < 0)
            rows.Add(row);
        else if (row.Cost.Wall < rows[known].Cost.Wall)
            rows[known] = row;
    }

    private static void Print(List<Row> rows)
    {
        Row Named(string name) => rows.Single(row => row.Name == name);
        var (curl, import, none) = (rows[0], Named("import alone"), Named("migrate --verify none"));
        Console.WriteLine(FormattableString.Invariant($"| {curl.FieldValues:N0} field values, best of {Rounds}, {Connections} connections | wall, curl posts = 1.00 | wall, import = 1.00 | field values/s | client CPU s per million | peak MB |"));
        Console.WriteLine("|---|---|---|---|---|---|");
        foreach (var row in rows)
            Console.WriteLine(FormattableString.Invariant(
                $"| {row.Name} | {PerValue(row) / PerValue(curl):F2} | {PerValue(row) / PerValue(import):F2} | {row.ValuesPerSecond:N0} | {row.CpuPerMillion:F2} | {row.Cost.PeakBytes / 1e6:F0} |"));
        Console.WriteLine(FormattableString.Invariant($"| export (migrate --verify none less import alone) | | | | {none.CpuPerMillion - import.CpuPerMillion:F2} | |"));
    }

    private static double PerValue(Row row) => row.Cost.Wall.TotalSeconds / row.FieldValues;
}
