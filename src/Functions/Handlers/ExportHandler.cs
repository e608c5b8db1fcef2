using Functions.Logs;
using Functions.Runtime;
using Functions.Secrets;
using Migration;

namespace Functions.Handlers;

/// <summary>Exports one chunk, or a part of it when the deadline comes first.</summary>
internal sealed class ExportHandler(Deployment deployment)
{
    public async Task<ChunkAnswer> HandleAsync(MigrationState state, Invocation invocation, CancellationToken cancellationToken)
    {
        var migration = await deployment.OpenAsync(state, cancellationToken);
        var (plan, chunk, context) = await migration.ChunkAsync(state.Chunk, cancellationToken);
        var source = await migration.ConnectAsync(context, ServerRole.Source, cancellationToken);
        var progress = context.Progress.Export;
        var exporter = new Exporter(source, migration.Store, plan, context.RetryOf(progress), context.Time, context.Logger, progress);
        var clock = context.Time.GetTimestamp();
        var receipts = await exporter.ExportAsync(chunk, invocation.StopBy(context.Time.GetUtcNow()), cancellationToken);
        deployment.Metrics.Write(
            HandlerNames.Export,
            (MetricNames.PointsRead, progress.Points),
            (MetricNames.PointsRejected, progress.DoneChunks > 0 ? receipts!.Sum(receipt => receipt.Rejected.Sum(left => left.Points)) : 0),
            (MetricNames.Bytes, progress.Bytes),
            (MetricNames.ChunkSeconds, context.Time.GetElapsedTime(clock).TotalSeconds),
            (MetricNames.Retries, progress.Retries));
        if (receipts is null)
            deployment.Logger.Continued(HandlerNames.Export, chunk.Id);
        return new ChunkAnswer(receipts is not null, chunk.Id);
    }
}
