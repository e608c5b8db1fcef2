using System.CommandLine;
using Aws;

namespace Cli.Deployed;

/// <summary>Runs an ended execution's migration on.</summary>
internal static class RedriveCommand
{
    // What RedriveStatus says of an execution that can be redriven.
    private const string Redrivable = "REDRIVABLE";

    public static Command Create()
    {
        var environment = DeployedCommand.Environment();
        var execution = DeployedCommand.Execution();
        var command = DeployedCommand.Create(
            "redrive",
            "Runs on what a stopped, failed or timed-out execution left.",
            "By a redrive, or where that would not help by a new execution of the same migration.\n");
        command.Add(environment);
        command.Add(execution);
        command.SetAction((parsed, cancellationToken) => DeployedCommand.RunAsync(
            parsed.GetValue(environment)!, deployed => RunAsync(deployed, parsed.GetValue(execution)!, TimeProvider.System, Console.Out, cancellationToken)));
        return command;
    }

    /// <summary>Does it, and says which of both.</summary>
    public static async Task<int> RunAsync(
        DeployedEnvironment deployed, string execution, TimeProvider time, TextWriter output, CancellationToken cancellationToken)
    {
        var pipeline = await deployed.PipelineAsync(cancellationToken);
        var picture = await ExecutionPicture.TakeAsync(deployed, pipeline.ExecutionArn(execution), cancellationToken);
        var ended = picture.Execution;
        var name = ExecutionText.Name(ended);
        if (picture.IsRunning)
            throw new InputException($"the execution '{name}' still runs: {DeployedCommand.Line("watch", deployed.Name, name)}");
        if (ended.Status == ExecutionStatus.Succeeded)
            throw new InputException($"the execution '{name}' succeeded, there is nothing to run on: {DeployedCommand.Line("report", deployed.Name, name)}");
        if (ExecutionEnd.NeverBegan(ended))
            throw new InputException($"the execution '{name}' was refused before it began, so only another input helps ({ExecutionEnd.Sentence(ended)})");
        if (Hindrance(picture) is { } hindrance)
        {
            await output.WriteLineAsync($"{hindrance}; so a new execution of the same migration was started, in which only what is unfinished runs:");
            await StartCommand.StartAsync(deployed, ExecutionInput.Again(ended), time, output, cancellationToken);
            return ExitCodes.Complete;
        }
        await deployed.Executions.RedriveExecutionAsync(ended.ExecutionArn, cancellationToken);
        await output.WriteLineAsync($"redriven: '{name}' goes on where it ended\nwatch: {DeployedCommand.Line("watch", deployed.Name, name)}");
        return ExitCodes.Complete;
    }

    private static string? Hindrance(ExecutionPicture picture) =>
        picture.InFailState ? $"the execution ended in the Fail state '{picture.State}', which a redrive would only enter again"
        : picture.Execution.RedriveStatus is { } status && status != Redrivable ? $"AWS can't redrive the execution ({picture.Execution.RedriveStatusReason ?? status})"
        : null;
}
