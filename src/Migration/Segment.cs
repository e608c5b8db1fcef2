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

    /// <summary>All segments of a sealed manifest in its order.</summary>
    /// <exception cref="StagingException">The manifest names a chunk that is not planned.</exception>
    public static IEnumerable<Segment> All(MigrationPlan plan, SealedManifest manifest)
    {
        var chunks = plan.Chunks.ToDictionary(chunk => chunk.Id, StringComparer.Ordinal);
        foreach (var pinned in manifest.Chunks)
        {
            if (!chunks.TryGetValue(pinned.Chunk, out var chunk))
                throw new StagingException($"'{StagingLayout.Manifest}' names the chunk {pinned.Chunk}, which '{StagingLayout.Plan}' does not: they belong to different migrations");
            yield return new Segment(Derive(chunk, pinned.Segment, pinned.FirstWindow, pinned.Windows), pinned);
        }
    }

    /// <summary>A segment of a sealed manifest by its id.</summary>
    /// <exception cref="StagingException">There is none.</exception>
    public static Segment Find(MigrationPlan plan, SealedManifest manifest, string id) =>
        All(plan, manifest).FirstOrDefault(segment => segment.Chunk.Id == id)
        ?? throw new StagingException($"'{StagingLayout.Manifest}' names no segment {id}");

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
