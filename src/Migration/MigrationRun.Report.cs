namespace Migration;

/// <summary>The report of a run, also of one that an exception ends.</summary>
public sealed partial class MigrationRun
{
    private static readonly TimeSpan StoppedReportLimit = TimeSpan.FromSeconds(20);

    /// <summary>What was done before an exception ended the run; null unless one did after the plan was made.</summary>
    public MigrationReport? StoppedReport { get; private set; }

    private async Task<MigrationReport> ReportedAsync(
        MigrationPlan plan, DateTimeOffset started, Func<Task> move, CancellationToken cancellationToken)
    {
        plan = plan with { Warnings = [.. plan.Warnings.Union(context.Warnings, StringComparer.Ordinal)] };
        try
        {
            await move();
            var report = await new ReportBuilder(context.Store, plan, Progress, Time).BuildAsync(started, cancellationToken);
            await ReportBuilder.StoreAsync(context.Store, report, cancellationToken);
            return report;
        }
        catch (Exception failure)
        {
            await ReportStopAsync(plan, started, failure);
            throw;
        }
    }

    private async Task ReportStopAsync(MigrationPlan plan, DateTimeOffset started, Exception failure)
    {
        // The run's own token is cancelled after a Ctrl-C, and a staging bucket out of reach must not keep it from ending.
        using var limit = new CancellationTokenSource(StoppedReportLimit, Time);
        try
        {
            StoppedReport = await new ReportBuilder(context.Store, plan, Progress, Time)
                .BuildStoppedAsync(started, RunFailure.Sentence(failure), context.ResumeWith, limit.Token);
            await ReportBuilder.StoreAsync(context.Store, StoppedReport, limit.Token);
        }
#pragma warning disable CA1031 // What ended the run is what is to be told; that its report is missing is said beside it.
        catch (Exception second)
#pragma warning restore CA1031
        {
            context.Logger.ReportNotWritten(context.Store.Location, second.Message);
        }
    }
}
