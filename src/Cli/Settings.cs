using Influx;

namespace Cli;

/// <summary>The only reader of the environment. Tokens never come from arguments, which every user of the machine can see.</summary>
internal static class Settings
{
    /// <summary>Where the tokens come from, for every help.</summary>
    public const string Help = "Tokens come from INFLUX_SRC_TOKEN and INFLUX_DEST_TOKEN (user:password for 1.x), "
        + "or from the files that INFLUX_SRC_TOKEN_FILE and INFLUX_DEST_TOKEN_FILE name.";

    /// <summary>The source's token; read anew at each call, so that a rotated token file is found.</summary>
    public static Secret? SourceToken() => Token("INFLUX_SRC_TOKEN");

    /// <summary>The destination's token; read anew at each call.</summary>
    public static Secret? DestinationToken() => Token("INFLUX_DEST_TOKEN");

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
