using System.Collections.Concurrent;
using Influx;

namespace Migration;

public sealed partial class MigrationRun
{
    private MigrationProgress Progress => context.Progress;

    private TimeProvider Time => context.Time;

    public partial Task<MigrationPlan> PlanAsync(CancellationToken cancellationToken) => StoredPlan.MakeAsync(context, cancellationToken);

    public partial async Task<ComparisonReport> CompareAsync(CancellationToken cancellationToken)
    {
        using var source = await context.ConnectSourceAsync(cancellationToken);
        using var destination = await context.ConnectDestinationAsync(cancellationToken);
        return await new Comparison(source, destination, context.Request, context.RetryOf(Progress.Verify), Time, Progress)
            .CompareAsync(cancellationToken);
    }

    public partial async Task<MigrationReport> RunAsync(CancellationToken cancellationToken)
    {
        var started = Time.GetUtcNow();
        var plan = await StoredPlan.FindOrMakeAsync(context, cancellationToken);
        context.Logger.Planned(plan.Chunks.Count, plan.Chunks.Sum(chunk => chunk.FieldValues), plan.Buckets.Count);
        return await ReportedAsync(plan, started, () => MoveAsync(plan, export: true, cancellationToken), cancellationToken);
    }

    public partial async Task<MigrationReport> RestoreAsync(CancellationToken cancellationToken)
    {
        var started = Time.GetUtcNow();
        var stored = await StoredPlan.FindAsync(context, cancellationToken)
            ?? throw new StagingException(
                $"{context.Store.Location} holds no '{StagingLayout.Plan}': it is no folder of a migration", StagingFault.OtherMigration);
        var plan = await StoredPlan.CheckTokensAsync(context, stored, source: false, cancellationToken);
        Progress.Plan.Start(Time, 0, 0);
        Progress.Plan.Stop(Time);
        return await ReportedAsync(plan, started, () => MoveAsync(plan, export: false, cancellationToken), cancellationToken);
    }

    private async Task MoveAsync(MigrationPlan plan, bool export, CancellationToken cancellationToken)
    {
        using var destination = await context.ConnectDestinationAsync(cancellationToken);
        var buckets = new DestinationBuckets(destination, context.Store, plan, context.Logger);
        var targets = await buckets.PrepareAsync(cancellationToken);
        if (export)
            await ExportAsync(plan, cancellationToken);
        Progress.Stage.Start(Time, plan.Chunks.Count, plan.Chunks.Sum(chunk => chunk.FieldValues));
        var manifest = await new Stager(context.Store, plan, Time, Progress.Stage).StageAsync(cancellationToken);
        Progress.Stage.Stop(Time);
        try
        {
            targets = await buckets.WidenAsync(targets, cancellationToken);
            await LoadAsync(plan, manifest, destination, targets, cancellationToken);
        }
        finally
        {
            // Also after a failure or a Ctrl-C: a bucket must not be left with another retention than it had.
            await buckets.PutBackAsync(CancellationToken.None);
        }
    }

    private async Task ExportAsync(MigrationPlan plan, CancellationToken cancellationToken)
    {
        using var source = await context.ConnectSourceAsync(cancellationToken);
        var exporter = new Exporter(source, context.Store, plan, context.RetryOf(Progress.Export), Time, context.Logger, Progress.Export);
        Progress.Export.Start(Time, plan.Chunks.Count, plan.Chunks.Sum(chunk => chunk.FieldValues));
        await EachAsync(plan, plan.Chunks, (chunk, token) => exporter.ExportAsync(chunk, stopBy: null, token), cancellationToken);
        Finish(Progress.Export);
    }

    private async Task LoadAsync(
        MigrationPlan plan, SealedManifest manifest, IInfluxClient destination, IReadOnlyList<DestinationBucket> targets, CancellationToken cancellationToken)
    {
        var segments = Segment.All(plan, manifest).ToList();
        var imports = new ConcurrentDictionary<string, ImportReceipt>(StringComparer.Ordinal);
        var importer = new Importer(destination, context.Store, plan, context.RetryOf(Progress.Import), Time, context.Logger, Progress.Import);
        var values = plan.Chunks.Sum(chunk => chunk.FieldValues);
        Progress.Import.Start(Time, segments.Count, values);
        await EachAsync(
            plan,
            segments,
            async (segment, token) =>
            {
                var bucket = targets[segment.Chunk.Bucket].Bucket;
                var receipt = await destination.WithGrantAdviceAsync(
                    bucket.Name, write: true, () => importer.ImportAsync(segment.Chunk, segment.Pinned, bucket, stopBy: null, token));
                return imports[segment.Chunk.Id] = receipt ?? throw new InvalidOperationException("an import without a deadline ends with a receipt");
            },
            cancellationToken);
        Finish(Progress.Import);
        if (plan.Request.Verify == VerifyMode.None)
            return;
        var verifier = new Verifier(destination, context.Store, plan, importer, context.RetryOf(Progress.Verify), Time, context.Logger, Progress.Verify);
        Progress.Verify.Start(Time, segments.Count, values);
        await EachAsync(
            plan,
            segments,
            (segment, token) =>
            {
                var (bucket, holdsMore) = targets[segment.Chunk.Bucket];
                return verifier.VerifyAsync(segment.Chunk, segment.Pinned, imports[segment.Chunk.Id], bucket, holdsMore, stopBy: null, token);
            },
            cancellationToken);
        Finish(Progress.Verify);
    }

    private static async Task EachAsync<TUnit, TReceipt>(
        MigrationPlan plan, IEnumerable<TUnit> units, Func<TUnit, CancellationToken, Task<TReceipt>> work, CancellationToken cancellationToken) =>
        await Parallel.ForEachAsync(
            units,
            new ParallelOptions { MaxDegreeOfParallelism = Math.Min(plan.Request.Concurrency, 2), CancellationToken = cancellationToken },
            async (unit, token) => await work(unit, token));

    private void Finish(StageProgress stage)
    {
        stage.Stop(Time);
        if (stage.SkippedChunks > 0)
            context.Logger.Skipped(stage.Name, stage.SkippedChunks, stage.TotalChunks);
    }
}
