using Functions;
namespace Infra;

/// <summary>What one handler may do, below <c>migrations/MIGRATION/</c> of the staging bucket and beyond.</summary>
/// <param name="Handler">The handler.</param>
/// <param name="Reads">Key patterns that it reads.</param>
/// <param name="Writes">Key patterns that it writes.</param>
/// <param name="Source">Whether it reads the source's secret.</param>
/// <param name="Destination">Whether it reads the destination's secret.</param>
/// <param name="Minutes">The longest invocation.</param>
internal sealed record FunctionRights(
    string Handler, IReadOnlyList<string> Reads, IReadOnlyList<string> Writes, bool Source, bool Destination, int Minutes)
{
    /// <summary>The longest that Lambda allows: what takes longer is continued by the next invocation.</summary>
    public const int MaximumMinutes = 15;

    /// <summary>All handlers of the state machine, in the order of the flow.</summary>
    public static IReadOnlyList<FunctionRights> All { get; } =
    [
        new(HandlerNames.Validate, ["request.json", "lock.json"], ["request.json", "lock.json"], Source: false, Destination: false, Minutes: 2),
        new(HandlerNames.Plan, ["request.json", "plan.json", "receipts/*", "destination/*"],
            ["plan.json", "items/*", "destination/*"], Source: true, Destination: true, MaximumMinutes),
        new(HandlerNames.Export, ["request.json", "plan.json", "chunks/*", "receipts/export/*", "rejected/*"],
            ["chunks/*", "receipts/export/*", "rejected/*"], Source: true, Destination: false, MaximumMinutes),
        new(HandlerNames.Stage, ["request.json", "plan.json", "manifest.json", "chunks/*", "receipts/*", "destination/*"],
            ["manifest.json", "items/*", "destination/*"], Source: false, Destination: true, MaximumMinutes),
        new(HandlerNames.Import, ["request.json", "plan.json", "manifest.json", "chunks/*", "receipts/*", "quarantine/*", "destination/*"],
            ["receipts/import/*", "quarantine/*"], Source: false, Destination: true, MaximumMinutes),
        // A window that differs is imported once more, so the verifier reads chunks and keeps what is refused then.
        new(HandlerNames.Verify, ["request.json", "plan.json", "manifest.json", "chunks/*", "receipts/*", "quarantine/*", "destination/*"],
            ["receipts/import/*", "receipts/verify/*", "quarantine/*"], Source: false, Destination: true, MaximumMinutes),
        new(HandlerNames.Report,
            ["request.json", "lock.json", "plan.json", "manifest.json", "receipts/*", "rejected/*", "quarantine/*", "destination/*", "failures/*", "report.json"],
            ["report.json", "report.html", "destination/*"], Source: false, Destination: true, MaximumMinutes),
    ];

    /// <summary>The handler's name as a construct id: <c>Export</c>.</summary>
    public string Id => IdOf(Handler);

    /// <summary>A handler's name as a construct id.</summary>
    public static string IdOf(string handler) => char.ToUpperInvariant(handler[0]) + handler[1..];

    /// <summary>Whether it talks to a server, which is the bottleneck.</summary>
    public bool MovesData => Handler is HandlerNames.Export or HandlerNames.Import or HandlerNames.Verify;
}
