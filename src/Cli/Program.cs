using System.CommandLine;
using Cli;

Terminal.Guard();
var root = Commands.Root();
// A word that begins with @ is a name, and no file of further words.
var parsed = root.Parse(args, new ParserConfiguration { ResponseFileTokenReplacer = null });
if (parsed.Errors.Count == 0)
    // A Ctrl-C waits for what must not be left undone: a widened retention is put back, the report of what was done is written.
    return await parsed.InvokeAsync(new InvocationConfiguration { ProcessTerminationTimeout = TimeSpan.FromSeconds(60) });
foreach (var error in parsed.Errors)
    await Console.Error.WriteLineAsync(error.Message.Replace("\t", "  ", StringComparison.Ordinal).Replace("as expected type 'System.Int32'", "as a whole number", StringComparison.Ordinal));
await Console.Error.WriteLineAsync("see --help for the options");
return ExitCodes.WrongInput;
