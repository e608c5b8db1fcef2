using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;

namespace Cli;

/// <summary>A command whose line in the list of commands is one sentence; what else is to be said stands at the end of its own help.</summary>
internal sealed class DetailedCommand : Command
{
    private readonly string details;

    /// <summary>Makes one.</summary>
    /// <param name="name">The command's name.</param>
    /// <param name="summary">One sentence.</param>
    /// <param name="details">Further ones; empty for none.</param>
    public DetailedCommand(string name, string summary, string details = "")
        : base(name, summary) => this.details = details;

    /// <summary>Lets every help below a command end with its details and the exit codes.</summary>
    public static void CompleteHelp(Command root)
    {
        var help = root.Options.OfType<HelpOption>().Single();
        help.Action = new Help((HelpAction)help.Action!);
    }

    private sealed class Help(HelpAction usual) : SynchronousCommandLineAction
    {
        // Whoever asks for help need not give what is required.
        public override bool ClearsParseErrors => true;

        public override int Invoke(ParseResult parseResult)
        {
            var result = usual.Invoke(parseResult);
            var output = parseResult.InvocationConfiguration.Output;
            if (parseResult.CommandResult.Command is DetailedCommand { details.Length: > 0 } detailed)
                output.WriteLine($"{detailed.details}\n");
            output.WriteLine(ExitCodes.Table);
            return result;
        }
    }
}
