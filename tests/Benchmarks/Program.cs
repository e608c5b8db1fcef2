using System.Globalization;
using Benchmarks;
using TestServers;

var deployed = args is [_, "--deployed", ..];
if (args is not [var command, ..])
{
    await Console.Error.WriteLineAsync("usage: Benchmarks COMMAND [--deployed] [FIELD_VALUES]: COMMAND is the published influx-migrate; ./bench builds and starts both");
    return 2;
}
var rest = args.Skip(deployed ? 2 : 1).ToList();
var fieldValues = rest.Count > 0 ? long.Parse(rest[0], CultureInfo.InvariantCulture) : 20_000_000;
await using var source = await InfluxdProcess.StartAsync();
await using var destination = await InfluxdProcess.StartAsync();
if (deployed)
    await new DeployedBenchmark(command, source, destination).RunAsync(fieldValues);
else
    await new MigrationBenchmark(command, source, destination).RunAsync(fieldValues);
return 0;
