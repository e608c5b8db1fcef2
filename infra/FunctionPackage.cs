namespace Infra;

/// <summary>Where the functions' executable lies that is deployed.</summary>
internal static class FunctionPackage
{
    /// <summary>The folder of an environment's runtime and architecture.</summary>
    /// <param name="settings">The environment.</param>
    /// <param name="given">The folder that <c>-c code=</c> names; null for the usual one.</param>
    /// <exception cref="EnvironmentException">It is not there.</exception>
    public static string Find(EnvironmentSettings settings, string? given)
    {
        var folder = given ?? Path.Combine("artifacts", "functions", $"{settings.Runtime}-{settings.Architecture}");
        if (Directory.Exists(folder) && Directory.EnumerateFileSystemEntries(folder).Any())
            return folder;
        throw new EnvironmentException([$"the functions' package '{folder}' is missing: make it with 'scripts/publish-functions.sh {folder} {settings.Runtime} {settings.Architecture}', or name another with -c code=FOLDER"]);
    }
}
