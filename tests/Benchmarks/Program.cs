using System.Globalization;
using Benchmarks;
using TestServers;

if (args is not [var command, ..])
{
    await Console.Error.WriteLineAsync("usage: Benchmarks COMMAND [FIELD_VALUES]: COMMAND is the published influx-migrate; ./bench builds and starts both");
    return 2;
}
var fieldValues = args.Length > 1 ? long.Parse(args[1], CultureInfo.InvariantCulture) : 20_000_000;
await using var source = await InfluxdProcess.StartAsync();
await using var destination = await InfluxdProcess.StartAsync();
await new MigrationBenchmark(command, source, destination).RunAsync(fieldValues);
return 0;
