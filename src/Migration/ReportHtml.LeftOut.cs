using Influx;

namespace Migration;

/// <summary>What isn't at the destination, or isn't there as it should be.</summary>
public static partial class ReportHtml
{
    private static void WriteLeftOut(HtmlWriter html, MigrationReport report)
    {
        html.Write($"<section id=\"left-out\"><h2>Left out: rejected or quarantined</h2>");
        if (report.LeftOut.Count == 0)
        {
            html.Write($"<p class=\"empty\">{(report.Verdict == Verdict.Stopped ? "Nothing so far." : "Nothing: every point was accepted.")}</p></section>\n");
            return;
        }
        html.Write($"<p><b>{Counted(Total(report.LeftOut.Select(left => left.Points)), "point")}</b> with {Counted(Total(report.LeftOut.Select(left => left.FieldValues)), "field value")} for {Counted(report.LeftOut.Count, "reason")}. Nothing was altered to make it fit; the objects named here are below the <a href=\"#request\">staging location</a>.</p>");
        WriteEntries(html, report.LeftOut, "reasons", left =>
        {
            html.Write($"<div class=\"what\"><h3>{Cut(left.Reason, 600)}</h3>");
            html.Write($"<p class=\"amount\"><b>{Counted(left.Points, "point")}</b> · {Counted(left.FieldValues, "field value")}</p></div>");
            html.Write($"<p><span class=\"badge\">{(IsRejected(left) ? "Rejected at export" : "Quarantined at import")}</span> <code>{Cut(left.Measurement)}</code> in {Cut(left.SourceBucket)} → {Cut(left.DestinationBucket)}</p>");
            html.Write($"<dl class=\"pairs\"><dt>Example<dd><code>{Cut(left.Example, 400)}</code><dt>All of them<dd><code>{left.Object}</code></dl>");
        });
        html.Write($"</section>\n");
    }

    private static void WriteDifferences(HtmlWriter html, MigrationReport report)
    {
        html.Write($"<section id=\"differences\"><h2>Windows that differ</h2>");
        if (report.Differences.Count == 0)
        {
            html.Write($"<p class=\"empty\">{NoDifference(report)}</p></section>\n");
            return;
        }
        html.Write($"<p><b>{Counted(report.Differences.Count, "window")}</b>: {Counted(Total(report.Differences.Select(window => window.Missing)), "field value")} missing at the destination, {Total(report.Differences.Select(window => window.Extra))} only there, {Total(report.Differences.Select(window => window.Changed))} with another value.</p>");
        WriteEntries(html, report.Differences, "windows", window => WriteDifference(html, window));
        html.Write($"</section>\n");
    }

    private static void WriteDifference(HtmlWriter html, WindowDifference window)
    {
        html.Write($"<div class=\"what\"><h3><code>{Cut(window.Measurement)}</code> <small>in {Cut(window.Bucket)}</small></h3>");
        html.Write($"<p class=\"amount\">");
        WriteAmount(html, window.Missing, "missing");
        WriteAmount(html, window.Extra, "extra");
        WriteAmount(html, window.Changed, "changed");
        if (window.Missing + window.Extra + window.Changed == 0)
            html.Write($"<span class=\"badge bad\">other digest</span> ");
        html.Write($"</p></div><p class=\"range\"><span class=\"t\">{Timestamp.Format(window.Start)}</span> to <span class=\"t\">{WindowStop(window.Stop)}</span></p>");
        if (window.Examples.Count == 0)
            return;
        html.Write($"<ul class=\"examples\">");
        foreach (var example in window.Examples.Take(5))
            html.Write($"<li>{Cut(example, 400)}</li>");
        html.Write($"</ul>");
    }

    private static void WriteAmount(HtmlWriter html, long count, string what)
    {
        if (count > 0)
            html.Write($"<span class=\"badge bad\">{count} {what}</span> ");
    }

    private static string NoDifference(MigrationReport report) => report switch
    {
        { Request.Verify: VerifyMode.None } => "Unknown: the request asked for no verification.",
        { Verdict: Verdict.Stopped } => "None so far; what isn't verified yet isn't known.",
        { Request.Verify: VerifyMode.Counts } => "None: every window has as many field values as it should.",
        _ => "None: every window holds exactly what it should.",
    };
}
