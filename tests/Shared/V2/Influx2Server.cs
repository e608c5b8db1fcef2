using System.Collections.Concurrent;
using Influx;
using Microsoft.AspNetCore.Http;

namespace TestServers;

/// <summary>
/// An InfluxDB OSS 2.x on loopback. Orgs, buckets, tokens, mappings and every answer of its own are made here after recordings of
/// real servers; points and InfluxQL are left to a real influxd 1.6.7 behind it. What it has not: Flux, backup and restore, tasks,
/// v1 authorizations. Limits of the query path are listed at <see cref="QueryApi"/>, those of unsigned fields at
/// <see cref="UnsignedValues"/>.
/// </summary>
/// <example><code>
/// await using var server = await Influx2Server.StartAsync();
/// var bucket = await server.AddBucketAsync("org1", "telemetry", retention: TimeSpan.FromDays(30));
/// var token = server.CreateToken("org1", Permission.Read("buckets", bucket.OrgId, bucket.Id));
/// </code></example>
public sealed class Influx2Server : IAsyncDisposable
{
    private readonly Influx2Options options;
    private readonly Influx2State state;
    private readonly Backend backend;
    private readonly Onboarding onboarding;
    private readonly Router router;
    private readonly ConcurrentQueue<ReceivedRequest> received = new();
    private Loopback? http;

    private Influx2Server(Influx2Options options, Backend backend)
    {
        this.options = options;
        this.backend = backend;
        if (!ServerVersion.TryParse(options.Version, out var version))
            throw new ArgumentException($"{options.Version} is no version", nameof(options));
        state = new Influx2State(options, version);
        var buckets = new BucketApi(state, backend);
        onboarding = new Onboarding(state, buckets);
        router = new Router(options, state, backend, buckets, onboarding);
    }

    /// <summary>Where it listens.</summary>
    public Uri Url => http!.Url;

    /// <summary>The token that setup made: every right, on everything.</summary>
    public string OperatorToken => state.Authorizations[0].Token;

    /// <summary>The org that setup made.</summary>
    public Org Org => state.Orgs.First(org => org.Name == options.Org);

    /// <summary>How many users are signed in.</summary>
    public int OpenSessions => state.Sessions.Count;

    /// <summary>What was asked so far, oldest first.</summary>
    public IReadOnlyList<ReceivedRequest> Requests => [.. received];

    /// <summary>Starts the server and its backend, onboarded unless the options say otherwise.</summary>
    public static async Task<Influx2Server> StartAsync(Influx2Options? options = null)
    {
        var server = new Influx2Server(options ?? new Influx2Options(), await Backend.StartAsync());
        if (server.options.Onboarded)
            await server.onboarding.RunAsync(server.options.User, server.options.Org, server.options.Bucket, 0, token: null);
        server.http = await Loopback.StartAsync(server.HandleAsync);
        return server;
    }

    /// <summary>Makes an org with its two system buckets.</summary>
    public async Task<Org> AddOrgAsync(string name)
    {
        await state.Gate.WaitAsync();
        try
        {
            return await onboarding.AddOrgAsync(name);
        }
        finally
        {
            state.Gate.Release();
        }
    }

    /// <summary>Makes a bucket as an operator would.</summary>
    /// <param name="org">The org's name.</param>
    /// <param name="name">The bucket's name.</param>
    /// <param name="retention">How long points are kept, at least one hour; null for ever.</param>
    /// <param name="shardGroupDuration">Null for the server's own choice.</param>
    public async Task<Bucket> AddBucketAsync(string org, string name, TimeSpan? retention = null, TimeSpan? shardGroupDuration = null)
    {
        await state.Gate.WaitAsync();
        try
        {
            return await router.Buckets.AddAsync(state.OrgByName(org), name, Seconds(retention), Seconds(shardGroupDuration));
        }
        finally
        {
            state.Gate.Release();
        }
    }

    /// <summary>A bucket as it is now.</summary>
    public Bucket BucketOf(string org, string name)
    {
        var owner = state.OrgByName(org);
        return state.Buckets.First(bucket => bucket.OrgId == owner.Id && bucket.Name == name);
    }

    /// <summary>Removes a bucket with its points.</summary>
    public Task RemoveBucketAsync(Bucket bucket) => router.Buckets.RemoveAsync(bucket);

    /// <summary>Makes a token of the first user, without asking whether anyone may grant these rights.</summary>
    public string CreateToken(string org, params Permission[] permissions) =>
        AuthorizationApi.Add(state, state.OrgByName(org), $"token {state.Authorizations.Count}", permissions).Token;

    /// <summary>Switches a token off; it is still known.</summary>
    public void Deactivate(string token) =>
        state.Authorizations = state.Authorizations.Replace(Known(token), Known(token) with { Active = false });

    /// <summary>Forgets a token.</summary>
    public void RevokeToken(string token) => state.Authorizations = state.Authorizations.Remove(Known(token));

    /// <summary>Makes an explicit mapping, which shadows a bucket of that name.</summary>
    public void AddMapping(Bucket bucket, string database, string policy) => DbrpApi.Add(state, bucket, database, policy, wantsDefault: false);

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (http is not null)
            await http.DisposeAsync();
        await backend.DisposeAsync();
        state.Gate.Dispose();
    }

    private static long Seconds(TimeSpan? span) => (long)(span?.TotalSeconds ?? 0);

    private Authorization Known(string token) => state.FindToken(token) ?? throw new ArgumentException("no such token", nameof(token));

    private async Task HandleAsync(HttpContext context)
    {
        context.Response.Headers["X-Influxdb-Build"] = "OSS";
        context.Response.Headers["X-Influxdb-Version"] = options.Version;
        // Before the first byte of the answer leaves: a test that has its answer looks for its request at once.
        context.Response.OnStarting(() =>
        {
            received.Enqueue(new ReceivedRequest(context.Request.Method, Router.Masked(context.Request), context.Response.StatusCode));
            return Task.CompletedTask;
        });
        try
        {
            await router.HandleAsync(context);
        }
        catch (ApiError error)
        {
            await Answers.ErrorAsync(context, error);
        }
        catch (Exception error) when (!context.Response.HasStarted && error is not OperationCanceledException)
        {
            await Answers.ErrorAsync(context, new ApiError("internal error", $"test server: {error}", compact: true));
        }
    }
}
