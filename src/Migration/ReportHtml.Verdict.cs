namespace Migration;

/// <summary>The top of the page: how it ended, what to do next, and the key numbers.</summary>
public static partial class ReportHtml
{
    private static void WriteVerdict(HtmlWriter html, MigrationReport report)
    {
        html.Write($"<header class=\"verdict {Tone(report.Verdict)}\"><div class=\"headline\">");
        html.WriteConstant(Icon(report.Verdict));
        html.Write($"<div><p class=\"kicker\"><span>InfluxDB migration</span><span class=\"t\">{Instant(report.Finished)}</span></p><h1>{report.Verdict.ToString()}</h1></div></div>");
        html.Write($"<p class=\"sentence\">{Cut(report.Sentence, 1000)}</p>");
        if (report.Stop is { } stop)
        {
            html.Write($"<div class=\"failure\"><h2>What stopped it</h2><p><samp>");
            html.WriteLines(Cut(stop.Failure, 4000));
            html.Write($"</samp></p></div>");
        }
        html.Write($"<div class=\"next\"><h2>What to do next</h2><ol>");
        WriteNextSteps(html, report);
        html.Write($"</ol></div></header>\n");
    }

    private static void WriteNextSteps(HtmlWriter html, MigrationReport report)
    {
        switch (report.Verdict)
        {
            case Verdict.Verified:
                html.Write($"<li>Let writers and readers use the destination.</li>");
                WriteLaterPoints(html, report);
                html.Write($"<li>Keep the source and the <a href=\"#request\">staging location</a> until the destination has proven itself in use.</li>");
                break;
            case Verdict.Unverified:
                html.Write($"<li>Don't rely on the destination yet: it accepted every point, but nothing was read back.</li>");
                html.Write($"<li>Run the same request once more with the same staging location, and verify <code>content</code> in place of <code>none</code>. What is imported already is skipped; only the proof is made.</li>");
                break;
            case Verdict.Incomplete:
                html.Write($"<li>Look at <a href=\"#remarks\">what the source does not show</a>, and decide for each whether it is needed: no query can move it, only the source's files have it.</li>");
                html.Write($"<li>What you can do without, leave out with <code>excludeMeasurements</code>: the next verdict is then about the rest alone.</li>");
                if (report.Request.Verify == VerifyMode.None)
                    html.Write($"<li>All else was accepted, but nothing was read back: run the same request once more, and verify <code>content</code>.</li>");
                else
                    html.Write($"<li>All else is at the destination: once that is settled, writers and readers can use it.</li>");
                WriteLaterPoints(html, report);
                break;
            case Verdict.Quarantined:
                html.Write($"<li>Look at <a href=\"#left-out\">what was left out and why</a>. Each reason names the object that holds all of its points.</li>");
                html.Write($"<li>Decide for each reason: correct the points and write them to the destination, or do without them.</li>");
                if (report.Request.Verify == VerifyMode.None)
                    html.Write($"<li>All others were accepted, but nothing was read back: run the same request once more, and verify <code>content</code>.</li>");
                else
                    html.Write($"<li>All others are at the destination: once the reasons are settled, writers and readers can use it.</li>");
                break;
            case Verdict.Different:
                html.Write($"<li>Don't use the destination in place of the source yet.</li>");
                html.Write($"<li>Look at <a href=\"#differences\">the windows that differ</a>, and make sure that nothing else writes to or deletes from the destination or changes old points of the source.</li>");
                html.Write($"<li>Run the same request once more with the same staging location: windows that differ are imported and verified again.</li>");
                break;
            default:
                html.Write($"<li>Remove the cause that is named above.</li>");
                html.Write($"<li>Run the same request once more with the same staging location. Chunks that are finished are skipped, and a point that is written again replaces itself: nothing is lost or doubled.");
                if (report.Stop is not null)
                    html.Write($" Resume with: <code class=\"command\">{report.Stop.ResumeWith}</code>");
                html.Write($"</li><li>Until then the destination is incomplete: don't use it in place of the source.</li>");
                break;
        }
    }

    private static void WriteLaterPoints(HtmlWriter html, MigrationReport report)
    {
        if (ExportSpan(report) is { } span)
            html.Write($"<li>Points that the source received after <span class=\"t\">{Instant(span.First)}</span> may be missing: if it still receives any, run once more for the time since.</li>");
    }

    private static void WriteKeyNumbers(HtmlWriter html, MigrationReport report)
    {
        var rejected = Total(report.LeftOut.Where(IsRejected).Select(left => left.Points));
        var quarantined = Total(report.LeftOut.Where(left => !IsRejected(left)).Select(left => left.Points));
        html.Write($"<section aria-label=\"Key numbers\"><dl class=\"tiles\">");
        WriteTile(html, "Points", Number(report.Points), "exported from the source", "");
        WriteTile(html, "Field values", Number(report.FieldValues), "in these points", "");
        WriteTile(html, "Left out", Number(rejected + quarantined), rejected + quarantined == 0
            ? "points rejected or quarantined"
            : Invariant($"points: {rejected:N0} rejected, {quarantined:N0} quarantined"), rejected + quarantined == 0 ? "" : "warn");
        WriteTile(html, "Windows that differ", Number(report.Differences.Count), Proof(report), report.Differences.Count == 0 ? "" : "bad");
        WriteTile(html, "Expired", Number(report.ExpiredPoints), "points older than the destination's retention: no loss", "");
        if (report.FurtherFieldValues > 0)
            WriteTile(html, "Already there", Number(report.FurtherFieldValues), "further field values in the reused bucket, left alone", "");
        var seconds = (report.Finished - report.Started).TotalSeconds;
        WriteTile(html, "Duration", Duration(seconds), "from start to end of this run", "");
        html.Write($"</dl></section>\n");
    }

    private static void WriteTile(HtmlWriter html, string label, string number, string detail, string tone)
    {
        html.Write($"<div class=\"tile {tone}\"><dt>{label}</dt><dd class=\"number\" style=\"--characters:{Math.Max(number.Length, 4)}\">{number}</dd><dd>{detail}</dd></div>");
    }

    private static void WriteRoute(HtmlWriter html, MigrationReport report)
    {
        html.Write($"<section class=\"route\" aria-label=\"Source and destination\">");
        WriteEnd(html, "Source", "source", report.Source, report.Request.Source, report.Request.Source.Bucket);
        html.Write($"<span class=\"arrow\" aria-label=\"to\" role=\"img\">→</span>");
        WriteEnd(html, "Destination", "destination", report.Destination, report.Request.Destination,
            report.Request.Destination.Bucket ?? report.Request.Source.Bucket);
        html.Write($"</section>\n");
    }

    private static void WriteEnd(HtmlWriter html, string name, string series, PlannedServer server, ServerRequest asked, string? bucket)
    {
        html.Write($"<div class=\"end {series}\"><h2>{name}</h2><p class=\"url\">{server.Url}</p>");
        html.Write($"<p>InfluxDB {server.Version}");
        if (asked.Org is not null)
            html.Write($" · org <b>{Cut(asked.Org)}</b>");
        if (bucket is not null)
            html.Write($" · bucket <b>{Cut(bucket)}</b></p></div>");
        else
            html.Write($" · all buckets</p></div>");
    }

    private static string Proof(MigrationReport report) => report.Request.Verify switch
    {
        VerifyMode.None => "nothing was read back",
        VerifyMode.Counts => "field values counted at both ends",
        _ when report.Verdict == Verdict.Stopped => "so far; the rest isn't compared yet",
        _ => "every point read back and compared",
    };

    private static bool IsRejected(LeftOutReport left) => string.Equals(left.Stage, "export", StringComparison.Ordinal);
}
