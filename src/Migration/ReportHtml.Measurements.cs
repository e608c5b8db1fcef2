using Influx;

namespace Migration;

/// <summary>The measurements over time: a chart for each of the largest, a row for each of the others.</summary>
public static partial class ReportHtml
{
    private const int MostCharts = 20;

    private static void WriteMeasurements(HtmlWriter html, MigrationReport report)
    {
        html.Write($"<section id=\"measurements\"><h2>Field values over time</h2>");
        if (report.Measurements.Count == 0)
        {
            var why = report.Verdict == Verdict.Stopped
                ? "The run stopped before any measurement was counted."
                : "The source has no points that were asked for: there was nothing to move.";
            html.Write($"<p class=\"empty\">{why}</p></section>\n");
            return;
        }
        var differing = report.Differences.ToLookup(difference => (difference.Bucket, difference.Measurement));
        var charts = report.Measurements.Take(MostCharts)
            .Select((measurement, i) => new MeasurementChart(measurement, [.. differing[(measurement.DestinationBucket, measurement.Measurement)]], i + 1))
            .ToList();
        WriteLegend(html, report, charts);
        html.Write($"<div class=\"charts\">");
        foreach (var chart in charts)
            WriteChart(html, report, chart);
        html.Write($"</div>");
        if (report.Measurements.Count > MostCharts)
            WriteFurtherMeasurements(html, report, differing);
        html.Write($"</section>\n");
    }

    private static void WriteLegend(HtmlWriter html, MigrationReport report, IReadOnlyList<MeasurementChart> charts)
    {
        html.Write($"<ul class=\"legend\"><li><i class=\"swatch source\"></i>Source, upwards</li>");
        if (charts.Any(chart => chart.HasDestination))
            html.Write($"<li><i class=\"swatch destination\"></i>Destination, downwards</li>");
        var tones = charts.Where(chart => chart.Differing.Count > 0).Select(chart => State(report, chart).Tone).ToHashSet(StringComparer.Ordinal);
        foreach (var (tone, words) in new[] { ("bad", "Only at one end"), ("warn", "Only at one end, accounted for"), ("open", "Not at the destination yet") })
        {
            if (tones.Contains(tone))
                html.Write($"<li><i class=\"swatch diff {tone}\"></i>{words}</li>");
        }
        if (charts.Any(chart => chart.Windows.Count > 0))
            html.Write($"<li><i class=\"swatch window\"></i>A window that differs</li>");
        html.Write($"</ul>");
    }

    private static void WriteChart(HtmlWriter html, MigrationReport report, MeasurementChart chart)
    {
        var measurement = chart.Measurement;
        var (tone, state) = State(report, chart);
        html.Write($"<figure class=\"chart {tone}\"><figcaption><h3><code>{Cut(measurement.Measurement)}</code></h3>");
        if (report.Request.Full || !string.Equals(measurement.SourceBucket, measurement.DestinationBucket, StringComparison.Ordinal))
            html.Write($"<p class=\"buckets\">{Cut(measurement.SourceBucket)} → {Cut(measurement.DestinationBucket)}</p>");
        html.Write($"<p class=\"counts\"><b>{Counted(measurement.Points, "point")}</b> · {Counted(measurement.FieldValues, "field value")}</p>");
        if (HasFate(measurement))
        {
            html.Write($"<p class=\"counts\">");
            WriteFates(html, measurement);
            html.Write($"</p>");
        }
        html.Write($"<p class=\"state\">{state}</p></figcaption>");
        if (chart.Slices > 0)
        {
            html.Write($"<p class=\"scale\"><span>↑ source: 0 to <b>{measurement.SourceSlices.DefaultIfEmpty().Max()}</b></span><span>per slice of {Duration(chart.SliceSeconds)}</span></p>");
            chart.WriteSvg(html, $"Field values of {Cut(measurement.Measurement)} from {Timestamp.Format(measurement.Start)} to {WindowStop(measurement.Stop)}", state);
            html.Write($"<p class=\"axis\">");
            foreach (var tick in chart.Ticks())
                html.Write($"<span>{tick}</span>");
            html.Write($"</p><p class=\"scale\"><span>");
            if (chart.HasDestination)
                html.Write($"↓ destination: 0 to <b>{measurement.DestinationSlices.Max()}</b></span></p>");
            else
                html.Write($"destination: not read back</span></p>");
            WriteDifferingSlices(html, chart);
        }
        html.Write($"</figure>\n");
    }

    private static (string Tone, string Words) State(MigrationReport report, MeasurementChart chart)
    {
        if (!chart.HasDestination)
            return ("open", report.Verdict == Verdict.Stopped ? "Not verified before the run stopped" : "Not read back from the destination");
        var counts = chart.Differing.Count == 0
            ? "The same number at both ends" + (chart.Measurement.Windows < 2 ? "" : Invariant($" in each of {chart.Measurement.Windows:N0} windows"))
            : Invariant($"{Counted(chart.Differing.Count, "slice")} of {chart.Slices} differ: ") + chart.FewerAndMore();
        if (chart.Windows.Count > 0)
            return ("bad", $"{counts}. {Counted(chart.Windows.Count, "window differs", "windows differ")}");
        if (chart.Differing.Count == 0)
            return ("good", counts);
        return report.Verdict == Verdict.Stopped
            ? ("open", counts + ". The run stopped before it was done")
            : ("warn", $"{counts}. Accounted for: {Account(chart.Measurement)}");
    }

    private static string Account(MeasurementReport measurement) => string.Join(", ", new[]
    {
        (Count: measurement.LeftOutFieldValues, Words: "left out"), (Count: measurement.ExpiredFieldValues, Words: "expired"),
    }.Where(part => part.Count > 0).Select(part => $"{Number(part.Count)} {part.Words}"));

    private static bool HasFate(MeasurementReport measurement) =>
        measurement is not { LeftOutFieldValues: 0, ExpiredFieldValues: 0, FurtherFieldValues: 0, RepairedWindows: 0 };

    /// <summary>What happened to a measurement besides that it was moved; most have none of it.</summary>
    private static void WriteFates(HtmlWriter html, MeasurementReport measurement)
    {
        if (measurement.LeftOutFieldValues > 0)
            html.Write($"<span class=\"badge warn\">{Number(measurement.LeftOutFieldValues)} left out</span> ");
        if (measurement.ExpiredFieldValues > 0)
            html.Write($"<span class=\"badge\">{Number(measurement.ExpiredFieldValues)} expired</span> ");
        if (measurement.FurtherFieldValues > 0)
            html.Write($"<span class=\"badge\">{Number(measurement.FurtherFieldValues)} were there already</span> ");
        if (measurement.RepairedWindows > 0)
            html.Write($"<span class=\"badge warn\">{Counted(measurement.RepairedWindows, "window")} imported once more</span> ");
    }

    private static void WriteDifferingSlices(HtmlWriter html, MeasurementChart chart)
    {
        if (chart.Differing.Count == 0)
            return;
        const int most = 20;
        html.Write($"<details><summary>{Counted(chart.Differing.Count, "slice that differs", "slices that differ")}</summary>");
        OpenTable(html, "Field values by slice");
        html.Write($"<thead><tr><th scope=\"col\">Slice starts<th scope=\"col\" class=\"n\">Source<th scope=\"col\" class=\"n\">Destination<th scope=\"col\" class=\"n\">Difference</tr></thead><tbody>");
        foreach (var slice in chart.Differing.Take(most))
        {
            var (source, destination) = chart.Slice(slice);
            html.Write($"<tr><td class=\"t\">{Timestamp.Format(chart.SliceStart(slice))}<td class=\"n\">{source}<td class=\"n\">{destination}<td class=\"n\">{Signed((Int128)destination - source)}</tr>");
        }
        CloseTable(html);
        WriteRest(html, chart.Differing.Count, most, "slices");
        html.Write($"</details>");
    }

    private static void WriteFurtherMeasurements(
        HtmlWriter html, MigrationReport report, ILookup<(string, string), WindowDifference> differing)
    {
        // The largest come first; but one that differs must not stand where nobody looks.
        var further = report.Measurements.Skip(MostCharts)
            .Select(measurement => new MeasurementChart(measurement, [.. differing[(measurement.DestinationBucket, measurement.Measurement)]], 0))
            .OrderBy(chart => chart.Windows.Count > 0 ? 0 : chart.Differing.Count > 0 ? 1 : 2)
            .ToList();
        OpenTable(html, $"{Counted(further.Count, "smaller measurement")}");
        html.Write($"<thead><tr><th scope=\"col\">Measurement<th scope=\"col\" class=\"n\">Points<th scope=\"col\" class=\"n\">Field values<th scope=\"col\" class=\"n\">At the destination<th scope=\"col\" class=\"n\">Difference<th scope=\"col\">Start<th scope=\"col\">Stop</tr></thead><tbody>");
        foreach (var chart in further.Take(MostRows))
        {
            var measurement = chart.Measurement;
            html.Write($"<tr class=\"{State(report, chart).Tone}\"><td class=\"name\"><code>{Cut(measurement.Measurement)}</code>");
            if (report.Request.Full)
                html.Write($"<br><small>{Cut(measurement.SourceBucket)} → {Cut(measurement.DestinationBucket)}</small>");
            if (HasFate(measurement))
            {
                html.Write($"<br>");
                WriteFates(html, measurement);
            }
            html.Write($"<td class=\"n\">{measurement.Points}<td class=\"n\">{measurement.FieldValues}");
            if (chart.HasDestination)
                html.Write($"<td class=\"n\">{Total(measurement.DestinationSlices)}<td class=\"n\">{Signed(Total(measurement.DestinationSlices) - Total(measurement.SourceSlices))}");
            else
                html.Write($"<td class=\"n\">{None}<td class=\"n\">{None}");
            html.Write($"<td class=\"t\">{Timestamp.Format(measurement.Start)}<td class=\"t\">{WindowStop(measurement.Stop)}</tr>");
        }
        CloseTable(html);
        WriteRest(html, further.Count, MostRows, "smaller measurements");
    }

    private static string Signed(Int128 difference) =>
        (difference < 0 ? "−" : difference > 0 ? "+" : "") + Number(Int128.Abs(difference));
}
