namespace Migration;

/// <summary>The keys of a migration's objects below its folder or prefix; the format is described in docs/staging-format.md.</summary>
public static class StagingLayout
{
    /// <summary>The version of the format.</summary>
    public const int Format = 4;

    /// <summary>The list of chunks.</summary>
    public const string Plan = "plan.json";

    /// <summary>The sealed list of exported objects: the importer's only input.</summary>
    public const string Manifest = "manifest.json";

    /// <summary>The answer to the operator, for programs.</summary>
    public const string ReportJson = "report.json";

    /// <summary>The answer to the operator, for people.</summary>
    public const string ReportHtml = "report.html";

    /// <summary>The folder of the exported chunks.</summary>
    public const string Chunks = "chunks/";

    /// <summary>The folder of the proofs of export.</summary>
    public const string ExportReceipts = "receipts/export/";

    /// <summary>The folder of the proofs of import.</summary>
    public const string ImportReceipts = "receipts/import/";

    // Where a key has a chunk's id it is that of the segment (Segment.IdOf).

    /// <summary>A chunk's line protocol: gzip members, each one write batch.</summary>
    public static string Chunk(string chunk) => $"{Chunks}{chunk}.lp.gz";

    /// <summary>Points that the destination's line protocol can't hold, found at export.</summary>
    public static string Rejected(string chunk) => $"rejected/{chunk}.jsonl";

    /// <summary>Lines that the destination refused in one call of the import, counted from 1.</summary>
    public static string Quarantine(string chunk, int call) => call == 1 ? $"quarantine/{chunk}.jsonl" : $"quarantine/{chunk}_{call}.jsonl";

    /// <summary>The proof of a chunk's export.</summary>
    public static string ExportReceipt(string chunk) => $"{ExportReceipts}{chunk}.json";

    /// <summary>The proof of a chunk's import.</summary>
    public static string ImportReceipt(string chunk) => $"{ImportReceipts}{chunk}.json";

    /// <summary>What a deadline cut short of a chunk's import.</summary>
    public static string PartialImport(string chunk) => $"{ImportReceipts}{chunk}.partial.json";

    /// <summary>The proof of a chunk's verification.</summary>
    public static string VerifyReceipt(string chunk) => $"receipts/verify/{chunk}.json";

    /// <summary>What a deadline cut short of a chunk's verification.</summary>
    public static string PartialVerify(string chunk) => $"receipts/verify/{chunk}.partial.json";

    /// <summary>What this run did to a destination bucket.</summary>
    public static string Destination(int pair) => $"destination/{pair:D3}.json";
}
