using System.Reflection;

namespace Infra.Tests;

/// <summary>Where the sources of the tests and of the project lie.</summary>
internal static class ProjectFolder
{
    public static string Tests { get; } = typeof(ProjectFolder).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>()
        .Single(metadata => metadata.Key == "ProjectFolder").Value!;

    public static string Root { get; } = Path.GetFullPath(Path.Combine(Tests, "..", ".."));

    public static string Modules { get; } = Path.Combine(Tests, "node_modules");
}
