namespace TestServers;

/// <summary>What everybody on the machine can see of a process.</summary>
/// <param name="Folder">Its folder below <c>/proc</c>.</param>
/// <param name="Arguments">Its arguments, each ended by a zero byte; empty once it has ended.</param>
/// <param name="Environment">Its environment, likewise; empty where it is another user's.</param>
public sealed record ProcessTexts(string Folder, string Arguments, string Environment)
{
    /// <summary>Looks at all processes again and again until a task ends.</summary>
    public static async IAsyncEnumerable<ProcessTexts> WatchAsync(Task until)
    {
        using var pace = new PeriodicTimer(TimeSpan.FromMilliseconds(20));
        while (!until.IsCompleted && await pace.WaitForNextTickAsync())
        {
            foreach (var folder in Directory.EnumerateDirectories("/proc").Where(path => char.IsAsciiDigit(path[^1])))
                yield return new ProcessTexts(folder, Read(Path.Combine(folder, "cmdline")), Read(Path.Combine(folder, "environ")));
        }
    }

    private static string Read(string path)
    {
        try
        {
            return File.ReadAllText(path);
        }
        catch (Exception ended) when (ended is IOException or UnauthorizedAccessException)
        {
            // The process has ended since it was listed.
            return "";
        }
    }
}
