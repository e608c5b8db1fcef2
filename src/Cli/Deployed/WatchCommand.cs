using System.CommandLine;

namespace Cli.Deployed;

/// <summary>Shows an execution until it ends.</summary>
internal static class WatchCommand
{
    public static Command Create()
    {
        var environment = DeployedCommand.Environment();
        var execution = DeployedCommand.Execution();
        var command = DeployedCommand.Create("watch", "Shows an execution until it ends, and exits as migrate does.", "Ctrl-C ends only the watching.\n");
        command.Add(environment);
        command.Add(execution);
        command.SetAction((parsed, cancellationToken) => DeployedCommand.RunAsync(parsed.GetValue(environment)!, async deployed =>
        {
            var pipeline = await deployed.PipelineAsync(cancellationToken);
            return await WatchAsync(deployed, pipeline.ExecutionArn(parsed.GetValue(execution)!), cancellationToken);
        }));
        return command;
    }

    /// <summary>Watches on the console.</summary>
    /// <returns>The exit code.</returns>
    public static async Task<int> WatchAsync(DeployedEnvironment deployed, string executionArn, CancellationToken cancellationToken)
    {
        var view = new WatchView(cancellation => ExecutionPicture.TakeAsync(deployed, executionArn, cancellation), TimeProvider.System);
        return await EndAsync(deployed.Name, executionArn, view.RunAsync(cancellationToken), Console.Out);
    }

    /// <summary>Tells how the watching ended.</summary>
    public static async Task<int> EndAsync(string environment, string executionArn, Task<ExecutionPicture> watching, TextWriter output)
    {
        ExecutionPicture picture;
        try
        {
            picture = await watching;
        }
        catch (OperationCanceledException)
        {
            var name = executionArn.Split(':')[^1];
            await output.WriteLineAsync(
                $"no longer watched; the execution goes on. Watch it again: {DeployedCommand.Line("watch", environment, name)}\n"
                + $"end it: {DeployedCommand.Line("stop", environment, name)}");
            return ExitCodes.Stopped;
        }
        await output.WriteLineAsync($"{picture.Execution.Status}\n{ExecutionEnd.Sentence(picture.Execution)}");
        foreach (var (purpose, command) in ExecutionText.Next(picture, environment))
            await output.WriteLineAsync($"{purpose}: {command}");
        return ExecutionEnd.ExitCode(picture.Execution);
    }
}
