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
        var manifest = await new Stager(store, plan, context.Time, progress)
            .StageAsync(migration.Continue(HandlerNames.Stage, invocation), cancellationToken);
        if (manifest is null)
        {
            deployment.Logger.Continued(HandlerNames.Stage, migration.MigrationId);
            return new StageAnswer(Done: false, ItemList.None, ItemList.None);
        }
        if (plan.Request.Retention == RetentionMode.Widen)
            await WidenAsync(migration, context, plan, cancellationToken);
        var imported = await ReceiptLists.ImportedAsync(store, manifest, cancellationToken);
        var verified = plan.Request.Verify == VerifyMode.None
            ? manifest.Chunks.Select(segment => segment.Id).ToHashSet(StringComparer.Ordinal)
            : (await ReceiptLists.VerifiedAsync(store, plan, manifest, cancellationToken)).Intersect(imported, StringComparer.Ordinal).ToHashSet(StringComparer.Ordinal);
        await migration.WritePartsAsync(manifest, cancellationToken);
        deployment.Metrics.Write(
            HandlerNames.Stage, (MetricNames.Bytes, progress.Bytes), (MetricNames.ChunkSeconds, context.Time.GetElapsedTime(clock).TotalSeconds));
        return new StageAnswer(
            Done: true,
            await migration.WriteItemsAsync(HandlerNames.Import, Left(manifest, imported), cancellationToken),
            await migration.WriteItemsAsync(HandlerNames.Verify, Left(manifest, verified), cancellationToken));
    }

    private static async Task WidenAsync(OpenMigration migration, RunContext context, MigrationPlan plan, CancellationToken cancellationToken)
    {
        var destination = await migration.ConnectAsync(context, ServerRole.Destination, cancellationToken);
        var buckets = new DestinationBuckets(destination, migration.Store, plan, context.Logger);
        await buckets.WidenAsync(await buckets.PrepareAsync(cancellationToken), cancellationToken);
    }

    private static List<ChunkItem> Left(SealedManifest manifest, IReadOnlySet<string> done) =>
        [.. manifest.Chunks.Where(segment => !done.Contains(segment.Id)).Select(segment => new ChunkItem(segment.Id))];
}
