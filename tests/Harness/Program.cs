using System.Globalization;
using System.Runtime.InteropServices;
using System.Text.Json.Nodes;
using Aws;
using Harness;
using Migration;
using TestServers;

if (args is not [var source, var database, var destination, var folder])
{
    await Console.Error.WriteLineAsync("usage: Harness SOURCE_URL DATABASE DESTINATION_URL FOLDER: moves a database by the deployed shape and puts its report into FOLDER; ./demo --deployed starts it");
    return 2;
}
// Ctrl-C reaches the servers too, which end with this process.
using var interrupted = PosixSignalRegistration.Create(PosixSignal.SIGINT, _ => Environment.Exit(130));
Console.WriteLine("Deploying the synthesised stacks of the environment 'dev' to servers on this machine ...");
await using var shape = await DeployedShape.StartAsync(new ShapeOptions
{
    SourceSecret = Secret(source, "reader:not-a-real-password"),
    DestinationSecret = Secret(destination, "writer:not-a-real-password"),
});
var input = JsonNode.Parse(await File.ReadAllTextAsync(Path.Combine(Repository.Root, "events", "start-migration.json")))!.AsObject();
// The sample's own database and times instead of the example's; the servers' URLs stand in the secrets.
input["source"] = new JsonObject { ["bucket"] = database };
input["destination"] = new JsonObject { ["bucket"] = database };
foreach (var filter in (string[])["start", "measurements"])
    input.Remove(filter);

var execution = await shape.StartExecutionAsync($"demo-{DateTimeOffset.UtcNow.ToUnixTimeSeconds()}", input);
Console.WriteLine($"Started {execution}");
var lines = new StateLines(Console.Out);
Execution end;
do
{
    await Task.Delay(TimeSpan.FromMilliseconds(250));
    // In this order: what happened before its end is in the history of an execution that has ended.
    end = await shape.Executions.DescribeExecutionAsync(execution, CancellationToken.None);
    await lines.ShowAsync(await shape.HistoryAsync(execution), shape.Executions, execution);
}
while (end.Status == ExecutionStatus.Running);

var prefix = DeployedLayout.Prefix(end.Name!);
Console.WriteLine(string.Create(
    CultureInfo.InvariantCulture,
    $"{end.Status} after {end.StopDate - end.StartDate:0.0} s{(end.Error is null ? "" : $": {end.Error}: {end.Cause}")}"));
if (end.Output is { } output)
{
    var answer = JsonNode.Parse(output)!;
    Console.WriteLine($"{answer["verdict"]}: {answer["sentence"]}\n{(long)answer["points"]!:N0} points, {(long)answer["fieldValues"]!:N0} field values exported");
}
foreach (var name in (string[])[StagingLayout.ReportHtml, StagingLayout.ReportJson])
    await File.WriteAllTextAsync(Path.Combine(folder, name), await shape.ReadAsync($"{prefix}/{name}"));
Console.WriteLine($"report: {Path.Combine(folder, StagingLayout.ReportHtml)} (for programs: {StagingLayout.ReportJson}), as in s3://{shape.Bucket}/{prefix}/");
return end.Status == ExecutionStatus.Succeeded ? 0 : 1;

static string Secret(string url, string token) => new JsonObject { ["url"] = url, ["token"] = token }.ToJsonString();
