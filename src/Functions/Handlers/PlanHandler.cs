using Functions.Logs;
using Functions.Runtime;
using Functions.Secrets;
using Migration;

namespace Functions.Handlers;

/// <summary>Makes the plan and the destination buckets, and lists the chunks that are still to be exported.</summary>
internal sealed class PlanHandler(Deployment deployment)
{
    public async Task<PlanAnswer> HandleAsync(MigrationState state, Invocation invocation, CancellationToken cancellationToken)
    {
        var migration = await deployment.OpenAsync(state, cancellationToken);
        var run = await migration.Store.ReadJsonAsync(DeployedLayout.Incremental, FunctionsJson.Default.IncrementalRun, cancellationToken);
        var context = await migration.PlanningAsync(cancellationToken) with { IsLaterRun = run?.From is not null };
        if (await StoredPlan.FindOrMakeAsync(context, migration.Continue(HandlerNames.Plan, invocation), cancellationToken) is not { } plan)
        {
            deployment.Logger.Continued(HandlerNames.Plan, migration.MigrationId);
            return new PlanAnswer(Done: false, Chunks: 0, ItemList.None);
        }
        var destination = await migration.ConnectAsync(context, ServerRole.Destination, cancellationToken);
        await new DestinationBuckets(destination, migration.Store, plan, deployment.Logger).PrepareAsync(cancellationToken);
        await migration.WritePartsAsync(plan, cancellationToken);
        var exported = await ReceiptLists.ExportedAsync(migration.Store, plan, cancellationToken);
        var items = plan.Chunks.Where(chunk => !exported.Contains(chunk.Id)).Select(chunk => new ChunkItem(chunk.Id)).ToList();
        deployment.Metrics.Write(HandlerNames.Plan, (MetricNames.Retries, context.Progress.Plan.Retries));
        return new PlanAnswer(Done: true, plan.Chunks.Count, await migration.WriteItemsAsync(HandlerNames.Export, items, cancellationToken));
    }
}
