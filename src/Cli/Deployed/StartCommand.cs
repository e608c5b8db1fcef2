using System.CommandLine;
using System.Text.Json.Nodes;

namespace Cli.Deployed;

/// <summary>Starts an execution in a deployed environment.</summary>
internal static class StartCommand
{
    public static Command Create()
    {
        var environment = DeployedCommand.Environment();
        var migrationId = new Option<string?>("--migration-id") { Description = "An earlier migration, the name of its first execution: only what is unfinished runs." };
        var maxConcurrency = new Option<int?>("--max-concurrency") { Description = "Chunks at a time, at most; 4 unless given here or in the input." };
        var wait = new Option<bool>("--wait") { Description = "Watches the execution to its end and exits as migrate does." };
        var options = new Options();
        var command = DeployedCommand.Create("start", "Starts a migration on AWS.", "Tokens come from the environment's secrets, and URLs too where none is given.\n");
        foreach (var option in (Option[])[environment, migrationId, maxConcurrency, wait])
            command.Add(option);
        options.AddRequestTo(command);
        command.SetAction((parsed, cancellationToken) => DeployedCommand.RunAsync(parsed.GetValue(environment)!, async deployed =>
        {
            var input = ExecutionInput.Read(options, parsed, parsed.GetValue(migrationId), parsed.GetValue(maxConcurrency));
            var executionArn = await StartAsync(deployed, input, TimeProvider.System, Console.Out, cancellationToken);
            return parsed.GetValue(wait)
                ? await WatchCommand.WatchAsync(deployed, executionArn, cancellationToken)
                : ExitCodes.Complete;
        }));
        return command;
    }

    /// <summary>Starts an execution and tells what it is and what to do next.</summary>
    /// <returns>Its ARN.</returns>
    public static async Task<string> StartAsync(
        DeployedEnvironment deployed, JsonObject input, TimeProvider time, TextWriter output, CancellationToken cancellationToken)
    {
        var pipeline = await deployed.PipelineAsync(cancellationToken);
        var name = ExecutionInput.NewName(input, time);
        var started = await deployed.Executions.StartExecutionAsync(pipeline.StateMachineArn, name, input.ToJsonString(), cancellationToken);
        await output.WriteLineAsync($"""
            execution  {started.ExecutionArn}
            name       {name}
            migration  {ExecutionInput.MigrationId(input) ?? name}
            console    {pipeline.ExecutionUrl(started.ExecutionArn)}
            watch      {DeployedCommand.Line("watch", deployed.Name, name)}
            stop       {DeployedCommand.Line("stop", deployed.Name, name)}
            report     {DeployedCommand.Line("report", deployed.Name, name)}
            """);
        return started.ExecutionArn;
    }
}
