using Influx;

namespace Migration;

/// <summary>All stages of a migration, one after the other, on one machine.</summary>
/// <param name="context">What it works with.</param>
public sealed partial class MigrationRun(RunContext context)
{
    /// <summary>Makes the plan and writes nothing, neither to the servers nor to the store.</summary>
    /// <exception cref="RejectedException">A server refuses.</exception>
    /// <exception cref="TransientException">A server does not answer.</exception>
    public partial Task<MigrationPlan> PlanAsync(CancellationToken cancellationToken);

    /// <summary>Compares what both servers hold now, and moves nothing (<c>influx-migrate verify</c>).</summary>
    /// <exception cref="RejectedException">A server refuses, or a bucket is at one end only.</exception>
    /// <exception cref="TransientException">A server does not answer.</exception>
    public partial Task<ComparisonReport> CompareAsync(CancellationToken cancellationToken);

    /// <summary>Moves everything, or what an earlier run of the same request left to do.</summary>
    /// <returns>The report, which is also in the store; also when points were quarantined or windows differ.</returns>
    /// <remarks>After an exception <see cref="StoppedReport"/> says what was done, in the store too.</remarks>
    /// <exception cref="RejectedException">A server refuses.</exception>
    /// <exception cref="TransientException">A server does not answer any more; the run can be resumed.</exception>
    /// <exception cref="StagingException">The store does not hold what it should.</exception>
    /// <exception cref="OperationCanceledException">Cancelled; the run can be resumed.</exception>
    public partial Task<MigrationReport> RunAsync(CancellationToken cancellationToken);

    /// <summary>Imports and verifies what the store holds, without touching the source (<c>--retry-restore-dir</c>).</summary>
    public partial Task<MigrationReport> RestoreAsync(CancellationToken cancellationToken);
}
