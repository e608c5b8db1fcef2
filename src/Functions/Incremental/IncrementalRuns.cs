using Functions.Logs;
using Migration;

namespace Functions.Incremental;

/// <summary>
/// Begins the runs of incremental migrations and moves their marks. Of two executions of one mark only one works, and a run moves
/// the mark only from where it began, so that a mark never passes what was not moved and never goes back.
/// </summary>
/// <param name="deployment">What the handlers work with.</param>
internal sealed class IncrementalRuns(Deployment deployment)
{
    private static readonly FunctionsJson Json = FunctionsJson.Default;

    /// <summary>Begins a run, or finds the one that the migration has.</summary>
    /// <param name="store">The migration's store.</param>
    /// <param name="input">What is asked for; it or the store knows that the migration is incremental.</param>
    /// <param name="execution">Who works.</param>
    /// <param name="cancellationToken">Cancels.</param>
    /// <returns>The run; null where the migration is not incremental. Why there is nothing to do now; null when there is.</returns>
    public async Task<(IncrementalRun? Run, Skipped? Skipped)> BeginAsync(
        S3Store store, MigrationInput input, ExecutionReference execution, CancellationToken cancellationToken)
    {
        var earlier = await store.ReadJsonAsync(DeployedLayout.Incremental, Json.IncrementalRun, cancellationToken);
        if (!input.Incremental && (earlier is null || input.Request is not null))
            return (null, null);
        if (earlier is null && await store.FindAsync(DeployedLayout.Request, version: null, cancellationToken) is not null)
            throw new NamedException(ErrorNames.OtherMigration, $"the migration '{input.MigrationId}' is not incremental: leave migrationId out to begin a run");
        var (name, identity) = input.Request is { } request ? IncrementalRun.MarkOf(input, request) : (earlier!.MarkName, earlier.Identity);
        if (earlier is not null && (earlier.MarkName, earlier.Identity) != (name, identity))
        {
            throw new NamedException(
                ErrorNames.OtherMigration,
                $"the migration '{input.MigrationId}' is a run of the mark '{earlier.MarkName}', which has other data or another name: give migrationId alone to resume it, or leave it out to begin a run");
        }
        using var marks = await deployment.OpenMarksAsync(cancellationToken);
        var mark = await TakeAsync(marks, name, identity, execution, cancellationToken);
        if (mark.Holder != execution.Id)
            return (null, Skip(name, mark, $"the mark '{name}' is being moved by {mark.Holder}: there is nothing to do until it ends"));
        return earlier is null ? await MakeAsync(store, input, name, mark, cancellationToken) : (earlier, null);
    }

    /// <summary>Ends a run: moves the mark when all was moved.</summary>
    /// <param name="store">The migration's store.</param>
    /// <param name="migrationId">The migration.</param>
    /// <param name="complete">Whether all was moved; after a failure the mark stays.</param>
    /// <param name="cancellationToken">Cancels.</param>
    /// <returns>The mark as it is then; null where there is none.</returns>
    /// <exception cref="StagingException">Another execution changed it at the same time: the next try sees what is there then.</exception>
    public async Task<HighWaterMark?> EndAsync(IStagingStore store, string migrationId, bool complete, CancellationToken cancellationToken)
    {
        if (await store.ReadJsonAsync(DeployedLayout.Incremental, Json.IncrementalRun, cancellationToken) is not { } run)
            return null;
        using var marks = await deployment.OpenMarksAsync(cancellationToken);
        var mark = await MoveAsync(marks, run, migrationId, complete, cancellationToken);
        if (mark is not null)
            WriteLag(HandlerNames.Report, run.MarkName, mark);
        return mark;
    }

    private async Task<HighWaterMark?> MoveAsync(S3Store marks, IncrementalRun run, string migrationId, bool complete, CancellationToken cancellationToken)
    {
        var key = DeployedLayout.MarkKey(run.MarkName);
        // Made before the look: it completes only when the mark is still the one that is read now.
        await using var writer = await marks.CreateAsync(key, cancellationToken);
        var mark = await marks.ReadJsonAsync(key, Json.HighWaterMark, cancellationToken);
        if (!complete || mark?.MigrationId == migrationId)
            return mark;
        if (mark is null || mark.Mark != run.From || mark.Identity != run.Identity)
        {
            deployment.Logger.MarkKept(run.MarkName, run.Stop, run.From, mark?.Mark);
            return mark;
        }
        var moved = mark with { Mark = run.Stop, MigrationId = migrationId };
        await WriteAsync(writer, key, moved, cancellationToken);
        deployment.Logger.MarkMoved(run.MarkName, run.Stop);
        return moved;
    }

    private async Task<(IncrementalRun? Run, Skipped? Skipped)> MakeAsync(
        S3Store store, MigrationInput input, string name, HighWaterMark mark, CancellationToken cancellationToken)
    {
        var run = IncrementalRun.Begin(input, input.Request!, mark.Mark, deployment.Time.GetUtcNow());
        if (run is null)
            return (null, Skip(name, mark, $"nothing lies between the mark '{name}' ({mark.Mark ?? $"none yet, start {input.Request!.Start}"}) and {input.LagSeconds} s before now"));
        if (await store.WriteJsonAsync(DeployedLayout.Incremental, run, Json.IncrementalRun, replace: false, cancellationToken))
            return (run, null);
        // Another invocation with the same input was first.
        run = await store.ReadJsonAsync(DeployedLayout.Incremental, Json.IncrementalRun, cancellationToken);
        return run is null
            ? throw new StagingException($"'{DeployedLayout.Incremental}' vanished from {store.Location}", StagingFault.Raced)
            : (run, null);
    }

    /// <summary>Takes the mark; where another execution has it that still runs, its holder stays.</summary>
    private async Task<HighWaterMark> TakeAsync(S3Store marks, string name, string identity, ExecutionReference execution, CancellationToken cancellationToken)
    {
        var key = DeployedLayout.MarkKey(name);
        var mine = new HighWaterMark { Identity = identity, Holder = execution.Id };
        if (await marks.WriteJsonAsync(key, mine, Json.HighWaterMark, replace: false, cancellationToken))
            return mine;
        await using var writer = await marks.CreateAsync(key, cancellationToken);
        var held = await marks.ReadJsonAsync(key, Json.HighWaterMark, cancellationToken)
            ?? throw new StagingException($"'{key}' was removed from {marks.Location} in between", StagingFault.Raced);
        if (held.Identity != identity)
        {
            throw new NamedException(
                ErrorNames.OtherMigration,
                $"the mark '{name}' belongs to other servers, buckets or filters: give this migration another mark, or remove '{key}' of {marks.Location} to move everything again");
        }
        if (held.Holder == execution.Id || await deployment.StepFunctions.IsRunningAsync(held.Holder, execution, deployment.Logger, cancellationToken))
            return held;
        held = held with { Holder = execution.Id };
        await WriteAsync(writer, key, held, cancellationToken);
        return held;
    }

    private Skipped Skip(string name, HighWaterMark mark, string sentence)
    {
        WriteLag(HandlerNames.Validate, name, mark);
        deployment.Logger.NothingToDo(sentence);
        return new Skipped { Sentence = sentence, Mark = mark.Mark };
    }

    private void WriteLag(string stage, string name, HighWaterMark mark)
    {
        if (mark.Mark is { } text && Influx.Timestamp.TryParse(text, out var time))
            deployment.Metrics.WriteLag(stage, name, (Influx.Timestamp.From(deployment.Time.GetUtcNow()) - time) / 1e9);
    }

    private static async Task WriteAsync(StagingWriter writer, string key, HighWaterMark mark, CancellationToken cancellationToken)
    {
        await writer.WriteAsync(JsonSeal.Write(key, mark, Json.HighWaterMark), cancellationToken);
        await writer.CompleteAsync(cancellationToken);
    }
}
