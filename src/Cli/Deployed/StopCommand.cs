using System.CommandLine;

namespace Cli.Deployed;

/// <summary>Stops an execution.</summary>
internal static class StopCommand
{
    private const string Error = "Stopped";
    private const string Cause = "stopped by influx-migrate stop; nothing is lost";

    public static Command Create()
    {
        var environment = DeployedCommand.Environment();
        var execution = DeployedCommand.Execution();
        var command = DeployedCommand.Create("stop", "Stops an execution; redrive runs it on.");
        command.Add(environment);
        command.Add(execution);
        command.SetAction((parsed, cancellationToken) => DeployedCommand.RunAsync(
            parsed.GetValue(environment)!, deployed => RunAsync(deployed, parsed.GetValue(execution)!, Console.Out, cancellationToken)));
        return command;
    }

    private static async Task<int> RunAsync(DeployedEnvironment deployed, string execution, TextWriter output, CancellationToken cancellationToken)
    {
        var pipeline = await deployed.PipelineAsync(cancellationToken);
        var executionArn = pipeline.ExecutionArn(execution);
        var described = await deployed.DescribeAsync(executionArn, cancellationToken);
        var name = ExecutionText.Name(described);
        if (!described.IsRunning)
            throw new InputException($"the execution '{name}' has ended already: {described.Status}");
        await deployed.Executions.StopExecutionAsync(executionArn, Error, Cause, cancellationToken);
        await output.WriteLineAsync(
            $"stopped '{name}'; calls that are under way end by themselves. A widened retention is put back when the migration has gone on to its end:\n"
            + $"redrive: {DeployedCommand.Line("redrive", deployed.Name, name)}");
        return ExitCodes.Complete;
    }
}
