using Functions;
using Migration;
namespace Infra;

/// <summary>What one handler may do, below <c>migrations/MIGRATION/</c> of the staging bucket and beyond.</summary>
/// <param name="Handler">The handler.</param>
/// <param name="Reads">Key patterns that it reads.</param>
/// <param name="Writes">Key patterns that it writes.</param>
/// <param name="Source">Whether it reads the source's secret.</param>
/// <param name="Destination">Whether it reads the destination's secret.</param>
/// <param name="Minutes">The longest invocation.</param>
/// <param name="Marks">Whether it reads and writes the marks of incremental migrations.</param>
internal sealed record FunctionRights(
    string Handler, IReadOnlyList<string> Reads, IReadOnlyList<string> Writes, bool Source, bool Destination, int Minutes, bool Marks = false)
{
    /// <summary>The longest that Lambda allows: what takes longer is continued by the next invocation.</summary>
    public const int MaximumMinutes = 15;

    private const string Receipts = "receipts/*";
    private const string Destinations = "destination/*";
    private static readonly string ExportReceipts = StagingLayout.ExportReceipt("*");
    private static readonly string ImportReceipts = StagingLayout.ImportReceipt("*");
    private static readonly string VerifyReceipts = StagingLayout.VerifyReceipt("*");
    private static readonly string Rejected = StagingLayout.Rejected("*");
    private static readonly string Quarantine = StagingLayout.Quarantine("*", 1);

    /// <summary>All handlers of the state machine, in the order of the flow.</summary>
    public static IReadOnlyList<FunctionRights> All { get; } =
    [
        new(
            HandlerNames.Validate, [DeployedLayout.Request, DeployedLayout.Lock, DeployedLayout.Incremental],
            [DeployedLayout.Request, DeployedLayout.Lock, DeployedLayout.Incremental], Source: false, Destination: false, Minutes: 2, Marks: true),
        new(
            HandlerNames.Plan, [DeployedLayout.Request, DeployedLayout.Incremental, StagingLayout.Plan, StagingKeys.Partial(HandlerNames.Plan), ExportReceipts, Destinations],
            [StagingLayout.Plan, StagingKeys.Items, Destinations], Source: true, Destination: true, MaximumMinutes),
        new(
            HandlerNames.Export, [DeployedLayout.Request, StagingKeys.PlanParts, StagingKeys.Chunks, ExportReceipts, Rejected],
            [StagingKeys.Chunks, ExportReceipts, Rejected], Source: true, Destination: false, MaximumMinutes),
        new(
            HandlerNames.Stage,
            [DeployedLayout.Request, StagingLayout.Plan, StagingLayout.Manifest, StagingKeys.Partial(HandlerNames.Stage), StagingKeys.Chunks, Receipts, Destinations],
            [StagingLayout.Manifest, StagingKeys.Items, Destinations], Source: false, Destination: true, MaximumMinutes),
        new(
            HandlerNames.Import,
            [DeployedLayout.Request, StagingKeys.PlanParts, StagingKeys.ManifestParts, StagingKeys.Chunks, ExportReceipts, ImportReceipts, Quarantine, Destinations],
            [ImportReceipts, Quarantine], Source: false, Destination: true, MaximumMinutes),
        // A window that differs is imported once more, so the verifier reads chunks and keeps what is refused then.
        new(
            HandlerNames.Verify, [DeployedLayout.Request, StagingKeys.PlanParts, StagingKeys.ManifestParts, StagingKeys.Chunks, Receipts, Quarantine, Destinations],
            [ImportReceipts, VerifyReceipts, Quarantine], Source: false, Destination: true, MaximumMinutes),
        new(
            HandlerNames.Report,
            [
                DeployedLayout.Request, DeployedLayout.Incremental, StagingLayout.Plan, StagingLayout.Manifest, Receipts, Rejected, Quarantine,
                Destinations, StagingKeys.Failures, StagingLayout.ReportJson, StagingLayout.ReportHtml,
            ],
            [StagingLayout.ReportJson, StagingLayout.ReportHtml, Destinations], Source: false, Destination: true, MaximumMinutes, Marks: true),
    ];

    /// <summary>The handler beside the flow, which touches no staged object; <see cref="SecretRotation"/> says which secrets are its.</summary>
    public static FunctionRights Rotate { get; } = new(HandlerNames.Rotate, [], [], Source: false, Destination: false, Minutes: 5);

    /// <summary>The handler's name as a construct id: <c>Export</c>.</summary>
    public string Id => IdOf(Handler);

    /// <summary>A handler's name as a construct id.</summary>
    public static string IdOf(string handler) => char.ToUpperInvariant(handler[0]) + handler[1..];

    /// <summary>Whether it talks to a server, which is the bottleneck.</summary>
    public bool MovesData => Handler is HandlerNames.Export or HandlerNames.Import or HandlerNames.Verify;
}
