using System.Security.Cryptography;
using System.Text;
using Influx;
using Migration;
using static Influx.ShownText;

namespace Cli;

/// <summary>What a comparison of two live servers found, in words: the whole of it, or so much that a person reads it.</summary>
/// <param name="report">What was found.</param>
internal sealed class VerifyView(ComparisonReport report)
{
    // What a person reads on a terminal: where it differs most.
    private const int MostMeasurements = 20;
    private const int MostWindows = 3;

    /// <summary>Writes it.</summary>
    /// <param name="output">Where to.</param>
    /// <param name="verbose">Whether all is written; else what is too much goes into a file.</param>
    public async Task ShowAsync(TextWriter output, bool verbose)
    {
        var whole = Text(int.MaxValue, int.MaxValue);
        var shown = verbose ? whole : Text(MostMeasurements, MostWindows);
        await output.WriteAsync(shown);
        if (shown != whole)
            await output.WriteLineAsync(await KeepAsync(whole));
        await output.WriteLineAsync(Verdict());
    }

    private string Text(int mostMeasurements, int mostWindows)
    {
        var text = new StringBuilder();
        text.Append(Invariant($"source       {report.Source.Url} (InfluxDB {report.Source.Version})\ndestination  {report.Destination.Url} (InfluxDB {report.Destination.Version})\n"));
        // The order stays where all are shown.
        var first = report.Measurements.OrderByDescending(Weight).Take(mostMeasurements).ToHashSet();
        foreach (var measurement in report.Measurements.Where(first.Contains))
        {
            text.Append(Invariant($"{Line(measurement.SourceBucket)} -> {Line(measurement.DestinationBucket)}  {Line(measurement.Measurement)}: {Words(measurement)}\n"));
            foreach (var difference in measurement.Differences.OrderByDescending(Weight).Take(mostWindows).OrderBy(difference => difference.Start))
            {
                text.Append(Invariant($"  {new TimeRange(difference.Start, difference.Stop)}: {Amounts(difference.Missing, difference.Extra, difference.Changed)}\n"));
                foreach (var example in difference.Examples)
                    text.Append(Invariant($"    {Line(example)}\n"));
            }
            if (measurement.Differences.Count > mostWindows)
                text.Append(Invariant($"  and {Counted(measurement.Differences.Count - mostWindows, "further window")}\n"));
        }
        var others = report.Measurements.Where(measurement => !first.Contains(measurement)).ToList();
        var differing = others.Count(measurement => measurement.Differences.Count > 0);
        if (differing > 0)
            text.Append(Invariant($"{Counted(differing, "further measurement")} with differences\n"));
        if (others.Count > differing)
            text.Append(Invariant($"{Counted(others.Count - differing, "further measurement")} without any\n"));
        AddRemarks(text, "source", report.SourceRemarks, mostMeasurements);
        AddRemarks(text, "destination", report.DestinationRemarks, mostMeasurements);
        return text.ToString();
    }

    private static void AddRemarks(StringBuilder text, string end, IReadOnlyList<PlanRemark> remarks, int most)
    {
        foreach (var remark in remarks.Take(most))
            text.Append(Invariant($"{(remark.Hidden == HiddenPart.None ? "note" : "not compared")}: {end} {Line(remark.Bucket)} {Line(remark.Measurement)}: {Line(remark.Text)}\n"));
        if (remarks.Count > most)
            text.Append(Invariant($"and {Counted(remarks.Count - most, "further remark")} on the {end}\n"));
    }

    private string Verdict()
    {
        var differing = report.Measurements.SelectMany(measurement => measurement.Differences).ToList();
        var kind = report.Request.Verify == VerifyMode.Counts ? "counts of field values" : "field values";
        var windows = report.Measurements.Sum(measurement => measurement.Windows);
        var compared = $"{Counted(report.Measurements.Count, "measurement")}, {Counted(windows, "window")}, {report.Measurements.Sum(measurement => measurement.SourceFieldValues):N0} field values of the source";
        var verdict = report.Different ? $"Different: {Counted(differing.Count(report.IsDifferent), "window")} of {windows:N0} ({compared})"
            : differing.Count > 0 ? $"Equal: the destination has all {kind} of the source, and further ones in {Counted(differing.Count, "window")} ({compared})"
            : $"Equal: the {kind} are the same at both ends ({compared})";
        foreach (var (end, remarks) in new[] { ("source", report.SourceRemarks), ("destination", report.DestinationRemarks) })
        {
            if (VerdictSentence.HiddenParts(remarks) is { } hidden)
                verdict += $"\nIncomplete: the {end} does not show {hidden} that it has";
        }
        return report.Unmatched.Count == 0 ? verdict : $"{verdict}\nnothing matched {Line(string.Join(", ", report.Unmatched))}";
    }

    private async Task<string> KeepAsync(string whole)
    {
        var name = $"influx-verify-{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(report.Request.Identity())))[..8]}.txt";
        try
        {
            await File.WriteAllTextAsync(name, $"{whole}{Verdict()}\n");
            return $"all of it: {Path.GetFullPath(name)} (or --verbose)";
        }
        catch (Exception unwritable) when (unwritable is IOException or UnauthorizedAccessException)
        {
            return $"all of it: --verbose (it could not be kept in a file: {unwritable.Message})";
        }
    }

    private static long Weight(MeasurementComparison measurement) => measurement.Differences.Sum(Weight);

    private static long Weight(WindowDifference difference) => difference.Missing + difference.Extra + difference.Changed;

    private static string Words(MeasurementComparison measurement)
    {
        var differences = measurement.Differences;
        return differences.Count == 0
            ? $"equal, {Counted(measurement.Windows, "window")}, {measurement.SourceFieldValues:N0} field values"
            : $"{Amounts(differences.Sum(one => one.Missing), differences.Sum(one => one.Extra), differences.Sum(one => one.Changed))} in {Counted(differences.Count, "window")} of {measurement.Windows:N0} "
                + $"({measurement.SourceFieldValues:N0} field values at the source, {measurement.DestinationFieldValues:N0} at the destination)";
    }

    private static string Amounts(long missing, long extra, long changed) => missing + extra + changed == 0 ? "other digests" : string.Join(", ", new[]
    {
        (Count: missing, Kind: "missing"), (Count: extra, Kind: "extra at the destination"), (Count: changed, Kind: "changed"),
    }.Where(amount => amount.Count > 0).Select(amount => $"{amount.Count:N0} {amount.Kind}"));

    private static string Counted(long count, string one) => count == 1 ? $"1 {one}" : $"{count:N0} {one}s";

    private static string Invariant(FormattableString text) => FormattableString.Invariant(text);
}
