using System.CommandLine;

namespace Cli.Deployed;

/// <summary>Tells how an execution stands, or lists the latest ones.</summary>
internal static class StatusCommand
{
    private const int Latest = 10;

    public static Command Create()
    {
        var environment = DeployedCommand.Environment();
        var execution = DeployedCommand.Execution();
        execution.Arity = ArgumentArity.ZeroOrOne;
        execution.Description += " Left out, the latest ones are listed.";
        var command = DeployedCommand.Create("status", "Tells how an execution stands, and exits with 0 whatever it tells.");
        command.Add(environment);
        command.Add(execution);
        command.SetAction((parsed, cancellationToken) => DeployedCommand.RunAsync(
            parsed.GetValue(environment)!, deployed => RunAsync(deployed, parsed.GetValue(execution), TimeProvider.System, Console.Out, cancellationToken)));
        return command;
    }

    /// <summary>Writes it.</summary>
    public static async Task<int> RunAsync(
        DeployedEnvironment deployed, string? execution, TimeProvider time, TextWriter output, CancellationToken cancellationToken)
    {
        var pipeline = await deployed.PipelineAsync(cancellationToken);
        if (execution is not null)
        {
            var picture = await ExecutionPicture.TakeAsync(deployed, pipeline.ExecutionArn(execution), cancellationToken);
            await output.WriteLineAsync(ExecutionText.Whole(picture, deployed.Name, pipeline, time));
            return ExitCodes.Complete;
        }
        var page = await deployed.Executions.ListExecutionsAsync(pipeline.StateMachineArn, statusFilter: null, nextToken: null, cancellationToken);
        foreach (var one in page.Executions.Take(Latest))
            await output.WriteLineAsync(ExecutionText.Short(one));
        if (page.Executions.Count == 0)
            await output.WriteLineAsync($"there was no execution yet; {DeployedCommand.Line("start", deployed.Name)} starts one");
        return ExitCodes.Complete;
    }
}
