using Influx;

namespace Migration;

// Counting every field reads every value of the source, which costs it nearly as much as the export. So one field that
// the measurement's points have is counted everywhere, all of them only where that one has no value and in a small
// sample, and the number of values in a window is an estimate. A window that holds values of any field is always found.
internal sealed partial class WindowFinder
{
    // Where the probe is missing in more stretches than this, one count of everything is cheaper than one of each.
    private const int MaxGaps = 16;

    // Enough points that the mean number of fields of a point is near, few enough that their count costs nothing.
    private const long SamplePoints = 20_000;

    private async Task<List<PlannedWindow>?> ProbedAsync(Search search, string probe, TimeRange inner, CancellationToken cancellationToken)
    {
        var columns = search.Scan.Columns;
        if (await CountedAsync(search, $"count({probe})", inner, cancellationToken) is not { } probed)
            return null;
        var gaps = Gaps(probed, inner);
        if (probed.Count == 0 || gaps.Count > MaxGaps)
            return await CountedAsync(search, columns, inner, cancellationToken);
        var perProbe = await ValuesPerProbeAsync(search.Scan.Measurement, columns, probe, probed.MaxBy(window => window.FieldValues), cancellationToken);
        var windows = probed.ConvertAll(window => window with
        {
            FieldValues = (long)Math.Ceiling(window.FieldValues * perProbe),
            Count = PlannedCount.Estimated,
        });
        foreach (var gap in gaps)
        {
            if (await CountedAsync(search, columns, gap, cancellationToken) is not { } others)
                return null;
            windows.AddRange(others);
        }
        windows.Sort((a, b) => a.Start.CompareTo(b.Start));
        return windows;
    }

    private async Task<double> ValuesPerProbeAsync(
        string measurement, string columns, string probe, PlannedWindow densest, CancellationToken cancellationToken)
    {
        var slices = Math.Max(1, densest.FieldValues / SamplePoints);
        var middle = densest.Start + (long)(densest.Range.Length / 2);
        var sample = new TimeRange(
            slices == 1 ? densest.Start : middle,
            slices == 1 ? densest.Stop : middle + Math.Max(1, (long)(densest.Range.Length / slices)));
        var all = await CountInPartsAsync(measurement, columns, sample, cancellationToken);
        var one = await CountInPartsAsync(measurement, $"count({probe})", sample, cancellationToken);
        return one == 0 ? 1 : (double)all / one;
    }

    private static List<TimeRange> Gaps(List<PlannedWindow> windows, TimeRange inner)
    {
        var gaps = new List<TimeRange>();
        var start = inner.Start;
        foreach (var window in windows)
        {
            if (window.Start > start)
                gaps.Add(new TimeRange(start, window.Start));
            start = window.Stop;
        }
        if (start < inner.Stop)
            gaps.Add(new TimeRange(start, inner.Stop));
        return gaps;
    }

    // Null where one field tells nothing about the others, or none can be named.
    private static string? Probe(FieldSchema schema, WindowScan scan) =>
        schema.HasConflict || schema.Count == 1
            ? null
            : scan.FirstFields.Where(scan.LastFields.Contains).Concat(scan.FirstFields)
                .Where(field => field.AsSpan().IndexOfAny('\r', '\0') < 0)
                .Select(field => $"{InfluxQl.Identifier(field)}::field")
                .FirstOrDefault();
}
