using System.Globalization;

namespace Migration;

/// <summary>The keys that only the deployed shape has; below a migration's prefix, beside those of <see cref="StagingLayout"/>.</summary>
public static class DeployedLayout
{
    // A function reads a part for one chunk of it: some tens of KB, whatever the size of the plan.
    private const int ChunksPerPart = 100;

    /// <summary>The tag of the objects of chunks, by which the staging bucket's lifecycle ends them and nothing else.</summary>
    public static (string Key, string Value) ChunkTag { get; } = ("influx-migrate", "chunk");

    /// <summary>What the migration was asked for.</summary>
    public const string Request = "request.json";

    /// <summary>Which execution holds the migration.</summary>
    public const string Lock = "lock.json";

    /// <summary>What a run of an incremental migration moves.</summary>
    public const string Incremental = "incremental.json";

    /// <summary>The prefix of the marks of incremental migrations, beside the migrations'; without a slash at its end.</summary>
    public const string Marks = "marks";

    /// <summary>A mark's key below <see cref="Marks"/>.</summary>
    public static string MarkKey(string name) => $"{name}.json";

    /// <summary>A migration's prefix, without a slash at its end.</summary>
    public static string Prefix(string migrationId) => $"migrations/{migrationId}";

    /// <summary>The items of an execution's Map.</summary>
    /// <param name="execution">The execution's name.</param>
    /// <param name="handler">The handler that the Map calls.</param>
    public static string Items(string execution, string handler) => $"items/{execution}/{handler}.json";

    /// <summary>How far a handler came that works on the whole migration, where a deadline cut it short.</summary>
    /// <param name="execution">The execution's name.</param>
    /// <param name="handler">The handler.</param>
    public static string Partial(string execution, string handler) => $"items/{execution}/{handler}.partial.json";

    /// <summary>The part that a chunk, or a segment of it, is in.</summary>
    /// <exception cref="FormatException">It is no id of a chunk.</exception>
    public static string PartOf(string chunk) => (Chunk.NumberOf(chunk) / ChunksPerPart).ToString("D6", CultureInfo.InvariantCulture);

    /// <summary>A part of the plan: the plan with some of its chunks, so that the functions of a Map's items need not read all.</summary>
    /// <param name="execution">The execution's name.</param>
    /// <param name="part">See <see cref="PartOf"/>.</param>
    public static string PlanPart(string execution, string part) => $"items/{execution}/plan/{part}.json";

    /// <summary>A part of the sealed manifest: the manifest with the segments of some chunks.</summary>
    /// <param name="execution">The execution's name.</param>
    /// <param name="part">See <see cref="PartOf"/>.</param>
    public static string ManifestPart(string execution, string part) => $"items/{execution}/manifest/{part}.json";

    /// <summary>Why chunks of an execution failed, which the state machine writes: <c>STAGE-CHUNK.json</c> each.</summary>
    /// <param name="execution">The execution's name.</param>
    public static string Failures(string execution) => $"failures/{execution}/";
}
