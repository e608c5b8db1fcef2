using System.Globalization;
using Functions.Incremental;
using Functions.Logs;
using Functions.Runtime;
using Migration;

namespace Functions.Handlers;

/// <summary>Checks the input, and takes the migration for this execution: of two executions of one migration, or of one mark, only one runs.</summary>
internal sealed class ValidateHandler(Deployment deployment)
{
    public async Task<MigrationState> HandleAsync(ValidatePayload payload, Invocation invocation, CancellationToken cancellationToken)
    {
        var input = MigrationInput.Parse(payload.Input, deployment.Settings.Rules);
        var migrationId = input.MigrationId ?? payload.Execution.Name;
        using var store = await deployment.OpenStoreAsync(migrationId, cancellationToken);
        var (run, skipped) = await new IncrementalRuns(deployment).BeginAsync(store, input, payload.Execution, cancellationToken);
        if (skipped is not null)
            return State(payload.Execution, migrationId, input) with { Skipped = skipped };
        if (run is not null && input.Request is { } asked)
            input = input with { Request = run.Of(asked) };
        var request = await RequestAsync(store, input, migrationId, cancellationToken);
        deployment.Settings.Rules.Check(request);
        await LockAsync(store, migrationId, payload.Execution, cancellationToken);
        // After the lock: what is asked for anew is how it is moved, not what.
        await store.WriteJsonAsync(DeployedLayout.Request, request, MigrationJson.Default.MigrationRequest, replace: true, cancellationToken);
        deployment.Logger.Taken(migrationId, payload.Execution.Name);
        return State(payload.Execution, migrationId, input) with { Verify = request.Verify.ToString().ToLowerInvariant() };
    }

    private MigrationState State(ExecutionReference execution, string migrationId, MigrationInput input)
    {
        var most = deployment.Settings.Rules.MostConcurrency;
        if (input.MaxConcurrency > most)
            deployment.Logger.ConcurrencyCapped(migrationId, input.MaxConcurrency, most);
        return new()
        {
            MigrationId = migrationId,
            Execution = execution.Name,
            // A redriven execution keeps it, as its first state is not run again.
            Run = deployment.Time.GetUtcNow().ToString("O", CultureInfo.InvariantCulture),
            Bucket = deployment.Settings.StagingBucket,
            MaxConcurrency = Math.Min(input.MaxConcurrency, most),
        };
    }

    private static async Task<MigrationRequest> RequestAsync(S3Store store, MigrationInput input, string migrationId, CancellationToken cancellationToken)
    {
        var earlier = await store.ReadJsonAsync(DeployedLayout.Request, MigrationJson.Default.MigrationRequest, cancellationToken);
        if (input.Request is not { } asked)
        {
            return earlier ?? throw new NamedException(
                ErrorNames.InvalidInput, $"there is no migration '{migrationId}' to resume in {store.Location}: correct migrationId, or name source and destination to begin");
        }
        if (earlier is not null && earlier.Identity() != asked.Identity())
        {
            throw new NamedException(
                ErrorNames.OtherMigration,
                $"the migration '{migrationId}' moves other data ({Words(earlier)}, and not {Words(asked)}): leave migrationId out to begin a new one, or give the same source, destination, range and filters to resume");
        }
        return asked;
    }

    private async Task LockAsync(S3Store store, string migrationId, ExecutionReference execution, CancellationToken cancellationToken)
    {
        var mine = new MigrationLock(execution.Id);
        if (await store.WriteJsonAsync(DeployedLayout.Lock, mine, FunctionsJson.Default.MigrationLock, replace: false, cancellationToken))
            return;
        // Made before the look: it completes only when the lock is still the one that is read now.
        await using var writer = await store.CreateAsync(DeployedLayout.Lock, cancellationToken);
        var held = await store.ReadJsonAsync(DeployedLayout.Lock, FunctionsJson.Default.MigrationLock, cancellationToken);
        if (held == mine)
            return;
        if (held is not null && await deployment.StepFunctions.IsRunningAsync(held.ExecutionId, execution, deployment.Logger, cancellationToken))
        {
            throw new NamedException(
                ErrorNames.AlreadyRunning,
                $"the migration '{migrationId}' is still run by {held.ExecutionId}: wait for it or stop it, then start again");
        }
        await writer.WriteAsync(JsonSeal.Write(DeployedLayout.Lock, mine, FunctionsJson.Default.MigrationLock), cancellationToken);
        await writer.CompleteAsync(cancellationToken);
    }

    private static string Words(MigrationRequest request) =>
        $"{request.Source.Url} '{request.Source.Bucket ?? "all buckets"}' to {request.Destination.Url} '{request.Destination.Bucket ?? request.Source.Bucket ?? "all buckets"}'";
}
