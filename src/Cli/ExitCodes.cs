namespace Cli;

/// <summary>What the command's exit code says; the one definition, shown in every help.</summary>
internal static class ExitCodes
{
    public const int Complete = 0;
    public const int Bug = 1;
    public const int WrongInput = 2;
    public const int Refused = 3;
    public const int Different = 4;
    public const int NotAll = 5;
    public const int Stopped = 6;

    /// <summary>The table for the help.</summary>
    public const string Table = """
        Exit codes:
          0  complete and verified
          1  a bug
          2  wrong input
          3  a server, token or permission refused (what was done before stays, and the same command continues)
          4  verification found a difference
          5  points were quarantined, or the source does not show all that it has
          6  stopped, can be resumed
        """;
}
