using Functions.Logs;
using Functions.Runtime;
using Functions.Secrets;
using Migration;

namespace Functions.Handlers;

/// <summary>Compares one imported chunk with the destination, or a part of it when the deadline comes first.</summary>
internal sealed class VerifyHandler(Deployment deployment)
{
    public async Task<ChunkAnswer> HandleAsync(MigrationState state, Invocation invocation, CancellationToken cancellationToken)
    {
        var migration = await deployment.OpenAsync(state, cancellationToken);
        var store = migration.Store;
        var (plan, (chunk, pinned), context) = await migration.SegmentAsync(state.Chunk, cancellationToken);
        var import = await store.ReadJsonAsync(StagingLayout.ImportReceipt(chunk.Id), MigrationJson.Default.ImportReceipt, cancellationToken);
        if (import is null || import.Sha256 != pinned.Sha256)
        {
            throw new StagingException(
                $"the chunk {chunk.Id} has no import receipt of the sealed object in {store.Location}: start the migration again, which imports it", StagingFault.Unfinished);
        }
        var bucket = await DestinationBuckets.FindAsync(store, chunk.Bucket, cancellationToken);
        var destination = await migration.ConnectAsync(context, ServerRole.Destination, cancellationToken);
        var (importing, progress) = (context.Progress.Import, context.Progress.Verify);
        var importer = new Importer(destination, store, plan, context.RetryOf(importing), context.Time, context.Logger, importing);
        var verifier = new Verifier(destination, store, plan, importer, context.RetryOf(progress), context.Time, context.Logger, progress);
        var clock = context.Time.GetTimestamp();
        var receipt = await verifier.VerifyAsync(
            chunk, pinned, import, bucket.Bucket, bucket.HoldsMore, invocation.StopBy(context.Time.GetUtcNow()), cancellationToken);
        deployment.Metrics.Write(
            HandlerNames.Verify,
            (MetricNames.PointsRead, progress.Points),
            (MetricNames.PointsQuarantined, importing.RefusedAgain),
            (MetricNames.ChunkSeconds, context.Time.GetElapsedTime(clock).TotalSeconds),
            (MetricNames.Retries, progress.Retries + importing.Retries));
        if (receipt is null)
            deployment.Logger.Continued(HandlerNames.Verify, chunk.Id);
        return new ChunkAnswer(receipt is not null, chunk.Id);
    }
}
