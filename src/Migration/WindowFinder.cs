using Influx;

namespace Migration;

/// <summary>Finds the windows of a measurement that hold values, by counting; data that spans centuries costs no more queries.</summary>
internal sealed partial class WindowFinder(IInfluxClient client, Bucket bucket, string? condition, TimeRange range)
{
    /// <summary>Finds them in one go.</summary>
    public async Task<List<PlannedWindow>> FindAsync(string measurement, FieldSchema schema, ShardGrid grid, long? knownStop, CancellationToken cancellationToken) =>
        await FindAsync(schema, grid, knownStop, NewScan(measurement, schema), WindowPace.None, cancellationToken)
        ?? throw new InvalidOperationException("without a deadline every window is found");

    /// <summary>Begins to look for the windows of a measurement.</summary>
    public static WindowScan NewScan(string measurement, FieldSchema schema) => new() { Measurement = measurement, Columns = InfluxQl.CountColumns(schema) };

    /// <summary>Finds them, or notes how far it came when the deadline comes first.</summary>
    /// <returns>Null when it did.</returns>
    public async Task<List<PlannedWindow>?> FindAsync(
        FieldSchema schema, ShardGrid grid, long? knownStop, WindowScan scan, WindowPace pace, CancellationToken cancellationToken)
    {
        if (!scan.HasEdges)
        {
            pace.Begin();
            await FindEdgesAsync(scan, schema, knownStop, cancellationToken);
            pace.End();
        }
        if (scan is not { First: { } first, Last: { } last })
        {
            if (await CountInPartsAsync(scan.Measurement, scan.Columns, range, cancellationToken) is > 0 and var hidden)
            {
                scan.HasEdges = false;
                throw new TransientException($"'{scan.Measurement}' of '{bucket.Name}': the source shows no first or no last row, but counts {hidden} values");
            }
            return [];
        }
        var windows = new List<PlannedWindow>();
        // GROUP BY time overflows beside the ends of time (seen on 1.6.7: their values are missing), so the windows there
        // are counted by themselves.
        var lowEnd = grid.WindowOf(Timestamp.Min);
        var highEnd = grid.WindowOf(Timestamp.Max);
        var inner = new TimeRange(Math.Max(lowEnd.Stop, first), Math.Min(highEnd.Start, last + 1)).Intersect(range);
        await AddWholeAsync(lowEnd);
        if (!inner.IsEmpty)
        {
            var search = new Search(grid, scan, pace);
            var found = Probe(schema, scan) is { } probe
                ? await ProbedAsync(search, probe, inner, cancellationToken)
                : await CountedAsync(search, scan.Columns, inner, cancellationToken);
            if (found is null)
                return null;
            windows.AddRange(found);
        }
        await AddWholeAsync(highEnd);
        return windows;

        async Task AddWholeAsync(TimeRange window)
        {
            var cut = window.Intersect(range).Intersect(new TimeRange(first, last + 1));
            if (!cut.IsEmpty && await CountInPartsAsync(scan.Measurement, scan.Columns, cut, cancellationToken) is > 0 and var values)
                windows.Add(new PlannedWindow(cut.Start, cut.Stop, values, PlannedCount.Counted));
        }
    }

    private async Task FindEdgesAsync(WindowScan scan, FieldSchema schema, long? knownStop, CancellationToken cancellationToken)
    {
        (scan.First, scan.Last, scan.FirstFields, scan.LastFields) = (null, knownStop - 1, [], []);
        await FindEdgeAsync(scan, schema, isLast: false, cancellationToken);
        // Finding the last point costs the source much more than finding the first.
        if (scan.First is not null && knownStop is null)
            await FindEdgeAsync(scan, schema, isLast: true, cancellationToken);
        if (schema.HasConflict && scan is { First: { } first, Last: { } last })
        {
            // Of several answers one that is lost would move an edge inwards.
            if (await CountInPartsAsync(scan.Measurement, scan.Columns, range with { Stop = first }, cancellationToken) is > 0 and var hidden)
                throw new TransientException($"'{scan.Measurement}' of '{bucket.Name}': the source counts {hidden} values before the first row that it shows");
            if (knownStop is null && await CountInPartsAsync(scan.Measurement, scan.Columns, range with { Start = last + 1 }, cancellationToken) > 0)
                await FindEdgeAsync(scan, schema, isLast: true, cancellationToken);
        }
        scan.HasEdges = true;
    }

    private async Task FindEdgeAsync(WindowScan scan, FieldSchema schema, bool isLast, CancellationToken cancellationToken)
    {
        // One query sees only the values of one type of a field, so where types conflict each is asked for.
        foreach (var fields in schema.HasConflict ? InfluxQl.TypedFields(schema) : [InfluxQl.FieldColumns(schema)])
            await FindEdgeAsync(scan, schema, fields, range, isLast, cancellationToken);
    }

    /// <summary>Looks for an edge in a part of the range, in its nearer half first where the server gives the whole up; false where there is no row.</summary>
    private async Task<bool> FindEdgeAsync(WindowScan scan, FieldSchema schema, string fields, TimeRange part, bool isLast, CancellationToken cancellationToken)
    {
        try
        {
            var rows = await client.ReadAsync(bucket, InfluxQl.EdgeRow(scan.Measurement, fields, part, condition, isLast), cancellationToken);
            foreach (var row in rows)
                scan.AddEdge(row, isLast, schema);
            return rows.Count > 0;
        }
        catch (QueryTooLargeException) when (part.Length >= 2 * WindowParts.MinPart)
        {
            var (early, late) = part.Halve();
            return await FindEdgeAsync(scan, schema, fields, isLast ? late : early, isLast, cancellationToken)
                || await FindEdgeAsync(scan, schema, fields, isLast ? early : late, isLast, cancellationToken);
        }
    }

    /// <summary>Counts a range in as many queries as the pace asks for; null when the deadline comes first.</summary>
    private async Task<List<PlannedWindow>?> CountedAsync(Search search, string columns, TimeRange whole, CancellationToken cancellationToken)
    {
        var counted = search.Scan.Of(columns, whole);
        while (counted.Stop < whole.Stop)
        {
            if (!search.Pace.Allows)
                return null;
            var slice = search.Pace.Slice(whole with { Start = counted.Stop }, search.Grid, search.Scan);
            search.Pace.Begin();
            counted.Windows = [.. counted.Windows, .. await CountedAsync(search.Scan.Measurement, columns, slice, search.Grid, cancellationToken)];
            counted.Stop = slice.Stop;
            search.Pace.End(search.Scan);
        }
        return [.. counted.Windows];
    }

    private async Task<List<PlannedWindow>> CountedAsync(
        string measurement, string columns, TimeRange inner, ShardGrid grid, CancellationToken cancellationToken)
    {
        try
        {
            var windows = new SortedDictionary<long, PlannedWindow>();
            // An answer that lacks a document would lose windows that nobody looks for later.
            var total = await CountAsync(measurement, columns, inner, cancellationToken);
            var rows = await client.ReadAsync(
                bucket, InfluxQl.CountByWindow(measurement, columns, inner, grid, condition), cancellationToken);
            foreach (var row in rows)
            {
                var window = grid.WindowOf((long)row.Values[0]!).Intersect(inner);
                var values = Sum(row);
                if (values > 0)
                    windows[window.Start] = new PlannedWindow(window.Start, window.Stop, values, PlannedCount.Counted);
            }
            var found = windows.Values.Sum(window => window.FieldValues);
            if (found < total)
                throw new TransientException($"'{measurement}' of '{bucket.Name}' {inner}: the source counts {total} values, but {found} window by window");
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
                return await CountedOneByOneAsync(measurement, columns, inner, grid, cancellationToken);
            var windows = await CountedAsync(measurement, columns, early with { Stop = edge }, grid, cancellationToken);
            windows.AddRange(await CountedAsync(measurement, columns, late with { Start = edge }, grid, cancellationToken));
            return windows;
        }
        catch (QueryTooLargeException)
        {
            return await CountedOneByOneAsync(measurement, columns, inner, grid, cancellationToken);
        }
    }

    /// <summary>Counts each window by itself, in parts where even that is too much for one query.</summary>
    private async Task<List<PlannedWindow>> CountedOneByOneAsync(
        string measurement, string columns, TimeRange inner, ShardGrid grid, CancellationToken cancellationToken)
    {
        var windows = new List<PlannedWindow>();
        for (var rest = inner; !rest.IsEmpty; rest = rest with { Start = grid.WindowOf(rest.Start).Stop })
        {
            var window = grid.WindowOf(rest.Start).Intersect(rest);
            if (await CountInPartsAsync(measurement, columns, window, cancellationToken) is > 0 and var values)
                windows.Add(new PlannedWindow(window.Start, window.Stop, values, PlannedCount.Counted));
        }
        return windows;
    }

    private async Task<long> CountInPartsAsync(string measurement, string columns, TimeRange window, CancellationToken cancellationToken)
    {
        try
        {
            return await CountAsync(measurement, columns, window, cancellationToken);
        }
        catch (QueryTooLargeException) when (window.Length >= 2 * WindowParts.MinPart)
        {
            var (early, late) = window.Halve();
            return await CountInPartsAsync(measurement, columns, early, cancellationToken) + await CountInPartsAsync(measurement, columns, late, cancellationToken);
        }
    }

    private async Task<long> CountAsync(string measurement, string columns, TimeRange window, CancellationToken cancellationToken) =>
        (await client.ReadAsync(bucket, InfluxQl.CountAll(measurement, columns, window, condition), cancellationToken)).Sum(Sum);

    private static long Sum(QueryRow row) => row.Values.Skip(1).OfType<long>().Sum();

    /// <summary>What a search works with.</summary>
    private sealed record Search(ShardGrid Grid, WindowScan Scan, WindowPace Pace);
}
