namespace TestServers;

/// <summary>The pages that say what the project does: the README, those beside it, and the folder docs.</summary>
public static class Pages
{
    /// <summary>Their paths.</summary>
    public static IReadOnlyList<string> Files { get; } =
    [
        .. Directory.EnumerateFiles(Repository.Root, "*.md"),
        .. Directory.EnumerateFiles(Path.Combine(Repository.Root, "docs"), "*.md").Order(StringComparer.Ordinal),
    ];

    /// <summary>All of their texts.</summary>
    public static string Text { get; } = string.Concat(Files.Select(File.ReadAllText));

    /// <summary>The text of one.</summary>
    /// <param name="name">Its path below the repository.</param>
    public static string Read(string name) => File.ReadAllText(Path.Combine(Repository.Root, name));
}
