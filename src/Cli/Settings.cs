using Influx;

namespace Cli;

/// <summary>The only reader of the environment. Tokens never come from arguments, which every user of the machine can see.</summary>
internal static class Settings
{
    public const string SourceTokenName = "INFLUX_SRC_TOKEN";

    public const string DestinationTokenName = "INFLUX_DEST_TOKEN";

    /// <summary>The source's token; read anew at each call, so that a rotated token file is found.</summary>
    public static Secret? SourceToken() => Token(SourceTokenName);

    /// <summary>The destination's token; read anew at each call.</summary>
    public static Secret? DestinationToken() => Token(DestinationTokenName);

    private static Secret? Token(string name)
    {
        // This is the file that BannedSymbols.txt names.
#pragma warning disable RS0030
        var text = Environment.GetEnvironmentVariable(name);
        var file = Environment.GetEnvironmentVariable(name + "_FILE");
#pragma warning restore RS0030
        if (!string.IsNullOrEmpty(text))
            return new Secret(text);
        if (string.IsNullOrEmpty(file))
            return null;
        try
        {
            return new Secret(File.ReadAllText(file).Trim());
        }
        catch (Exception unreadable) when (unreadable is IOException or UnauthorizedAccessException)
        {
            throw new InputException($"the file that {name}_FILE names can't be read: {unreadable.Message}");
        }
    }
}
