using Functions.Logs;
using Functions.Runtime;
using Functions.Secrets;
using Migration;

namespace Functions.Handlers;

/// <summary>Checks and seals what was exported, widens the retention where that is asked for, and lists what is to be imported and verified.</summary>
internal sealed class StageHandler(Deployment deployment)
{
    public async Task<StageAnswer> HandleAsync(MigrationState state, Invocation invocation, CancellationToken cancellationToken)
    {
        var migration = await deployment.OpenAsync(state, cancellationToken);
        var (plan, context) = await migration.StageAsync(cancellationToken);
        var store = migration.Store;
        var progress = context.Progress.Stage;
        var clock = context.Time.GetTimestamp();
        var manifest = await new Stager(store, plan.Plan, plan.Sha256, context.Time, progress).StageAsync(cancellationToken);
        if (plan.Plan.Request.Retention == RetentionMode.Widen)
            await WidenAsync(migration, context, plan.Plan, cancellationToken);
        var imported = await ReceiptLists.ImportedAsync(store, plan.Plan, manifest, cancellationToken);
        var verified = plan.Plan.Request.Verify == VerifyMode.None
            ? plan.Plan.Chunks.Select(chunk => chunk.Id).ToHashSet(StringComparer.Ordinal)
            : await ReceiptLists.VerifiedAsync(store, plan.Plan, manifest, cancellationToken);
        deployment.Metrics.Write(
            HandlerNames.Stage, (MetricNames.Bytes, progress.Bytes), (MetricNames.ChunkSeconds, context.Time.GetElapsedTime(clock).TotalSeconds));
        return new StageAnswer(
            Done: true,
            await migration.WriteItemsAsync(HandlerNames.Import, Left(plan.Plan, imported), cancellationToken),
            await migration.WriteItemsAsync(HandlerNames.Verify, Left(plan.Plan, verified), cancellationToken));
    }

    private static async Task WidenAsync(OpenMigration migration, RunContext context, MigrationPlan plan, CancellationToken cancellationToken)
    {
        var destination = await migration.ConnectAsync(context, ServerRole.Destination, cancellationToken);
        var buckets = new DestinationBuckets(destination, migration.Store, plan, context.Logger);
        await buckets.WidenAsync(await buckets.PrepareAsync(cancellationToken), cancellationToken);
    }

    private static List<ChunkItem> Left(MigrationPlan plan, IReadOnlySet<string> done) =>
        [.. plan.Chunks.Where(chunk => !done.Contains(chunk.Id)).Select(chunk => new ChunkItem(chunk.Id))];
}
