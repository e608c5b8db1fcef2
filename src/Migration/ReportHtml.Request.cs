namespace Migration;

/// <summary>What the source's schema needed, and what was asked for.</summary>
public static partial class ReportHtml
{
    private static void WriteRemarks(HtmlWriter html, MigrationReport report)
    {
        html.Write($"<section id=\"remarks\"><h2>Schema remarks</h2>");
        if (report.Remarks.Count == 0)
        {
            html.Write($"<p class=\"empty\">Nothing in the source's schema needed care.</p></section>\n");
            return;
        }
        WriteEntries(html, report.Remarks, "remarks", remark =>
        {
            var hidden = remark.Hidden != HiddenPart.None;
            html.Write($"<p><span class=\"badge {(remark.Rejects || hidden ? "warn" : "")}\">{(hidden ? "Not shown by the source" : remark.Rejects ? "Rejects points" : "Remark")}</span>");
            if (remark.Measurement.Length > 0)
                html.Write($" <code>{Cut(remark.Measurement)}</code> in");
            html.Write($" {Cut(remark.Bucket)}</p>");
            html.Write($"<p>{Cut(remark.Text, 1000)}</p>");
        });
        html.Write($"</section>\n");
    }

    private static void WriteRequest(HtmlWriter html, MigrationReport report)
    {
        var request = report.Request;
        html.Write($"<section id=\"request\"><h2>Request and staging</h2><dl class=\"pairs\">");
        WritePair(html, "Staging location", report.Staging);
        WritePair(html, "Source", $"{request.Source.Url}, {Asked(request.Source, request.Full)}");
        WritePair(html, "Destination", $"{request.Destination.Url}, {Asked(request.Destination, request.Full)}");
        WritePair(html, "Start", request.Start ?? "that of the source");
        WritePair(html, "Stop", request.Stop ?? "that of the source");
        WritePair(html, "Measurements", request.Measurements.Count == 0 ? "all" : string.Join(", ", request.Measurements));
        if (request.ExcludeMeasurements.Count > 0)
            WritePair(html, "Left out", string.Join(", ", request.ExcludeMeasurements));
        if (request.Tags.Count > 0)
            WritePair(html, "Tags", string.Join(", ", request.Tags.Select(tag => $"{tag.Key}={tag.Value}")));
        if (request.BucketMap.Count > 0)
            WritePair(html, "Destination names", string.Join(", ", request.BucketMap.Select(pair => $"{pair.Key} → {pair.Value}")));
        WritePair(html, "Verification", Words(request.Verify));
        WritePair(html, "Existing bucket", request.Existing == ExistingBucket.Fail ? "fail: stop before anything is written" : "reuse: write into it, leave alone what it holds");
        WritePair(html, "Retention", request.Retention == RetentionMode.Keep ? "keep: older points expire" : "widen: lifted during the load, put back afterwards");
        WritePair(html, "Concurrency", Counted(request.Concurrency, "chunk at a time", "chunks at a time"));
        WritePair(html, "Chunk size", $"about {Number(request.ChunkFieldValues)} field values");
        if (request.CaFile is not null)
            WritePair(html, "CA file", request.CaFile);
        if (request.SkipVerify)
            WritePair(html, "TLS", "the servers' certificates were not checked");
        WritePair(html, "Run", $"{Instant(report.Started)} to {Instant(report.Finished)}");
        html.Write($"</dl></section>\n");
    }

    private static void WritePair(HtmlWriter html, string name, string value) =>
        html.Write($"<dt>{name}<dd>{Cut(value, 1000)}");

    private static string Asked(ServerRequest asked, bool full)
    {
        var org = asked.Org is null ? "" : $"org {asked.Org}, ";
        return org + (asked.Bucket is not null ? $"bucket {asked.Bucket}" : full ? "all buckets" : "bucket of the same name");
    }

    private static string Words(VerifyMode mode) => mode switch
    {
        VerifyMode.Content => "content: every point is read back and compared",
        VerifyMode.Counts => "counts: field values are counted at both ends",
        _ => "none",
    };
}
