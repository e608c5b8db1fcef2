using System.Text.Json;
using Functions.Runtime;
using Functions.Secrets;
using Influx;
using Migration;

namespace Functions;

/// <summary>
/// A migration as a function keeps it from one invocation to the next: its store, its plan or the parts of plan and manifest that it
/// read last, and its connections. They never change once they are there, and another execution gets another of these.
/// </summary>
internal sealed class OpenMigration : IDisposable
{
    private readonly Deployment deployment;
    private readonly MigrationRequest asked;
    private readonly Dictionary<ServerRole, IInfluxClient> clients = [];
    private MigrationPlan? plan;
    private (string Part, MigrationPlan Plan)? planPart;
    private (string Part, SealedManifest Manifest)? manifestPart;

    private OpenMigration(Deployment deployment, MigrationState state, S3Store store, MigrationRequest asked)
    {
        this.deployment = deployment;
        this.asked = asked;
        Store = store;
        MigrationId = state.MigrationId;
        Execution = state.Execution;
        Run = state.Run;
    }

    public string MigrationId { get; }

    public string Execution { get; }

    /// <summary><see cref="MigrationState.Run"/>.</summary>
    public string? Run { get; }

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
        deployment.Settings.Rules.Check(asked);
        var source = await SecretAsync(ServerRole.Source, asked.Source, refused: null, cancellationToken);
        var destination = await SecretAsync(ServerRole.Destination, asked.Destination, refused: null, cancellationToken);
        var filled = asked with
        {
            Source = Filled(asked.Source, source, ServerRole.Source, deployment.Settings.SourceSecret),
            Destination = Filled(asked.Destination, destination, ServerRole.Destination, deployment.Settings.DestinationSecret),
        };
        return Context(filled) with
        {
            SourceCaPem = source.CaPem,
            DestinationCaPem = destination.CaPem,
            PlanWarnings = [.. Unbound(source, ServerRole.Source), .. Unbound(destination, ServerRole.Destination)],
        };
    }

    /// <summary>The whole plan, and what one invocation of a stage works with; both servers are the plan's.</summary>
    /// <exception cref="StagingException">There is no plan, or it belongs to another migration.</exception>
    public async Task<(MigrationPlan Plan, RunContext Context)> StageAsync(CancellationToken cancellationToken)
    {
        plan ??= await FindPlanAsync(cancellationToken)
            ?? throw new StagingException($"'{StagingLayout.Plan}' is missing in {Store.Location}: start the migration again");
        return (plan, Context(plan.Request));
    }

    /// <summary>The plan, where there is one yet.</summary>
    public async Task<MigrationPlan?> FindPlanAsync(CancellationToken cancellationToken) =>
        await StoredPlan.FindAsync(
            Store, planned => asked with { Source = planned.Source, Destination = planned.Destination }, cancellationToken);

    /// <summary>A connection, which stays open between invocations.</summary>
    public async Task<IInfluxClient> ConnectAsync(RunContext context, ServerRole role, CancellationToken cancellationToken)
    {
        if (clients.TryGetValue(role, out var client))
            return client;
        deployment.Settings.Rules.Check(context.Request);
        var server = role == ServerRole.Source ? context.Request.Source : context.Request.Destination;
        var caPem = (await SecretAsync(role, server, refused: null, cancellationToken)).CaPem;
        client = role == ServerRole.Source
            ? await (context with { SourceCaPem = caPem }).ConnectSourceAsync(cancellationToken)
            : await (context with { DestinationCaPem = caPem }).ConnectDestinationAsync(cancellationToken);
        return clients[role] = client;
    }

    /// <summary>The part of the plan that has a chunk, the chunk, and what one invocation for it works with.</summary>
    /// <exception cref="StagingException">The plan has none of that id.</exception>
    public async Task<(MigrationPlan Plan, Chunk Chunk, RunContext Context)> ChunkAsync(string? id, CancellationToken cancellationToken)
    {
        var part = await PlanPartAsync(id, cancellationToken);
        var chunk = part.Chunks.FirstOrDefault(chunk => chunk.Id == id) ?? throw Unknown(id, StagingLayout.Plan);
        return (part, chunk, Context(part.Request));
    }

    /// <summary>The same for a segment of the sealed manifest, which import and verify have for a chunk.</summary>
    /// <exception cref="StagingException">The manifest has none of that id.</exception>
    public async Task<(MigrationPlan Plan, Segment Segment, RunContext Context)> SegmentAsync(string? id, CancellationToken cancellationToken)
    {
        var part = await PlanPartAsync(id, cancellationToken);
        var number = DeployedLayout.PartOf(id!);
        if (manifestPart?.Part != number)
        {
            manifestPart = (number, await Store.ReadJsonAsync(DeployedLayout.ManifestPart(Execution, number), MigrationJson.Default.SealedManifest, cancellationToken)
                ?? throw Unknown(id, StagingLayout.Manifest));
        }
        return (part, Segment.Find(part, manifestPart.Value.Manifest, id!), Context(part.Request));
    }

    /// <summary>Writes the parts of the plan, for the functions of this execution's Maps.</summary>
    public Task WritePartsAsync(MigrationPlan whole, CancellationToken cancellationToken)
    {
        var common = whole with { Remarks = [], Warnings = [] };
        return Parallel.ForEachAsync(
            whole.Chunks.GroupBy(chunk => DeployedLayout.PartOf(chunk.Id), StringComparer.Ordinal),
            WritesAtOnce(cancellationToken),
            async (part, token) => await Store.WriteJsonAsync(
                DeployedLayout.PlanPart(Execution, part.Key), common with { Chunks = [.. part] }, MigrationJson.Default.MigrationPlan, replace: true, token));
    }

    /// <summary>Writes the parts of the sealed manifest, for the functions of this execution's Maps.</summary>
    public Task WritePartsAsync(SealedManifest whole, CancellationToken cancellationToken) => Parallel.ForEachAsync(
        whole.Chunks.GroupBy(segment => DeployedLayout.PartOf(segment.Chunk), StringComparer.Ordinal),
        WritesAtOnce(cancellationToken),
        async (part, token) => await Store.WriteJsonAsync(
            DeployedLayout.ManifestPart(Execution, part.Key), whole with { Chunks = [.. part] }, MigrationJson.Default.SealedManifest, replace: true, token));

    /// <summary>Lets a handler that works on the whole migration stop in time and go on in the next invocation.</summary>
    public Continuation Continue(string handler, Invocation invocation) =>
        new(DeployedLayout.Partial(Execution, handler), invocation.PauseBy(deployment.Time.GetUtcNow()), Run);

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

    private async Task<MigrationPlan> PlanPartAsync(string? id, CancellationToken cancellationToken)
    {
        var number = id is null ? throw Unknown(id, StagingLayout.Plan) : DeployedLayout.PartOf(id);
        if (planPart?.Part != number)
        {
            planPart = (number, await Store.ReadJsonAsync(DeployedLayout.PlanPart(Execution, number), MigrationJson.Default.MigrationPlan, cancellationToken)
                ?? throw Unknown(id, StagingLayout.Plan));
        }
        return planPart.Value.Plan;
    }

    private StagingException Unknown(string? id, string list) => new(
        $"the chunk '{id}' is in no part of '{list}' in {Store.Location} that this execution has: its items were removed or changed; start the migration again");

    private static ParallelOptions WritesAtOnce(CancellationToken cancellationToken) =>
        new() { MaxDegreeOfParallelism = 16, CancellationToken = cancellationToken };

    // The one way to a token: whoever asks for it says for which server, each time, as a secret may change in the middle of a run.
    private async Task<ServerSecret> SecretAsync(ServerRole role, ServerRequest server, Secret? refused, CancellationToken cancellationToken)
    {
        var arn = role == ServerRole.Source ? deployment.Settings.SourceSecret : deployment.Settings.DestinationSecret;
        var secret = await deployment.Secrets.ReadAsync(arn, role, refused, cancellationToken);
        secret.CheckBelongsTo(server.Url, role, arn!);
        return secret;
    }

    private static IEnumerable<string> Unbound(ServerSecret secret, ServerRole role) => secret.Url is not null ? [] :
        [$"the secret of the {role.ToString().ToLowerInvariant()} names no \"url\": its token goes to whichever allowed host an input names, so put the server's URL into it"];

    private RunContext Context(MigrationRequest request) => new()
    {
        Request = request,
        Store = Store,
        ReadSourceToken = async (refused, token) => (await SecretAsync(ServerRole.Source, request.Source, refused, token)).Token,
        ReadDestinationToken = async (refused, token) => (await SecretAsync(ServerRole.Destination, request.Destination, refused, token)).Token,
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
        return deployment.Settings.Rules.Problem(new Uri(url)) is { } problem
            ? throw ServerSecret.Unusable(secretArn!, $"has a \"url\" that is not allowed: {problem}")
            : server with { Url = url, Org = server.Org ?? secret.Org };
    }
}
