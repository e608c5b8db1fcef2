using Influx;

namespace Migration;

/// <summary>Finds the windows of a measurement that hold values, by counting; data that spans centuries costs no more queries.</summary>
internal sealed class WindowFinder(IInfluxClient client, Bucket bucket, string? condition, TimeRange range)
{
    public async Task<List<PlannedWindow>> FindAsync(string measurement, FieldSchema schema, ShardGrid grid, CancellationToken cancellationToken)
    {
        if (await EdgeAsync(measurement, schema, last: false, cancellationToken) is not { } first
            || await EdgeAsync(measurement, schema, last: true, cancellationToken) is not { } last)
            return [];
        var columns = InfluxQl.CountColumns(schema);
        var windows = new List<PlannedWindow>();
        // GROUP BY time overflows beside the ends of time (seen on 1.6.7: their values are missing), so the windows there
        // are counted by themselves.
        var lowEnd = grid.WindowOf(Timestamp.Min);
        var highEnd = grid.WindowOf(Timestamp.Max);
        var inner = new TimeRange(Math.Max(lowEnd.Stop, first), Math.Min(highEnd.Start, last + 1)).Intersect(range);
        await AddWholeAsync(lowEnd);
        if (!inner.IsEmpty)
            windows.AddRange(await InnerAsync(measurement, columns, inner, grid, cancellationToken));
        await AddWholeAsync(highEnd);
        return windows;

        async Task AddWholeAsync(TimeRange window)
        {
            var cut = window.Intersect(range).Intersect(new TimeRange(first, last + 1));
            if (!cut.IsEmpty && await CountAsync(measurement, columns, cut, cancellationToken) is > 0 and var values)
                windows.Add(new PlannedWindow(cut.Start, cut.Stop, values));
        }
    }

    private async Task<List<PlannedWindow>> InnerAsync(
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
            var windows = await InnerAsync(measurement, columns, early with { Stop = edge }, grid, cancellationToken);
            windows.AddRange(await InnerAsync(measurement, columns, late with { Start = edge }, grid, cancellationToken));
            return windows;
        }
    }

    private async Task<long> CountAsync(string measurement, string columns, TimeRange window, CancellationToken cancellationToken) =>
        (await client.ReadAsync(bucket, InfluxQl.CountAll(measurement, columns, window, condition), cancellationToken)).Sum(Sum);

    private async Task<long?> EdgeAsync(string measurement, FieldSchema schema, bool last, CancellationToken cancellationToken)
    {
        long? edge = null;
        // One query sees only the values of one type of a field, so where types conflict each is asked for.
        foreach (var columns in schema.HasConflict ? InfluxQl.TypedFields(schema) : ["*::field"])
        {
            var rows = await client.ReadAsync(bucket, InfluxQl.EdgeRow(measurement, columns, range, condition, last), cancellationToken);
            foreach (var time in rows.Select(row => (long)row.Values[0]!))
                edge = edge is null ? time : last ? Math.Max(edge.Value, time) : Math.Min(edge.Value, time);
        }
        return edge;
    }

    private static long Sum(QueryRow row) => row.Values.Skip(1).OfType<long>().Sum();
}
