using System.CommandLine;
using Cli;

var root = new RootCommand($"Migrates InfluxDB data and proves that every point arrived.\n\n{ExitCodes.Table}") { MigrateCommand.Create(), ReportCommand.Create() };
var parsed = root.Parse(args);
if (parsed.Errors.Count == 0)
    return await parsed.InvokeAsync();
foreach (var error in parsed.Errors)
    await Console.Error.WriteLineAsync(error.Message);
await Console.Error.WriteLineAsync("see --help for the options");
return ExitCodes.WrongInput;
