namespace Migration;

/// <summary>The keys that only the deployed shape has; below a migration's prefix, beside those of <see cref="StagingLayout"/>.</summary>
public static class DeployedLayout
{
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

    /// <summary>Why chunks of an execution failed, which the state machine writes: <c>STAGE-CHUNK.json</c> each.</summary>
    /// <param name="execution">The execution's name.</param>
    public static string Failures(string execution) => $"failures/{execution}/";
}
