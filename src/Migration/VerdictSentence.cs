using System.Globalization;

namespace Migration;

/// <summary>The verdict as a sentence, which claims no more than was done.</summary>
/// <param name="plan">The plan.</param>
/// <param name="points">Points that were exported.</param>
/// <param name="expired">Those of them that are older than the destination's retention.</param>
/// <param name="leftOut">Field values that were rejected or quarantined.</param>
/// <param name="differences">Windows that differ.</param>
public sealed class VerdictSentence(MigrationPlan plan, long points, long expired, long leftOut, int differences)
{
    /// <summary>What the source has and does not show, counted; null where it shows all.</summary>
    public static string? HiddenParts(IEnumerable<PlanRemark> remarks)
    {
        var hidden = remarks.ToLookup(remark => remark.Hidden);
        var parts = new[]
        {
            (Count: hidden[HiddenPart.Bucket].Count(), Name: "bucket"),
            (Count: hidden[HiddenPart.Measurement].Count(), Name: "measurement"),
            (Count: hidden[HiddenPart.Field].Count(), Name: "field"),
        }.Where(part => part.Count > 0).Select(part => Counted(part.Count, part.Name)).ToList();
        return parts.Count switch
        {
            0 => null,
            1 => parts[0],
            _ => $"{string.Join(", ", parts.SkipLast(1))} and {parts[^1]}",
        };
    }

    /// <summary>The sentence of a run that did everything.</summary>
    public string Of(Verdict verdict) => verdict switch
    {
        Verdict.Verified or Verdict.Unverified when points == 0 => $"Complete, but nothing was moved: {(plan.Unmatched.Count > 0 ? $"nothing matched {Unmatched}" : "the source shows no points")}.",
        Verdict.Verified => $"Complete: {Proof}.{UnmatchedToo}",
        Verdict.Unverified => $"Complete, but not verified: {Proof}.{UnmatchedToo}",
        Verdict.Incomplete => $"Complete but for {HiddenParts(plan.Remarks)} that the source does not show: {(points == 0 ? "it shows nothing else to move" : Proof)}.{UnmatchedToo}",
        Verdict.Quarantined => $"{Left}{HiddenToo}{UnmatchedToo}",
        Verdict.Different => $"{Counted(differences, "window")} {(differences == 1 ? "differs" : "differ")} at the destination.{(leftOut > 0 ? $" {Left}" : "")}{HiddenToo}{UnmatchedToo}",
        _ => throw new ArgumentOutOfRangeException(nameof(verdict), verdict, "a run that stopped has a sentence of its own"),
    };

    /// <summary>What is said besides of a run that stopped.</summary>
    public string HiddenToo => HiddenParts(plan.Remarks) is { } hidden ? $" The source does not show {hidden} that it has." : "";

    private string Left => $"{Counted(leftOut, "field value")} could not be written and {(leftOut == 1 ? "is" : "are")} kept in the staging folder with {(leftOut == 1 ? "the reason" : "their reasons")}; all others are across.";

    private string Unmatched => string.Join(", ", plan.Unmatched);

    private string UnmatchedToo => plan.Unmatched.Count > 0 ? $" Nothing matched {Unmatched}." : "";

    private string Proof => (plan.Request.Verify, expired) switch
    {
        (_, > 0) when expired >= points => $"{(points == 1 ? "the only point that was exported is" : $"all {Number(points)} points that were exported are")} older than the destination's retention and expired there, so none is left to compare",
        (VerifyMode.None, 0) => "the destination accepted every point, and --verify none left the proof out",
        (VerifyMode.None, _) => $"{Expired}; it accepted all others, and --verify none left the proof out",
        (VerifyMode.Counts, 0) => "every field value that was exported was counted at the destination",
        (VerifyMode.Counts, _) => $"{Expired}; every field value of the others was counted at the destination",
        (_, 0) => "every point that was exported was read back from the destination and is the same",
        _ when points - expired == 1 => $"{Expired}; the other one was read back from the destination and is the same",
        _ => $"{Expired}; each of the other {Number(points - expired)} was read back from the destination and is the same",
    };

    private string Expired => $"of {Number(points)} points that were exported {Number(expired)} {(expired == 1 ? "is" : "are")} older than the destination's retention and expired there";

    private static string Number(long count) => count.ToString("N0", CultureInfo.InvariantCulture);

    private static string Counted(long count, string one) => count == 1 ? $"1 {one}" : $"{Number(count)} {one}s";
}
