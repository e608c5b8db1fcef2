namespace Migration;

/// <summary>The segments of one chunk that are exported, in their order: each begins where the one before ended.</summary>
/// <param name="store">The staging store.</param>
/// <param name="plan">The plan.</param>
/// <param name="chunk">The chunk.</param>
public sealed class SegmentChain(IStagingStore store, MigrationPlan plan, Chunk chunk)
{
    private readonly List<(ExportReceipt Receipt, string Sha256)> segments = [];

    /// <summary>Whether every planned window of a chunk is exported.</summary>
    /// <exception cref="StagingException">A receipt does not fit; it is named.</exception>
    public static async Task<bool> IsExportedAsync(IStagingStore store, MigrationPlan plan, Chunk chunk, CancellationToken cancellationToken)
    {
        var chain = new SegmentChain(store, plan, chunk);
        await chain.FollowAsync(cancellationToken);
        return chain.IsWhole;
    }

    /// <summary>The receipts so far with the SHA-256 of their bytes.</summary>
    public IReadOnlyList<(ExportReceipt Receipt, string Sha256)> Segments => segments;

    /// <summary>How many planned windows they cover.</summary>
    public int Windows { get; private set; }

    /// <summary>Whether they cover the chunk.</summary>
    public bool IsWhole => Windows == chunk.Windows.Count;

    /// <summary>The chunk that stands for what is not exported yet, as the next segment.</summary>
    public Chunk Rest => Segment.Derive(chunk, segments.Count + 1, Windows, windows: null);

    /// <summary>Reads the receipts that follow, as far as they are there.</summary>
    /// <exception cref="StagingException">A receipt does not fit; it is named.</exception>
    public async Task FollowAsync(CancellationToken cancellationToken)
    {
        while (!IsWhole)
        {
            var key = StagingLayout.ExportReceipt(Segment.IdOf(chunk.Id, segments.Count + 1));
            if (await store.ReadHashedAsync(key, MigrationJson.Default.ExportReceipt, cancellationToken) is not { } next)
                return;
            Add(key, next.Value, next.Sha256);
        }
    }

    private void Add(string key, ExportReceipt receipt, string sha256)
    {
        // Receipts of the formats before 4 name no plan.
        if (receipt.PlanSha256 is { } followed && plan.Sha256 is { } own && followed != own)
            throw Wrong(key, $"follows another '{StagingLayout.Plan}' than the one that is there now");
        if (receipt.FirstWindow > Windows)
            throw Wrong(key, $"leaves the windows {Windows} to {receipt.FirstWindow - 1} of the chunk {chunk.Id} out: no segment has them");
        if (receipt.FirstWindow < Windows)
            throw Wrong(key, $"has the windows {receipt.FirstWindow} to {Windows - 1} of the chunk {chunk.Id} once more: the segment before has them");
        // Receipts of format 1 name no windows: they have all.
        var count = receipt.WindowCount ?? chunk.Windows.Count;
        if (count < 1 || count > chunk.Windows.Count - Windows)
            throw Wrong(key, $"speaks of {count} windows where the plan of the chunk {chunk.Id} has {chunk.Windows.Count - Windows} left");
        if (!Covers(chunk.Windows.Skip(Windows).Take(count), receipt.Windows))
            throw Wrong(key, $"has other windows than the plan of the chunk {chunk.Id}");
        if (ReceiptRules.Problem(receipt, Segment.IdOf(chunk.Id, segments.Count + 1)) is { } problem)
            throw Wrong(key, problem);
        segments.Add((receipt, sha256));
        Windows += count;
    }

    // A planned window may have been cut where the source gave it up, but nothing may be left out or be there twice.
    private static bool Covers(IEnumerable<PlannedWindow> planned, IReadOnlyList<WindowContent> exported)
    {
        var at = 0;
        foreach (var window in planned)
        {
            for (var start = window.Start; start < window.Stop; start = exported[at++].Stop)
            {
                if (at == exported.Count || exported[at].Start != start || exported[at].Stop <= start || exported[at].Stop > window.Stop)
                    return false;
            }
        }
        return at == exported.Count;
    }

    private StagingException Wrong(string key, string what) =>
        new($"'{key}' in {store.Location} {what}. Remove it and '{StagingLayout.Manifest}', and run the same command again to export it anew");
}
