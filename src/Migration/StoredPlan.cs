namespace Migration;

/// <summary>The plan that a staging store holds: made once, sealed with that, and followed by every later run.</summary>
public static class StoredPlan
{
    /// <summary>Reads it; null when there is none yet.</summary>
    /// <exception cref="StagingException">It belongs to another migration.</exception>
    public static Task<MigrationPlan?> FindAsync(RunContext context, CancellationToken cancellationToken) =>
        FindAsync(context.Store, _ => context.Request, cancellationToken);

    /// <summary>Reads it; null when there is none yet.</summary>
    /// <param name="store">The staging store.</param>
    /// <param name="ask">Makes what is asked for now out of what was asked for then.</param>
    /// <param name="cancellationToken">Cancels.</param>
    /// <exception cref="StagingException">It belongs to another migration.</exception>
    public static async Task<MigrationPlan?> FindAsync(
        IStagingStore store, Func<MigrationRequest, MigrationRequest> ask, CancellationToken cancellationToken)
    {
        var stored = await store.ReadHashedAsync(StagingLayout.Plan, MigrationJson.Default.MigrationPlan, cancellationToken);
        if (stored is not (var plan, var sha256))
            return null;
        var asked = ask(plan.Request);
        if (plan.Request.StagingIdentity() != asked.StagingIdentity())
        {
            throw new StagingException(
                $"{store.Location} belongs to another migration ({plan.Request.Source.Url} to {plan.Request.Destination.Url}): name another folder with --dir-name",
                StagingFault.OtherMigration);
        }
        // What is moved is the same, how may differ.
        var isRenamed = plan.Request.Identity() != asked.Identity();
        return plan with { Request = asked, Sha256 = sha256, Buckets = isRenamed ? BucketPairs.Rename(plan.Buckets, asked) : plan.Buckets };
    }

    /// <summary>Makes it and keeps it, or reads the one that is there.</summary>
    /// <exception cref="StagingException">It belongs to another migration.</exception>
    /// <exception cref="Influx.RejectedException">A server refuses.</exception>
    /// <exception cref="Influx.TransientException">A server does not answer.</exception>
    public static async Task<MigrationPlan> FindOrMakeAsync(RunContext context, CancellationToken cancellationToken) =>
        await FindOrMakeAsync(context, continuation: null, cancellationToken) ?? throw new InvalidOperationException("without a deadline everything is planned");

    /// <summary>The same in several calls.</summary>
    /// <returns>Null when the deadline came first: the next call goes on.</returns>
    /// <inheritdoc cref="FindOrMakeAsync(RunContext, CancellationToken)"/>
    public static async Task<MigrationPlan?> FindOrMakeAsync(RunContext context, Continuation? continuation, CancellationToken cancellationToken)
    {
        if (await FindAsync(context, cancellationToken) is { } stored)
        {
            context.Progress.Plan.Start(context.Time, 0, 0);
            context.Progress.Plan.Stop(context.Time);
            return await CheckTokensAsync(context, stored, source: true, cancellationToken);
        }
        var partial = continuation is null ? null : await context.Store.ReadJsonAsync(continuation.Key, MigrationJson.Default.MigrationPlan, cancellationToken);
        if (partial?.Position?.Run != continuation?.Run)
            partial = null;
        var (made, planner) = await MakeAsync(context, partial, continuation?.StopBy, cancellationToken);
        // A bucket that another run at the same time has made since is no conflict: its plan was there before.
        if (planner.Conflicts.Count > 0 && await FindAsync(context, cancellationToken) is null)
            throw new Influx.RejectedException(Influx.RejectionKind.Invalid, string.Join('\n', planner.Conflicts));
        if (made is null)
        {
            // Of two calls at the same time the last to end is gone on with; either's is whole by itself.
            await context.Store.WriteJsonAsync(continuation!.Key, planner.Partial(continuation.Run), MigrationJson.Default.MigrationPlan, replace: true, cancellationToken);
            return null;
        }
        // Of two runs at the same time one writes; both follow what is then there.
        made = made with { Warnings = [.. made.Warnings.Union(context.PlanWarnings, StringComparer.Ordinal)] };
        // What a 3 shows later depends on how it is set now: told before anything is moved, and in the report once more.
        if (made.Dialect == Influx.Dialect.V3)
        {
            foreach (var warning in made.Warnings)
                context.Logger.Warn(warning);
        }
        await context.Store.WriteJsonAsync(StagingLayout.Plan, made, MigrationJson.Default.MigrationPlan, replace: false, cancellationToken);
        stored = await FindAsync(context, cancellationToken);
        return stored ?? throw new StagingException($"'{StagingLayout.Plan}' vanished from {context.Store.Location}: run again");
    }

    /// <summary>Checks the tokens that a plan made earlier is carried on with, which may be others than then.</summary>
    /// <param name="context">What the run works with.</param>
    /// <param name="stored">The plan.</param>
    /// <param name="source">Whether the source is still read.</param>
    /// <param name="cancellationToken">Cancels.</param>
    /// <exception cref="Influx.RejectedException">A token can't do what is needed, or can do much more.</exception>
    public static async Task<MigrationPlan> CheckTokensAsync(RunContext context, MigrationPlan stored, bool source, CancellationToken cancellationToken)
    {
        var preflight = new ScopePreflight(context.Request);
        if (source)
        {
            using var from = await context.ConnectSourceAsync(cancellationToken);
            await preflight.CheckSourceAsync(from, stored.Buckets, cancellationToken);
        }
        using var to = await context.ConnectDestinationAsync(cancellationToken);
        await preflight.CheckDestinationAsync(to, stored.Buckets, resumed: true, cancellationToken);
        return stored with { Warnings = [.. stored.Warnings.Union(preflight.Warnings, StringComparer.Ordinal)] };
    }

    /// <summary>Makes a plan and keeps nothing.</summary>
    /// <exception cref="Influx.RejectedException">A server refuses.</exception>
    /// <exception cref="Influx.TransientException">A server does not answer.</exception>
    public static async Task<MigrationPlan> MakeAsync(RunContext context, CancellationToken cancellationToken) =>
        (await MakeAsync(context, partial: null, stopBy: null, cancellationToken)).Plan ?? throw new InvalidOperationException("without a deadline everything is planned");

    private static async Task<(MigrationPlan? Plan, Planner Planner)> MakeAsync(
        RunContext context, MigrationPlan? partial, DateTimeOffset? stopBy, CancellationToken cancellationToken)
    {
        var progress = context.Progress.Plan;
        using var source = await context.ConnectSourceAsync(cancellationToken);
        using var destination = await context.ConnectDestinationAsync(cancellationToken);
        progress.Start(context.Time, 0, 0);
        var planner = new Planner(source, destination, context.Request, context.Time, context.IsLaterRun, partial);
        // Requests are tried again by themselves; this is for answers that contradict one another.
        var plan = await context.RetryOf(progress).RunAsync(token => planner.PlanAsync(stopBy, token), cancellationToken);
        progress.Stop(context.Time);
        return (plan, planner);
    }
}
