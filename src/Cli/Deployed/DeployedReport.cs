using Migration;

namespace Cli.Deployed;

/// <summary>Shows the report of an execution, from the staging bucket.</summary>
internal static class DeployedReport
{
    /// <summary>Reads and prints it.</summary>
    /// <param name="deployed">The environment.</param>
    /// <param name="execution">The execution's name or ARN.</param>
    /// <param name="cancellationToken">Cancels.</param>
    /// <returns>The exit code.</returns>
    public static async Task<int> RunAsync(DeployedEnvironment deployed, string execution, CancellationToken cancellationToken)
    {
        var name = execution.Split(':')[^1];
        // Who may read reports need not see executions: these are asked only for one that resumed an earlier migration.
        var report = await ReadAsync(deployed, name, cancellationToken) ?? await OfResumedAsync(deployed, execution, cancellationToken);
        await ReportCommand.ShowAsync(report);
        return RunErrors.Map(report.Verdict);
    }

    private static async Task<MigrationReport> OfResumedAsync(DeployedEnvironment deployed, string execution, CancellationToken cancellationToken)
    {
        var pipeline = await deployed.PipelineAsync(cancellationToken);
        var described = await deployed.DescribeAsync(pipeline.ExecutionArn(execution), cancellationToken);
        var (name, migrationId) = (ExecutionText.Name(described), ExecutionInput.MigrationId(described));
        return (name == migrationId ? null : await ReadAsync(deployed, migrationId, cancellationToken))
            ?? throw new InputException($"there is no report of '{name}' ({described.Status}), it is written at the end: {DeployedCommand.Line("status", deployed.Name, name)}");
    }

    private static async Task<MigrationReport?> ReadAsync(DeployedEnvironment deployed, string migrationId, CancellationToken cancellationToken)
    {
        using var store = await S3Store.OpenAsync(await deployed.StagingAsync(migrationId, cancellationToken), cancellationToken);
        return await store.ReadJsonAsync(StagingLayout.ReportJson, MigrationJson.Default.MigrationReport, cancellationToken);
    }
}
