using System.Globalization;
using System.Text.Json.Nodes;
using Aws;
using Functions;
using Harness;
using Migration;

if (args is not [var source, var database, var destination, var folder])
{
    await Console.Error.WriteLineAsync("usage: Harness SOURCE_URL DATABASE DESTINATION_URL FOLDER: moves a database by the deployed shape and puts its report into FOLDER; ./demo --deployed starts it");
    return 2;
}
Console.WriteLine("Deploying the synthesised stacks to servers on this machine ...");
await using var shape = await DeployedShape.StartAsync(new ShapeOptions
{
    SourceSecret = new JsonObject { ["url"] = source, ["token"] = "reader:not-a-real-password" }.ToJsonString(),
    DestinationSecret = new JsonObject { ["url"] = destination, ["token"] = "writer:not-a-real-password" }.ToJsonString(),
});
var input = new JsonObject { ["source"] = new JsonObject { ["bucket"] = database }, ["destination"] = new JsonObject { ["bucket"] = database } };
var execution = await shape.StartExecutionAsync($"demo-{DateTimeOffset.UtcNow.ToUnixTimeSeconds()}", input);
Console.WriteLine($"Started {execution}");
var seen = new HashSet<string>(StringComparer.Ordinal);
Execution end;
do
{
    await Task.Delay(TimeSpan.FromMilliseconds(500));
    end = await shape.Executions.DescribeExecutionAsync(execution, CancellationToken.None);
    foreach (var handler in HandlerNames.All.Where(handler => shape[handler].Payloads.Count > 0 && seen.Add(handler)))
        Console.WriteLine($"  {handler} ...");
}
while (end.Status == ExecutionStatus.Running);
foreach (var handler in HandlerNames.All)
    Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"  {handler}: {shape[handler].Payloads.Count} invocations"));
Console.WriteLine($"{end.Status} {end.Error} {end.Cause}");
var key = $"{DeployedLayout.Prefix(end.Name!)}/report.html";
var path = Path.Combine(folder, "report.html");
await File.WriteAllTextAsync(path, await shape.ReadAsync(key));
Console.WriteLine($"report: {path} (s3://{shape.Bucket}/{key})");
return end.Status == ExecutionStatus.Succeeded ? 0 : 1;
