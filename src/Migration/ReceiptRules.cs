using Influx;

namespace Migration;

/// <summary>
/// What the numbers of a receipt must be to be believed: those of an export fit each other, those of an import or a verification fit the
/// export's. A receipt may be sealed and yet say what never was.
/// </summary>
internal static class ReceiptRules
{
    /// <summary>What is wrong with an export receipt, in words that follow its key; null when nothing is.</summary>
    /// <param name="receipt">The receipt.</param>
    /// <param name="segment">The id of the segment that it was read for.</param>
    public static string? Problem(ExportReceipt receipt, string segment)
    {
        if (receipt.Chunk != segment || receipt.Key != StagingLayout.Chunk(segment))
            return $"is the receipt of '{receipt.Key}'";
        if (receipt.Rejected.Any(left => left.Points < 1 || left.FieldValues < left.Points))
            return "has a reason of rejection with no points, or with fewer field values than points";
        return MembersProblem(receipt) ?? WindowsProblem(receipt);
    }

    /// <summary>What is wrong with an import receipt, in words that follow its key; null when nothing is.</summary>
    public static string? Problem(ImportReceipt receipt, ExportReceipt export)
    {
        if (receipt.Chunk != export.Chunk || receipt.Sha256 != export.Sha256)
            return $"is the receipt of another object than '{export.Key}'";
        var points = receipt.ExpiredPoints + Sum(receipt.Quarantined, left => left.Points);
        var values = receipt.ExpiredFieldValues + Sum(receipt.Quarantined, left => left.FieldValues);
        if ((receipt.Points + points, receipt.FieldValues + values) != (export.Points, export.FieldValues))
            return $"accounts for {receipt.FieldValues + values} field values of the {export.FieldValues} that were exported";
        if ((Sum(receipt.Removed, removed => removed.Points), Sum(receipt.Removed, removed => removed.FieldValues)) != (points, values))
            return $"took {Sum(receipt.Removed, removed => removed.FieldValues)} field values out of its windows, but counts {values} as expired or quarantined";
        var windows = export.Windows.ToDictionary(window => window.Range);
        var taken = receipt.Removed.FirstOrDefault(removed =>
            !windows.Remove(removed.Range, out var window) || removed.FieldValues > window.FieldValues || removed.Points > window.Points || removed.FieldValues < 0);
        return taken is null ? null : $"took {taken.FieldValues} field values out of {taken.Range}, which the export did not have there";
    }

    /// <summary>What is wrong with a verification's receipt, in words that follow its key; null when nothing is.</summary>
    public static string? Problem(VerifyReceipt receipt, ExportReceipt export, ImportReceipt import, VerifyMode mode)
    {
        if (receipt.Chunk != export.Chunk || receipt.Sha256 != export.Sha256)
            return $"is the receipt of another object than '{export.Key}'";
        if (receipt.Mode != mode)
            return $"proves by {receipt.Mode}, and {mode} is asked for";
        if (receipt.Windows != export.Windows.Count || receipt.Found.Count != receipt.Windows)
            return $"compared {receipt.Windows} windows, where {export.Windows.Count} were exported";
        if (Sum(receipt.Found, found => found) != receipt.FieldValues)
            return $"has windows of {Sum(receipt.Found, found => found)} field values together, and says {receipt.FieldValues}";
        var differing = receipt.Differences.Select(difference => new TimeRange(difference.Start, difference.Stop)).ToHashSet();
        var removed = import.Removed.ToDictionary(content => content.Range);
        var whole = default(ContentDigest);
        for (var i = 0; i < export.Windows.Count; i++)
        {
            var window = export.Windows[i];
            var (digest, values) = window.Without(removed.GetValueOrDefault(window.Range) ?? new WindowContent());
            whole += digest;
            if (receipt.Found[i] != values && !differing.Contains(window.Range))
                return $"found {receipt.Found[i]} field values in {window.Range} and no difference, where {values} should be";
        }
        // Receipts of the formats before 4 have no digest.
        return mode == VerifyMode.Content && differing.Count == 0 && receipt.Digest is { } found && found != whole.ToString()
            ? "has another digest than the export, and no difference"
            : null;
    }

    /// <summary>Whether an import can go on from where it was cut short.</summary>
    public static bool Fits(PartialImport partial, ExportReceipt export)
    {
        var (done, written) = (partial.SoFar, export.Members.Take(partial.NextMember).ToList());
        return done.Sha256 == export.Sha256 && written.Count == partial.NextMember
            && done.FieldValues + done.ExpiredFieldValues + Sum(done.Quarantined, left => left.FieldValues) == Sum(written, member => member.FieldValues);
    }

    /// <summary>Whether a verification can go on from where it was cut short.</summary>
    public static bool Fits(PartialVerify partial, ExportReceipt export, VerifyMode mode)
    {
        var done = partial.SoFar;
        // Those of the formats before 4 have no digest to go on with.
        return done.Sha256 == export.Sha256 && done.Mode == mode && partial.NextWindow <= export.Windows.Count
            && done.Windows == partial.NextWindow && done.Found.Count == partial.NextWindow && (done.Digest is not null || mode != VerifyMode.Content);
    }

    private static string? MembersProblem(ExportReceipt receipt)
    {
        var at = 0L;
        foreach (var member in receipt.Members)
        {
            if (member.Offset != at)
                return $"has a member at byte {member.Offset} of its object, where the one before ends at {at}";
            if (member.Length < 1 || member.Points < 1 || member.FieldValues < member.Points)
                return $"has a member of {member.Length} bytes with {member.Points} points and {member.FieldValues} field values";
            at += member.Length;
        }
        // The object of an empty segment is a gzip file of nothing.
        if (receipt.Members.Count > 0 && at != receipt.Bytes)
            return $"has members of {at} bytes together for an object of {receipt.Bytes} bytes";
        var (points, values) = (Sum(receipt.Members, member => member.Points), Sum(receipt.Members, member => member.FieldValues));
        return (points, values) == (receipt.Points, receipt.FieldValues)
            ? null
            : $"has members of {points} points and {values} field values together, and says {receipt.Points} and {receipt.FieldValues}";
    }

    private static string? WindowsProblem(ExportReceipt receipt)
    {
        var next = 0;
        foreach (var window in receipt.Windows)
        {
            if (window.FirstMember != next || window.Members < 0 || window.Members > receipt.Members.Count - next)
                return $"gives {window.Range} the members from {window.FirstMember} on, where the window before it ends with {next - 1} of {receipt.Members.Count}";
            var (points, values) = (0L, 0L);
            for (; next < window.FirstMember + window.Members; next++)
                (points, values) = (points + receipt.Members[next].Points, values + receipt.Members[next].FieldValues);
            if ((points, values) != (window.Points, window.FieldValues))
                return $"has members of {points} points and {values} field values for {window.Range}, and says {window.Points} and {window.FieldValues}";
            if (Sum(window.Fields, field => field.Count) != values || window.Fields.Any(field => field.Count < 1))
                return $"has fields of {Sum(window.Fields, field => field.Count)} values together in {window.Range}, and says {values}";
            if (!IsDigest(window.Digest) || (values == 0 && window.Digest != default(ContentDigest).ToString()))
                return $"has no digest of {values} field values in {window.Range}";
        }
        return next == receipt.Members.Count ? null : $"leaves the members from {next} on to no window";
    }

    private static bool IsDigest(string text) => text.Length == 32 && text.All(char.IsAsciiHexDigitLower);

    // Not LINQ's, which throws where a number is absurd; such a sum is wrong all the same.
    private static long Sum<T>(IEnumerable<T> items, Func<T, long> number)
    {
        var sum = 0L;
        foreach (var item in items)
            sum = unchecked(sum + number(item));
        return sum;
    }
}
