using System.Collections.Concurrent;
using Influx;

namespace Migration;

public sealed partial class MigrationRun
{
    private MigrationProgress Progress => context.Progress;

    private TimeProvider Time => context.Time;

    public partial async Task<MigrationPlan> PlanAsync(CancellationToken cancellationToken)
    {
        using var source = await ConnectAsync(isSource: true, context.Request, cancellationToken);
        using var destination = await ConnectAsync(isSource: false, context.Request, cancellationToken);
        Progress.Plan.Start(Time, 0, 0);
        // Planning keeps nothing, so a failed try starts over.
        var plan = await Retry(Progress.Plan).RunAsync(
            token => new Planner(source, destination, context.Request, Time).PlanAsync(token), cancellationToken);
        Progress.Plan.Stop(Time);
        return plan;
    }

    public partial async Task<ComparisonReport> CompareAsync(CancellationToken cancellationToken)
    {
        using var source = await ConnectAsync(isSource: true, context.Request, cancellationToken);
        using var destination = await ConnectAsync(isSource: false, context.Request, cancellationToken);
        return await new Comparison(source, destination, context.Request, Retry(Progress.Verify), Time, Progress)
            .CompareAsync(cancellationToken);
    }

    public partial async Task<MigrationReport> RunAsync(CancellationToken cancellationToken)
    {
        var started = Time.GetUtcNow();
        var plan = await StoredPlanAsync(cancellationToken);
        if (plan is null)
        {
            var made = await PlanAsync(cancellationToken);
            if (made.Conflicts.Count > 0)
                throw new RejectedException(RejectionKind.Invalid, string.Join('\n', made.Conflicts));
            await context.Store.WriteJsonAsync(StagingLayout.Plan, made, MigrationJson.Default.MigrationPlan, replace: false, cancellationToken);
            plan = await StoredPlanAsync(cancellationToken);
        }
        else
        {
            Progress.Plan.Start(Time, 0, 0);
            Progress.Plan.Stop(Time);
        }
        plan = plan!.Value with { Plan = plan.Value.Plan with { Request = context.Request } };
        context.Logger.Planned(plan.Value.Plan.Chunks.Count, plan.Value.Plan.Chunks.Sum(chunk => chunk.FieldValues), plan.Value.Plan.Buckets.Count);
        var (toMove, sha256) = plan.Value;
        return await ReportedAsync(toMove, started, () => MoveAsync(toMove, sha256, export: true, cancellationToken), cancellationToken);
    }

    public partial async Task<MigrationReport> RestoreAsync(CancellationToken cancellationToken)
    {
        var started = Time.GetUtcNow();
        var (plan, sha256) = await StoredPlanAsync(cancellationToken)
            ?? throw new StagingException($"{context.Store.Location} holds no '{StagingLayout.Plan}': it is no folder of a migration", otherRun: true);
        Progress.Plan.Start(Time, 0, 0);
        Progress.Plan.Stop(Time);
        var toMove = plan with { Request = context.Request };
        return await ReportedAsync(toMove, started, () => MoveAsync(toMove, sha256, export: false, cancellationToken), cancellationToken);
    }

    private async Task MoveAsync(MigrationPlan plan, string planSha256, bool export, CancellationToken cancellationToken)
    {
        using var destination = await ConnectAsync(isSource: false, plan.Request, cancellationToken);
        var buckets = new DestinationBuckets(destination, context.Store, plan, context.Logger);
        var targets = new List<(Bucket Bucket, bool HoldsMore)>();
        foreach (var pair in plan.Buckets)
            targets.Add(await destination.WithGrantAdviceAsync(pair.DestinationName, write: true, () => buckets.PrepareAsync(pair, cancellationToken)));
        if (export)
            await ExportAsync(plan, cancellationToken);
        Progress.Stage.Start(Time, plan.Chunks.Count, plan.Chunks.Sum(chunk => chunk.FieldValues));
        var manifest = await new Stager(context.Store, plan, planSha256, Time, Progress.Stage).StageAsync(cancellationToken);
        Progress.Stage.Stop(Time);
        try
        {
            for (var i = 0; i < targets.Count; i++)
                targets[i] = targets[i] with { Bucket = await buckets.WidenAsync(plan.Buckets[i], targets[i].Bucket, cancellationToken) };
            await LoadAsync(plan, manifest, destination, targets, cancellationToken);
        }
        finally
        {
            // Also after a failure or a Ctrl-C: a bucket must not be left with another retention than it had.
            foreach (var pair in plan.Buckets)
                await buckets.PutBackAsync(pair, CancellationToken.None);
        }
    }

    private async Task ExportAsync(MigrationPlan plan, CancellationToken cancellationToken)
    {
        using var source = await ConnectAsync(isSource: true, plan.Request, cancellationToken);
        var exporter = new Exporter(source, context.Store, plan, Retry(Progress.Export), Time, context.Logger, Progress.Export);
        Progress.Export.Start(Time, plan.Chunks.Count, plan.Chunks.Sum(chunk => chunk.FieldValues));
        await EachAsync(plan, plan.Chunks, (chunk, token) => exporter.ExportAsync(chunk, stopBy: null, token), cancellationToken);
        Finish(Progress.Export);
    }

    private async Task LoadAsync(
        MigrationPlan plan, SealedManifest manifest, IInfluxClient destination, List<(Bucket Bucket, bool HoldsMore)> targets, CancellationToken cancellationToken)
    {
        var segments = Segment.All(plan, manifest).ToList();
        var imports = new ConcurrentDictionary<string, ImportReceipt>(StringComparer.Ordinal);
        var importer = new Importer(destination, context.Store, plan, Retry(Progress.Import), Time, context.Logger, Progress.Import);
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
        var verifier = new Verifier(destination, context.Store, plan, importer, Retry(Progress.Verify), Time, context.Logger, Progress.Verify);
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

    private async Task<(MigrationPlan Plan, string Sha256)?> StoredPlanAsync(CancellationToken cancellationToken)
    {
        var stored = await context.Store.ReadHashedAsync(StagingLayout.Plan, MigrationJson.Default.MigrationPlan, cancellationToken);
        if (stored is { } found && found.Value.Request.Identity() != context.Request.Identity())
            throw new StagingException(
                $"{context.Store.Location} belongs to another migration ({found.Value.Request.Source.Url} to {found.Value.Request.Destination.Url}): name another folder with --dir-name",
                otherRun: true);
        return stored;
    }

    private async Task<IInfluxClient> ConnectAsync(bool isSource, MigrationRequest request, CancellationToken cancellationToken)
    {
        var server = isSource ? request.Source : request.Destination;
        if (ServerOptions.TryParseUrl(server.Url, out var url) is { } problem)
            throw new RejectedException(RejectionKind.Invalid, problem);
        var options = new ServerOptions
        {
            Url = url!,
            ReadToken = isSource ? context.ReadSourceToken : context.ReadDestinationToken,
            CaFile = request.CaFile,
            SkipVerify = request.SkipVerify,
            Role = isSource ? "source" : "destination",
            TokenName = isSource ? context.SourceTokenName : context.DestinationTokenName,
        };
        var first = new RetryPolicy(context.Retry with { MaxRetries = Math.Min(context.Retry.MaxRetries, 3) }, Time, context.Random, null);
        return await first.RunAsync(token => ServerDetector.ConnectAsync(options, Time, token), cancellationToken);
    }

    private RetryPolicy Retry(StageProgress stage) => new(context.Retry, Time, context.Random, retry =>
    {
        stage.Retried();
        context.Logger.Retry(stage.Name, retry.Attempt, retry.Delay.TotalSeconds, retry.Cause.Message);
    });
}
