using Influx;

namespace Migration;

/// <summary>How fast it was: the stages, and the chunks that took longest.</summary>
public static partial class ReportHtml
{
    private const int MostChunks = 20;

    private static void WriteStages(HtmlWriter html, MigrationReport report)
    {
        html.Write($"<section id=\"stages\"><h2>Throughput</h2>");
        if (report.Stages.Count == 0)
        {
            html.Write($"<p class=\"empty\">{(report.Verdict == Verdict.Stopped ? "No stage was finished." : "No stage had anything to do.")}</p></section>\n");
            return;
        }
        var fastest = report.Stages.Max(PerSecond);
        var longest = report.Stages.Max(stage => stage.Seconds);
        OpenTable(html, "Stages in the order of the flow");
        html.Write($"<thead><tr><th scope=\"col\">Stage<th scope=\"col\" class=\"n\">Time<th scope=\"col\" class=\"n\">Field values/s<th scope=\"col\" class=\"n\">MB/s<th scope=\"col\" class=\"n\">Chunks<th scope=\"col\" class=\"n\">Skipped<th scope=\"col\" class=\"n\">Points<th scope=\"col\" class=\"n\">Field values<th scope=\"col\" class=\"n\">Staged<th scope=\"col\" class=\"n\">Retries</tr></thead><tbody>");
        foreach (var stage in report.Stages)
        {
            html.Write($"<tr><th scope=\"row\">{stage.Name}<td class=\"n\">{Duration(stage.Seconds)}");
            WriteBar(html, "time", stage.Seconds, longest);
            html.Write($"<td class=\"n\">{Rate(stage.FieldValues, stage.Seconds)}");
            WriteBar(html, "rate", PerSecond(stage), fastest);
            html.Write($"<td class=\"n\">{MegabytesPerSecond(stage.Bytes, stage.Seconds)}<td class=\"n\">{stage.Chunks}<td class=\"n\">{stage.Skipped}<td class=\"n\">{stage.Points}<td class=\"n\">{stage.FieldValues}<td class=\"n\">{Size(stage.Bytes)}");
            html.Write($"<td class=\"n{(stage.Retries > 0 ? " warn" : "")}\">{stage.Retries}</tr>");
        }
        CloseTable(html);
        html.Write($"<p class=\"rest\">Skipped: chunks that an earlier run had finished. MB are 1,000,000 bytes of staged objects, which are compressed. Stages overlap in time.</p></section>\n");
    }

    private static double PerSecond(StageReport stage) => stage.Seconds > 0 ? stage.FieldValues / stage.Seconds : 0;

    private static void WriteBar(HtmlWriter html, string kind, double value, double most)
    {
        if (value > 0 && most > 0)
            html.Write($"<span class=\"bar\"><i class=\"{kind}\" style=\"width:{Percent(value / most)}%\"></i></span>");
    }

    private static void WriteLongestChunks(HtmlWriter html, MigrationReport report)
    {
        html.Write($"<section id=\"chunks\"><h2>Longest chunks</h2>");
        if (report.Chunks.Count == 0)
        {
            html.Write($"<p class=\"empty\">There are no chunks.</p></section>\n");
            return;
        }
        if (ExportSpan(report) is { } span)
        {
            html.Write($"<p><b>Exported at</b> <span class=\"t\">{Instant(span.First)}</span>");
            if (span.First != span.Last)
                html.Write($" (the first chunk) to <span class=\"t\">{Instant(span.Last)}</span> (the last)");
            html.Write($". What the source received after a chunk's instant is not this run's business.</p>");
        }
        var shown = report.Chunks.Take(MostChunks).ToList();
        var longest = shown.Max(chunk => Seconds(chunk));
        html.Write($"<ul class=\"legend\"><li><i class=\"swatch source\"></i>Export</li><li><i class=\"swatch destination\"></i>Import</li><li><i class=\"swatch verify\"></i>Verification</li></ul>");
        OpenTable(html, shown.Count == report.Chunks.Count
            ? "All chunks, the longest first"
            : Invariant($"The {shown.Count} longest of {Counted(report.Chunks.Count, "chunk")}"));
        html.Write($"<thead><tr><th scope=\"col\">Chunk<th scope=\"col\" class=\"n\">Time<th scope=\"col\">Measurement<th scope=\"col\" class=\"n\">Export<th scope=\"col\" class=\"n\">Import<th scope=\"col\" class=\"n\">Verification<th scope=\"col\" class=\"n\">Points<th scope=\"col\" class=\"n\">Field values<th scope=\"col\" class=\"n\">Staged<th scope=\"col\">Start and stop<th scope=\"col\">Exported at</tr></thead><tbody>");
        foreach (var chunk in shown)
        {
            html.Write($"<tr><th scope=\"row\"><code>{Cut(chunk.Id)}</code><td class=\"n\">{Duration(Seconds(chunk))}<span class=\"bar\">");
            foreach (var (kind, seconds) in new[] { ("source", chunk.ExportSeconds), ("destination", chunk.ImportSeconds), ("verify", chunk.VerifySeconds) })
            {
                if (seconds > 0 && longest > 0)
                    html.Write($"<i class=\"{kind}\" style=\"width:{Percent(seconds / longest)}%\"></i>");
            }
            html.Write($"</span><td class=\"name\"><code>{Cut(chunk.Measurement)}</code><td class=\"n\">{Duration(chunk.ExportSeconds)}<td class=\"n\">{Duration(chunk.ImportSeconds)}<td class=\"n\">{Duration(chunk.VerifySeconds)}");
            html.Write($"<td class=\"n\">{chunk.Points}<td class=\"n\">{chunk.FieldValues}<td class=\"n\">{Size(chunk.Bytes)}<td class=\"t\">{Timestamp.Format(chunk.Start)}<br>{WindowStop(chunk.Stop)}<td class=\"t\">{(chunk.Exported == default ? None : Instant(chunk.Exported))}</tr>");
        }
        CloseTable(html);
        html.Write($"</section>\n");
    }

    private static double Seconds(ChunkReport chunk) => chunk.ExportSeconds + chunk.ImportSeconds + chunk.VerifySeconds;

    /// <summary>The first and the last instant of export; null when no chunk was exported.</summary>
    private static (DateTimeOffset First, DateTimeOffset Last)? ExportSpan(MigrationReport report)
    {
        var instants = report.Chunks.Select(chunk => chunk.Exported).Where(instant => instant != default).ToList();
        return instants.Count == 0 ? null : (instants.Min(), instants.Max());
    }
}
