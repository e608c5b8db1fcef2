namespace Migration;

/// <summary>
/// <c>report.html</c>: the report as one file that needs no network and no script. The verdict comes first, since all that most
/// readers want to know is whether all is well.
/// </summary>
public static partial class ReportHtml
{
    // No page gets unreadable, or its file too large for a phone, because 10,000 windows differ: report.json lists all.
    private const int MostEntries = 100;
    private const int UnfoldedEntries = 8;
    private const int MostRows = 500;

    /// <summary>The page.</summary>
    public static string Render(MigrationReport report)
    {
        ArgumentNullException.ThrowIfNull(report);
        var html = new HtmlWriter();
        WriteHead(html, report);
        html.Write($"<body><main>");
        WriteVerdict(html, report);
        WriteKeyNumbers(html, report);
        WriteRoute(html, report);
        WriteWarnings(html, report);
        WriteContents(html, report);
        WriteMeasurements(html, report);
        WriteLeftOut(html, report);
        WriteDifferences(html, report);
        WriteStages(html, report);
        WriteLongestChunks(html, report);
        WriteRemarks(html, report);
        WriteRequest(html, report);
        html.Write($"</main><footer>influx-migrate · the same as data: <code>{StagingLayout.ReportJson}</code>, schema {report.Schema}</footer></body></html>\n");
        return html.ToString();
    }

    private static void WriteHead(HtmlWriter html, MigrationReport report)
    {
        html.Write($"<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">");
        html.Write($"<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">");
        // Should a name ever get through as markup, the browser still loads and runs nothing.
        html.Write($"<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'; img-src data:\">");
        html.Write($"<meta name=\"color-scheme\" content=\"light dark\"><meta name=\"referrer\" content=\"no-referrer\">");
        html.Write($"<title>{report.Verdict.ToString()} – {report.Source.Url} → {report.Destination.Url}</title>");
        html.Write($"<link rel=\"icon\" href=\"data:image/svg+xml,");
        html.WriteConstant(Uri.EscapeDataString(TabIcon(report.Verdict)));
        html.Write($"\"><style>");
        html.WriteConstant(Style);
        html.Write($"</style></head>\n");
    }

    private static void WriteWarnings(HtmlWriter html, MigrationReport report)
    {
        if (report.Warnings.Count == 0)
            return;
        html.Write($"<section id=\"warnings\" class=\"note\"><h2>{Counted(report.Warnings.Count, "warning")}</h2><ul>");
        foreach (var warning in report.Warnings.Take(MostEntries))
            html.Write($"<li>{Cut(warning, 1000)}</li>");
        html.Write($"</ul>");
        WriteRest(html, report.Warnings.Count, MostEntries, "warnings");
        html.Write($"</section>");
    }

    private static void WriteContents(HtmlWriter html, MigrationReport report)
    {
        html.Write($"<nav aria-label=\"Contents\"><a href=\"#measurements\">Over time <b>{report.Measurements.Count}</b></a>");
        html.Write($"<a href=\"#left-out\">Left out <b>{report.LeftOut.Count}</b></a>");
        html.Write($"<a href=\"#differences\">Differences <b>{report.Differences.Count}</b></a>");
        html.Write($"<a href=\"#stages\">Throughput</a><a href=\"#chunks\">Chunks <b>{report.Chunks.Count}</b></a>");
        html.Write($"<a href=\"#remarks\">Schema <b>{report.Remarks.Count}</b></a><a href=\"#request\">Request</a></nav>\n");
    }

    /// <summary>Entries, of which all but the first are folded: what follows a hundred of them must be found on a phone.</summary>
    private static void WriteEntries<T>(HtmlWriter html, IReadOnlyList<T> entries, string what, Action<T> write)
    {
        html.Write($"<ol class=\"entries\">");
        var shown = Math.Min(entries.Count, MostEntries);
        for (var i = 0; i < shown; i++)
        {
            if (i == UnfoldedEntries && shown > UnfoldedEntries)
                html.Write($"</ol><details><summary>{shown - UnfoldedEntries} more {what}</summary><ol class=\"entries\">");
            html.Write($"<li class=\"entry\">");
            write(entries[i]);
            html.Write($"</li>");
        }
        html.Write($"</ol>");
        if (shown > UnfoldedEntries)
            html.Write($"</details>");
        WriteRest(html, entries.Count, MostEntries, what);
    }

    private static void WriteRest(HtmlWriter html, int count, int shown, string what)
    {
        if (count > shown)
            html.Write($"<p class=\"rest\">The first {shown} of {count} {what}; all of them are in <code>{StagingLayout.ReportJson}</code>.</p>");
    }

    /// <summary>A table in a box of its own that scrolls, by finger, mouse and keyboard, where the screen is narrower.</summary>
    private static void OpenTable(HtmlWriter html, string label) =>
        html.Write($"<div class=\"scroll\" role=\"region\" tabindex=\"0\" aria-label=\"{label}\"><table><caption>{label}</caption>");

    private static void CloseTable(HtmlWriter html) => html.Write($"</tbody></table></div>\n");
}
