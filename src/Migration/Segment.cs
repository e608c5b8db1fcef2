namespace Migration;

/// <summary>
/// What one call of the export wrote of a chunk: some of its windows, in an object with a receipt of its own. Without a deadline
/// a chunk has one segment. Import and verify treat each segment as a chunk.
/// </summary>
/// <param name="Chunk">A chunk with the segment's id and windows.</param>
/// <param name="Pinned">The object that the sealed manifest pins for it.</param>
public sealed record Segment(Chunk Chunk, SealedChunk Pinned)
{
    /// <summary>The id of a chunk's segment, counted from 1; the first has the chunk's own.</summary>
    public static string IdOf(string chunk, int number) => number == 1 ? chunk : $"{chunk}.{number}";

    /// <summary>All segments of a sealed manifest in its order, which have every planned window once.</summary>
    /// <param name="plan">The plan, or a part of it.</param>
    /// <param name="manifest">The manifest, or the same part of it.</param>
    /// <exception cref="StagingException">The manifest does not fit the plan.</exception>
    public static IEnumerable<Segment> All(MigrationPlan plan, SealedManifest manifest)
    {
        if (manifest.PlanSha256 != plan.Sha256)
            throw Unfit("was sealed for another");
        return Walk(plan, manifest);
    }

    /// <summary>A segment of a sealed manifest by its id.</summary>
    /// <exception cref="StagingException">There is none.</exception>
    public static Segment Find(MigrationPlan plan, SealedManifest manifest, string id) =>
        All(plan, manifest).FirstOrDefault(segment => segment.Chunk.Id == id)
        ?? throw new StagingException($"'{StagingLayout.Manifest}' names no segment {id}");

    private static IEnumerable<Segment> Walk(MigrationPlan plan, SealedManifest manifest)
    {
        var next = 0;
        foreach (var chunk in plan.Chunks)
        {
            for (var (number, windows) = (1, 0); windows < chunk.Windows.Count; number++)
            {
                var pinned = next < manifest.Chunks.Count ? manifest.Chunks[next++] : null;
                var count = pinned?.Windows ?? chunk.Windows.Count;
                if (pinned is null || (pinned.Chunk, pinned.Segment, pinned.FirstWindow) != (chunk.Id, number, windows) || count < 1 || count > chunk.Windows.Count - windows)
                    throw Unfit($"does not have the window {windows} of the chunk {chunk.Id} where it comes in");
                yield return new Segment(Derive(chunk, number, windows, count), pinned);
                windows += count;
            }
        }
        if (next < manifest.Chunks.Count)
            throw Unfit($"has {manifest.Chunks[next].Chunk} besides the chunks of");
    }

    private static StagingException Unfit(string what) =>
        new($"'{StagingLayout.Manifest}' {what} '{StagingLayout.Plan}': they belong to different migrations, or one was changed; remove the manifest and run again to seal anew");

    /// <summary>The chunk that stands for a segment.</summary>
    /// <param name="chunk">The planned chunk.</param>
    /// <param name="number">The segment's number, counted from 1.</param>
    /// <param name="firstWindow">The index of its first planned window.</param>
    /// <param name="windows">How many planned windows it has; null for all that are left.</param>
    internal static Chunk Derive(Chunk chunk, int number, int firstWindow, int? windows) => chunk with
    {
        Id = IdOf(chunk.Id, number),
        Windows = [.. chunk.Windows.Skip(firstWindow).Take(windows ?? chunk.Windows.Count)],
    };
}
