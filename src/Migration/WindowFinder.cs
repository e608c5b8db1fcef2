using Influx;

namespace Migration;

/// <summary>Finds the windows of a measurement that hold values, by counting; data that spans centuries costs no more queries.</summary>
internal sealed partial class WindowFinder(IInfluxClient client, Bucket bucket, string? condition, TimeRange range)
{
    public async Task<List<PlannedWindow>> FindAsync(string measurement, FieldSchema schema, ShardGrid grid, long? knownStop, CancellationToken cancellationToken)
    {
        var (first, last) = (new Edge(isLast: false), new Edge(isLast: true, knownStop - 1));
        // Finding the last point costs the source much more than finding the first.
        foreach (var edge in knownStop is null ? (Edge[])[first, last] : [first])
        {
            // One query sees only the values of one type of a field, so where types conflict each is asked for.
            foreach (var fields in schema.HasConflict ? InfluxQl.TypedFields(schema) : ["*::field"])
                edge.Add(await client.ReadAsync(bucket, InfluxQl.EdgeRow(measurement, fields, range, condition, edge.IsLast), cancellationToken));
            if (edge.Time is null)
                return [];
        }
        var columns = InfluxQl.CountColumns(schema);
        var windows = new List<PlannedWindow>();
        // GROUP BY time overflows beside the ends of time (seen on 1.6.7: their values are missing), so the windows there
        // are counted by themselves.
        var lowEnd = grid.WindowOf(Timestamp.Min);
        var highEnd = grid.WindowOf(Timestamp.Max);
        var inner = new TimeRange(Math.Max(lowEnd.Stop, first.Time!.Value), Math.Min(highEnd.Start, last.Time!.Value + 1)).Intersect(range);
        await AddWholeAsync(lowEnd);
        if (!inner.IsEmpty)
        {
            windows.AddRange(Probe(schema, first, last) is { } probe
                ? await ProbedAsync(measurement, columns, probe, inner, grid, cancellationToken)
                : await CountedAsync(measurement, columns, inner, grid, cancellationToken));
        }
        await AddWholeAsync(highEnd);
        return windows;

        async Task AddWholeAsync(TimeRange window)
        {
            var cut = window.Intersect(range).Intersect(new TimeRange(first.Time!.Value, last.Time!.Value + 1));
            if (!cut.IsEmpty && await CountAsync(measurement, columns, cut, cancellationToken) is > 0 and var values)
                windows.Add(new PlannedWindow(cut.Start, cut.Stop, values));
        }
    }

    private async Task<List<PlannedWindow>> CountedAsync(
        string measurement, string columns, TimeRange inner, ShardGrid grid, CancellationToken cancellationToken)
    {
        try
        {
            var windows = new SortedDictionary<long, PlannedWindow>();
            var rows = await client.ReadAsync(
                bucket, InfluxQl.CountByWindow(measurement, columns, inner, grid, condition), cancellationToken);
            foreach (var row in rows)
            {
                var window = grid.WindowOf((long)row.Values[0]!).Intersect(inner);
                var values = Sum(row);
                if (values > 0)
                    windows[window.Start] = new PlannedWindow(window.Start, window.Stop, values);
            }
            return [.. windows.Values];
        }
        catch (QueryTooLargeException) when (inner.Length > grid.Duration)
        {
            var (early, late) = inner.Halve();
            // Halves meet at an edge of the grid, so that no window is cut in two.
            var edge = grid.WindowOf(early.Stop).Start;
            if (edge <= inner.Start)
                edge = grid.WindowOf(early.Stop).Stop;
            if (edge >= inner.Stop)
                throw;
            var windows = await CountedAsync(measurement, columns, early with { Stop = edge }, grid, cancellationToken);
            windows.AddRange(await CountedAsync(measurement, columns, late with { Start = edge }, grid, cancellationToken));
            return windows;
        }
    }

    private async Task<long> CountAsync(string measurement, string columns, TimeRange window, CancellationToken cancellationToken) =>
        (await client.ReadAsync(bucket, InfluxQl.CountAll(measurement, columns, window, condition), cancellationToken)).Sum(Sum);

    private static long Sum(QueryRow row) => row.Values.Skip(1).OfType<long>().Sum();
}
