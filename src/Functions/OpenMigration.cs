using System.Text.Json;
using Functions.Secrets;
using Influx;
using Migration;

namespace Functions;

/// <summary>
/// A migration as a function keeps it from one invocation to the next: its store, its plan, its manifest and its connections. The
/// plan and the manifest never change once they are there, and another execution gets another of these.
/// </summary>
internal sealed class OpenMigration : IDisposable
{
    private readonly Deployment deployment;
    private readonly MigrationRequest asked;
    private readonly Dictionary<ServerRole, IInfluxClient> clients = [];
    private StoredPlan? plan;
    private SealedManifest? manifest;

    private OpenMigration(Deployment deployment, MigrationState state, S3Store store, MigrationRequest asked)
    {
        this.deployment = deployment;
        this.asked = asked;
        Store = store;
        MigrationId = state.MigrationId;
        Execution = state.Execution;
    }

    public string MigrationId { get; }

    public string Execution { get; }

    public S3Store Store { get; }

    /// <summary>Opens a migration that was validated.</summary>
    /// <exception cref="StagingException">It was not.</exception>
    public static async Task<OpenMigration> OpenAsync(Deployment deployment, MigrationState state, CancellationToken cancellationToken)
    {
        var store = await deployment.OpenStoreAsync(state.MigrationId, cancellationToken);
        try
        {
            var request = await store.ReadJsonAsync(DeployedLayout.Request, MigrationJson.Default.MigrationRequest, cancellationToken)
                ?? throw new StagingException($"'{DeployedLayout.Request}' is missing in {store.Location}: start the migration again");
            return new OpenMigration(deployment, state, store, request);
        }
        catch
        {
            store.Dispose();
            throw;
        }
    }

    /// <summary>What planning works with: what the input leaves out comes from the secrets.</summary>
    public async Task<RunContext> PlanningAsync(CancellationToken cancellationToken)
    {
        var source = await SecretAsync(ServerRole.Source, refused: null, cancellationToken);
        var destination = await SecretAsync(ServerRole.Destination, refused: null, cancellationToken);
        var filled = asked with
        {
            Source = Filled(asked.Source, source, ServerRole.Source, deployment.Settings.SourceSecret),
            Destination = Filled(asked.Destination, destination, ServerRole.Destination, deployment.Settings.DestinationSecret),
        };
        deployment.Settings.Rules.Check(filled);
        return Context(filled) with { SourceCaPem = source.CaPem, DestinationCaPem = destination.CaPem };
    }

    /// <summary>The plan, and what one invocation of a stage works with; both servers are the plan's.</summary>
    /// <exception cref="StagingException">There is no plan, or it belongs to another migration.</exception>
    public async Task<(StoredPlan Plan, RunContext Context)> StageAsync(CancellationToken cancellationToken)
    {
        plan ??= await FindPlanAsync(cancellationToken)
            ?? throw new StagingException($"'{StagingLayout.Plan}' is missing in {Store.Location}: start the migration again");
        return (plan, Context(plan.Plan.Request));
    }

    /// <summary>The plan, where there is one yet.</summary>
    public async Task<StoredPlan?> FindPlanAsync(CancellationToken cancellationToken) =>
        await StoredPlan.FindAsync(
            Store, planned => asked with { Source = planned.Source, Destination = planned.Destination }, cancellationToken);

    /// <summary>A connection, which stays open between invocations.</summary>
    public async Task<IInfluxClient> ConnectAsync(RunContext context, ServerRole role, CancellationToken cancellationToken)
    {
        if (clients.TryGetValue(role, out var client))
            return client;
        deployment.Settings.Rules.Check(context.Request);
        var caPem = (await SecretAsync(role, refused: null, cancellationToken)).CaPem;
        client = role == ServerRole.Source
            ? await (context with { SourceCaPem = caPem }).ConnectSourceAsync(cancellationToken)
            : await (context with { DestinationCaPem = caPem }).ConnectDestinationAsync(cancellationToken);
        return clients[role] = client;
    }

    /// <summary>A chunk of the plan.</summary>
    /// <exception cref="StagingException">The plan has none of that id.</exception>
    public Chunk Chunk(MigrationPlan planned, string? id) =>
        planned.Chunks.FirstOrDefault(chunk => chunk.Id == id)
        ?? throw new StagingException($"the chunk '{id}' is not in '{StagingLayout.Plan}' of {Store.Location}: it was changed after the execution began; start the migration again");

    /// <summary>A segment of the sealed manifest, which import and verify have for a chunk.</summary>
    /// <exception cref="StagingException">There is no manifest, or it has no segment of that id.</exception>
    public async Task<Segment> SegmentAsync(MigrationPlan planned, string? id, CancellationToken cancellationToken)
    {
        manifest ??= await Store.ReadJsonAsync(StagingLayout.Manifest, MigrationJson.Default.SealedManifest, cancellationToken)
            ?? throw new StagingException($"'{StagingLayout.Manifest}' is missing in {Store.Location}: start the migration again, which seals it anew");
        return Segment.Find(planned, manifest, id ?? "");
    }

    /// <summary>Writes the items of a Map of this execution.</summary>
    public async Task<ItemList> WriteItemsAsync(string handler, IReadOnlyList<ChunkItem> items, CancellationToken cancellationToken)
    {
        var key = DeployedLayout.Items(Execution, handler);
        var content = JsonSerializer.SerializeToUtf8Bytes(items, FunctionsJson.Default.IReadOnlyListChunkItem);
        await Store.WriteAsync(key, content, replace: true, cancellationToken);
        return new ItemList($"{DeployedLayout.Prefix(MigrationId)}/{key}", items.Count);
    }

    public void Dispose()
    {
        foreach (var client in clients.Values)
            client.Dispose();
        Store.Dispose();
    }

    private Task<ServerSecret> SecretAsync(ServerRole role, Secret? refused, CancellationToken cancellationToken) => deployment.Secrets.ReadAsync(
        role == ServerRole.Source ? deployment.Settings.SourceSecret : deployment.Settings.DestinationSecret, role, refused, cancellationToken);

    private RunContext Context(MigrationRequest request) => new()
    {
        Request = request,
        Store = Store,
        ReadSourceToken = async (refused, token) => (await SecretAsync(ServerRole.Source, refused, token)).Token,
        ReadDestinationToken = async (refused, token) => (await SecretAsync(ServerRole.Destination, refused, token)).Token,
        Connect = deployment.Settings.Rules.Hosts.ConnectAsync,
        Time = deployment.Time,
        Logger = deployment.Logger,
    };

    private ServerRequest Filled(ServerRequest server, ServerSecret secret, ServerRole role, string? secretArn)
    {
        if (server.Url.Length > 0)
            return server with { Org = server.Org ?? secret.Org };
        if (secret.Url is not { } url)
            throw new NamedException(
                ErrorNames.InvalidInput,
                $"neither the input's {role.ToString().ToLowerInvariant()} nor its secret names a URL: give one, such as https://influx.example.com:8086");
        return deployment.Settings.Rules.Hosts.Problem(new Uri(url)) is { } problem
            ? throw ServerSecret.Unusable(secretArn!, $"has a \"url\" that is not allowed: {problem}")
            : server with { Url = url, Org = server.Org ?? secret.Org };
    }
}
