using Aws;
using Functions.Logs;
using Functions.Secrets;
using Migration;

namespace Functions;

/// <summary>What the handlers work with; lives as long as the process, so that a warm function has its connections and its plan.</summary>
/// <param name="settings">The settings.</param>
/// <param name="logger">The log.</param>
/// <param name="time">The clock.</param>
internal sealed class Deployment(Settings settings, JsonLogger logger, TimeProvider time)
{
    private readonly Lazy<StepFunctionsClient> stepFunctions = new(() => new StepFunctionsClient());
    private readonly Lazy<SecretCache> secrets = new(() => new SecretCache(new SecretsManagerClient(), settings.Region, logger, time));
    private OpenMigration? open;

    public Settings Settings => settings;

    public JsonLogger Logger => logger;

    public TimeProvider Time => time;

    public Metrics Metrics { get; } = new(logger, settings.MetricsNamespace, settings.Environment, time);

    public StepFunctionsClient StepFunctions => stepFunctions.Value;

    public SecretCache Secrets => secrets.Value;

    /// <summary>Opens the part of the staging bucket that is a migration's.</summary>
    public Task<S3Store> OpenStoreAsync(string migrationId, CancellationToken cancellationToken) =>
        OpenPrefixAsync(DeployedLayout.Prefix(migrationId), cancellationToken);

    /// <summary>Opens the part of the staging bucket where the marks of incremental migrations are.</summary>
    public Task<S3Store> OpenMarksAsync(CancellationToken cancellationToken) => OpenPrefixAsync(DeployedLayout.Marks, cancellationToken);

    /// <summary>The migration of an execution, from the invocation before where it is the same.</summary>
    public async Task<OpenMigration> OpenAsync(MigrationState state, CancellationToken cancellationToken)
    {
        if (open is not null && open.Execution == state.Execution && open.MigrationId == state.MigrationId && open.Run == state.Run)
            return open;
        open?.Dispose();
        open = null;
        return open = await OpenMigration.OpenAsync(this, state, cancellationToken);
    }

    private Task<S3Store> OpenPrefixAsync(string prefix, CancellationToken cancellationToken) => S3Store.OpenAsync(
        new S3StoreOptions
        {
            Bucket = settings.StagingBucket,
            Prefix = prefix,
            ExpectedBucketOwner = settings.StagingBucketOwner,
            Region = settings.Region,
            ChunkTag = DeployedLayout.ChunkTag,
        },
        cancellationToken);
}
