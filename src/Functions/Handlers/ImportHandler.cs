using Functions.Logs;
using Functions.Runtime;
using Functions.Secrets;
using Migration;

namespace Functions.Handlers;

/// <summary>Imports one sealed chunk, or a part of it when the deadline comes first.</summary>
internal sealed class ImportHandler(Deployment deployment)
{
    public async Task<ChunkAnswer> HandleAsync(MigrationState state, Invocation invocation, CancellationToken cancellationToken)
    {
        var migration = await deployment.OpenAsync(state, cancellationToken);
        var (plan, (chunk, pinned), context) = await migration.SegmentAsync(state.Chunk, cancellationToken);
        var bucket = await DestinationBuckets.FindAsync(migration.Store, chunk.Bucket, cancellationToken);
        var destination = await migration.ConnectAsync(context, ServerRole.Destination, cancellationToken);
        var progress = context.Progress.Import;
        var importer = new Importer(destination, migration.Store, plan, context.RetryOf(progress), context.Time, context.Logger, progress);
        var clock = context.Time.GetTimestamp();
        var receipt = await importer.ImportAsync(chunk, pinned, bucket.Bucket, invocation.StopBy(context.Time.GetUtcNow()), cancellationToken);
        deployment.Metrics.Write(
            HandlerNames.Import,
            (MetricNames.PointsWritten, progress.DoneChunks > 0 ? receipt!.Points : 0),
            (MetricNames.PointsQuarantined, progress.DoneChunks > 0 ? receipt!.Quarantined.Sum(left => left.Points) : 0),
            (MetricNames.Bytes, progress.Bytes),
            (MetricNames.ChunkSeconds, context.Time.GetElapsedTime(clock).TotalSeconds),
            (MetricNames.Retries, progress.Retries));
        if (receipt is null)
            deployment.Logger.Continued(HandlerNames.Import, chunk.Id);
        return new ChunkAnswer(receipt is not null, chunk.Id);
    }
}
