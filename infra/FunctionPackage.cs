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
        throw new EnvironmentException([$"the functions' package '{folder}' is missing: make it with '{Command(settings, folder)}', or name another with -c code=FOLDER"]);
    }

    private static string Command(EnvironmentSettings settings, string folder)
    {
        var rid = settings.Architecture == "arm64" ? "linux-arm64" : "linux-x64";
        return settings.Runtime == EnvironmentSettings.NativeRuntime
            ? settings.Architecture == "x86_64" ? $"scripts/publish-functions.sh {folder}" : $"dotnet publish src/Functions -c Release -r {rid} -o {folder}"
            : $"dotnet publish src/Functions -c Release -r {rid} --no-self-contained -p:PublishAot=false -o {folder}";
    }
}
