using Functions.Incremental;
using Functions.Logs;
using Functions.Runtime;
using Functions.Secrets;
using Influx;
using Migration;

namespace Functions.Handlers;

/// <summary>Writes the report, of a finished migration out of every receipt, of a stopped one out of those that are there, and puts a widened retention back.</summary>
internal sealed class ReportHandler(Deployment deployment)
{
    public async Task<ReportAnswer> HandleAsync(MigrationState state, Invocation invocation, CancellationToken cancellationToken)
    {
        var migration = await deployment.OpenAsync(state, cancellationToken);
        var stopped = state.Failure is { } caught ? await ChunkFailures.NameAsync(migration.Store, migration.Execution, caught, cancellationToken) : null;
        var failure = stopped is null ? null : $"{stopped.Error}: {stopped.Cause}";
        // A Fail state takes no name of Step Functions' own.
        var error = stopped?.Error.StartsWith("States.", StringComparison.Ordinal) == true ? null : stopped?.Error;
        if (failure is not null && await migration.FindPlanAsync(cancellationToken) is null)
        {
            var kept = await EndAsync(migration, complete: false, cancellationToken);
            return new ReportAnswer { Verdict = Verdict.Stopped, Error = error, Sentence = $"Stopped before there was a plan; nothing was moved. {failure}", Mark = kept?.Mark };
        }
        var (plan, context) = await migration.StageAsync(cancellationToken);
        var builder = new ReportBuilder(migration.Store, plan, context.Progress, context.Time);
        var report = failure is null
            ? await builder.BuildAsync(plan.Created, cancellationToken)
            : await builder.BuildStoppedAsync(plan.Created, failure, ResumeWith(migration), cancellationToken);
        report = report with { Sentence = InputWords.Of(report.Sentence), Warnings = [.. report.Warnings.Select(InputWords.Of)] };
        await ReportBuilder.StoreAsync(migration.Store, report, cancellationToken);
        if (await DestinationBuckets.AnyWidenedAsync(migration.Store, plan, cancellationToken))
        {
            var destination = await migration.ConnectAsync(context, ServerRole.Destination, cancellationToken);
            await new DestinationBuckets(destination, migration.Store, plan, context.Logger).PutBackAsync(cancellationToken);
        }
        // Last, as it says that all is done. Whoever asks for no proof gets none, and the mark is moved all the same: every point was accepted.
        var mark = await EndAsync(migration, report.Verdict is Verdict.Verified or Verdict.Unverified, cancellationToken);
        if (mark is null)
        {
            var earliest = report.Chunks.Count > 0 ? report.Chunks.Min(chunk => chunk.Exported) : report.Finished;
            deployment.Metrics.Write(HandlerNames.Report, (MetricNames.LagSeconds, (report.Finished - earliest).TotalSeconds));
        }
        var prefix = DeployedLayout.Prefix(migration.MigrationId);
        return new ReportAnswer
        {
            Verdict = report.Verdict,
            // It is the execution's cause in the console, so what stopped it comes first.
            Sentence = failure is null ? report.Sentence : $"{failure}. {report.Sentence}",
            Error = error,
            ReportKey = $"{prefix}/{StagingLayout.ReportJson}",
            ReportHtmlKey = $"{prefix}/{StagingLayout.ReportHtml}",
            Points = report.Points,
            FieldValues = report.FieldValues,
            ExpiredPoints = report.ExpiredPoints,
            LeftOutFieldValues = report.LeftOut.Sum(left => left.FieldValues),
            Differences = report.Differences.Count,
            Mark = mark?.Mark,
        };
    }

    private Task<HighWaterMark?> EndAsync(OpenMigration migration, bool complete, CancellationToken cancellationToken) =>
        new IncrementalRuns(deployment).EndAsync(migration.Store, migration.MigrationId, complete, cancellationToken);

    private static string ResumeWith(OpenMigration migration) => $$"""a new execution with the input {"migrationId":{{ShellWords.Json(migration.MigrationId)}}}""";
}
