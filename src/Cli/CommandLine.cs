using Influx;

namespace Cli;

/// <summary>The command line of this process as a person types it again. Tokens are never arguments, so it may be shown.</summary>
internal static class CommandLine
{
    /// <summary>This process's own.</summary>
    public static string OfThisProcess()
    {
        var words = Environment.GetCommandLineArgs();
        // Under the dotnet host the first word is the assembly that it was given.
        string[] program = Path.GetFileNameWithoutExtension(Environment.ProcessPath) == "dotnet" ? ["dotnet", words[0]] : [Environment.ProcessPath ?? words[0]];
        return ShellWords.Join([.. program, .. words.Skip(1)]);
    }
}
