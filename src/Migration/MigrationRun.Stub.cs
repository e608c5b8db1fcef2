namespace Migration;

public sealed partial class MigrationRun
{
    public partial Task<MigrationPlan> PlanAsync(CancellationToken cancellationToken) => throw new NotSupportedException(context.ToString());

    public partial Task<MigrationReport> RunAsync(CancellationToken cancellationToken) => throw new NotSupportedException(context.ToString());

    public partial Task<MigrationReport> RestoreAsync(CancellationToken cancellationToken) => throw new NotSupportedException(context.ToString());

    public partial Task<MigrationReport> CompareAsync(CancellationToken cancellationToken) => throw new NotSupportedException(context.ToString());
}
