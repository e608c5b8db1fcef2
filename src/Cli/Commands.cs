using System.CommandLine;
using Cli.Deployed;

namespace Cli;

/// <summary>The command and all that it takes.</summary>
internal static class Commands
{
    /// <summary>Makes it.</summary>
    public static RootCommand Root()
    {
        var root = new RootCommand("Migrates InfluxDB data and proves that every point arrived.")
        {
            MigrateCommand.Create(),
            VerifyCommand.Create(),
            ReportCommand.Create(),
            StartCommand.Create(),
            StatusCommand.Create(),
            WatchCommand.Create(),
            StopCommand.Create(),
            RedriveCommand.Create(),
            TokenCommand.Create(),
            BucketCommand.Create(),
        };
        DetailedCommand.CompleteHelp(root);
        return root;
    }
}
