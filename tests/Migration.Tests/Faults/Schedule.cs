namespace Migration.Tests.Faults;

/// <summary>A fault that some requests of a start meet.</summary>
internal sealed record ScheduledFault(Side Side, string Fault, int Skip, int Times);

/// <summary>One start of the command: what it meets, and when it is killed.</summary>
internal sealed record ScheduledStart(Kill? Kill, IReadOnlyList<ScheduledFault> Faults);

/// <summary>Starts of one migration, one after the other, drawn from a seed.</summary>
/// <param name="Seed">The seed.</param>
/// <param name="Content">Which of the contents is moved.</param>
/// <param name="ChunkFieldValues">The size of chunks.</param>
/// <param name="Concurrency">Writes at a time.</param>
/// <param name="Starts">The starts.</param>
internal sealed record Schedule(int Seed, int Content, int ChunkFieldValues, int Concurrency, IReadOnlyList<ScheduledStart> Starts)
{
    // The import twice: it is where a kill can cost most.
    private static readonly (Stage Stage, int Operations)[] Kills =
    [
        (Stage.Plan, 20), (Stage.Prepare, 8), (Stage.Export, 40), (Stage.Stage, 12),
        (Stage.Import, 30), (Stage.Import, 30), (Stage.Verify, 30), (Stage.Report, 25),
    ];

    private static readonly string[] Faults = [.. ServerFaults.All.Keys.Order(StringComparer.Ordinal)];

    public static Schedule Draw(int seed, int contents)
    {
        var random = new Random(seed);
        var starts = Enumerable.Range(0, random.Next(1, 5)).Select(_ => new ScheduledStart(
            random.Next(4) > 0 ? DrawKill(random) : null,
            [.. Enumerable.Range(0, random.Next(4)).Select(_ => DrawFault(random))]));
        return new Schedule(seed, random.Next(contents), random.Next(5, 60), random.Next(1, 5), [.. starts]);
    }

    public override string ToString() =>
        $"seed {Seed}: content {Content}, chunks of {ChunkFieldValues}, {Concurrency} at a time\n"
        + string.Join('\n', Starts.Select(start => $"  {start.Kill?.ToString() ?? "not killed"}; {string.Join(", ", start.Faults)}"));

    private static Kill DrawKill(Random random)
    {
        var (stage, operations) = Kills[random.Next(Kills.Length)];
        return new Kill(stage, random.Next(1, operations), random.Next(2) == 0);
    }

    private static ScheduledFault DrawFault(Random random) => new(
        random.Next(2) == 0 ? Side.Source : Side.Destination, Faults[random.Next(Faults.Length)], random.Next(30), random.Next(1, 7));
}
