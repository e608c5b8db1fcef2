using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.WebUtilities;

namespace TestServers;

/// <summary>Finds the handler of a path, and asks for a token where the real server does.</summary>
internal sealed class Router
{
    private readonly Influx2State state;
    private readonly SystemApi system;
    private readonly Onboarding onboarding;
    private readonly SessionApi sessions;
    private readonly WriteApi write;
    private readonly QueryApi query;
    private readonly DeleteApi delete;
    private readonly Dictionary<string, Func<HttpContext, Caller, string?, Task>> resources;

    internal Router(Influx2Options options, Influx2State state, Backend backend, BucketApi buckets, Onboarding onboarding)
    {
        this.state = state;
        this.onboarding = onboarding;
        Buckets = buckets;
        var schema = new SchemaShadow();
        system = new SystemApi(options, state);
        sessions = new SessionApi(options, state);
        write = new WriteApi(options, state, backend, schema);
        query = new QueryApi(state, backend, schema);
        delete = new DeleteApi(state, backend, schema);
        resources = new(StringComparer.Ordinal)
        {
            ["orgs"] = new OrgApi(state, onboarding).HandleAsync,
            ["buckets"] = buckets.HandleAsync,
            ["authorizations"] = new AuthorizationApi(state).HandleAsync,
            ["dbrps"] = new DbrpApi(state).HandleAsync,
        };
    }

    internal BucketApi Buckets { get; }

    internal Task HandleAsync(HttpContext context)
    {
        var path = context.Request.Path.Value!;
        return path switch
        {
            "/ping" => SystemApi.PingAsync(context),
            "/health" => system.HealthAsync(context),
            "/ready" => system.ReadyAsync(context),
            "/metrics" => Answers.TextAsync(context, 200, "text/plain; version=0.0.4; charset=utf-8", "# HELP go_goroutines\n"),
            "/query" => query.HandleAsync(context),
            "/write" => write.V1Async(context),
            _ when path.StartsWith("/api/v2/", StringComparison.Ordinal) => ApiAsync(context, path["/api/v2/".Length..]),
            _ => SystemApi.NoAssetAsync(context),
        };
    }

    /// <summary>Path and query with passwords and tokens masked.</summary>
    internal static string Masked(HttpRequest request)
    {
        var pairs = QueryHelpers.ParseQuery(request.QueryString.Value)
            .SelectMany(pair => pair.Value.Select(value => $"{pair.Key}={(pair.Key is "p" or "token" ? "***" : value)}"));
        return request.QueryString.HasValue ? $"{request.Path}?{string.Join('&', pairs)}" : request.Path.ToString();
    }

    private async Task ApiAsync(HttpContext context, string rest)
    {
        switch (rest)
        {
            case "setup":
                await GatedAsync(() => onboarding.HandleAsync(context));
                return;
            case "signin":
                await GatedAsync(() => Task.Run(() => sessions.SignIn(context)));
                return;
            case "signout":
                await GatedAsync(() => Task.Run(() => sessions.SignOut(context)));
                return;
        }
        var caller = Caller.OfV2(context, state);
        var slash = rest.IndexOf('/', StringComparison.Ordinal);
        var (name, id) = slash < 0 ? (rest, null) : (rest[..slash], rest[(slash + 1)..]);
        if (resources.TryGetValue(name, out var handle) && id?.Contains('/', StringComparison.Ordinal) != true)
            await GatedAsync(() => handle(context, caller, id));
        else
            await OtherAsync(context, caller, rest);
    }

    private Task OtherAsync(HttpContext context, Caller caller, string rest) => (context.Request.Method, rest) switch
    {
        ("POST", "write") => write.V2Async(context, caller),
        ("POST", "delete") => delete.HandleAsync(context, caller),
        ("GET", "me") => system.MeAsync(context, caller),
        ("GET", "users") => system.UsersAsync(context, caller),
        ("GET", "flags") => SystemApi.FlagsAsync(context),
        ("GET", _) when rest.StartsWith("orgs/", StringComparison.Ordinal) && rest.EndsWith("/secrets", StringComparison.Ordinal) =>
            SystemApi.SecretsAsync(context, caller, Influx2State.CheckedId(rest["orgs/".Length..^"/secrets".Length])),
        ("GET", "resources") => SystemApi.ResourcesAsync(context),
        (_, "write" or "delete" or "me" or "users" or "flags" or "resources") => Task.Run(() => Answers.Empty(context, 405)),
        _ => throw ApiError.NotFound("path not found"),
    };

    private async Task GatedAsync(Func<Task> handle)
    {
        await state.Gate.WaitAsync();
        try
        {
            await handle();
        }
        finally
        {
            state.Gate.Release();
        }
    }
}
