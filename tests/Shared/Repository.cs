namespace TestServers;

/// <summary>The repository that the tests run in.</summary>
public static class Repository
{
    /// <summary>Its root folder.</summary>
    public static string Root { get; } = Find();

    /// <summary>A script's path.</summary>
    public static string Script(string name) => Path.Combine(Root, "scripts", name);

    private static string Find()
    {
        var parent = new DirectoryInfo(AppContext.BaseDirectory);
        while (parent is not null && !File.Exists(Path.Combine(parent.FullName, "Serverless.sln")))
            parent = parent.Parent;
        return parent?.FullName ?? throw new InvalidOperationException("the tests do not run inside the repository");
    }
}
