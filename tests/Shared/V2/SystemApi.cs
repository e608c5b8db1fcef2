using System.Globalization;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;

namespace TestServers;

/// <summary>What says who and how the server is: ping, health, ready, the caller and the users.</summary>
internal sealed class SystemApi(Influx2Options options, Influx2State state)
{
    private readonly DateTime started = DateTime.UtcNow;

    internal static JsonObject User(Influx2State state) => new()
    {
        ["links"] = new JsonObject { ["self"] = $"/api/v2/users/{state.UserId}" },
        ["id"] = state.UserId,
        ["name"] = state.UserName,
        ["status"] = "active",
    };

    internal static Task PingAsync(HttpContext context)
    {
        context.Response.Headers.Vary = "Accept-Encoding";
        if (IsRead(context))
        {
            Answers.Empty(context, 204);
            return Task.CompletedTask;
        }
        context.Response.Headers.Allow = "GET, HEAD, OPTIONS";
        context.Response.Headers.XContentTypeOptions = "nosniff";
        return Answers.TextAsync(context, 405, "text/plain; charset=utf-8", "Method Not Allowed\n");
    }

    internal Task HealthAsync(HttpContext context) => Answers.TextAsync(
        context,
        200,
        "application/json; charset=utf-8",
        $"{{\"name\":\"influxdb\", \"message\":\"ready for queries and writes\", \"status\":\"pass\", \"checks\":[], \"version\": \"{options.Version}\", \"commit\": \"test\"}}\n");

    internal Task ReadyAsync(HttpContext context)
    {
        var up = DateTime.UtcNow - started;
        var since = started.ToString("yyyy-MM-dd'T'HH:mm:ss.fffffff'Z'", CultureInfo.InvariantCulture);
        var text = $"{{\n    \"status\": \"ready\",\n    \"started\": \"{since}\",\n    \"up\": \"{up.TotalSeconds}s\"\n}}\n";
        return Answers.TextAsync(context, 200, "application/json; charset=utf-8", text);
    }

    internal static Task NoAssetAsync(HttpContext context)
    {
        context.Response.Headers.CacheControl = "public, max-age=3600";
        context.Response.Headers.XContentTypeOptions = "nosniff";
        return Answers.TextAsync(context, 404, "text/plain; charset=utf-8", "no assets included in binary\n");
    }

    internal Task MeAsync(HttpContext context, Caller caller)
    {
        caller.Demand(Permission.Read("users", id: state.UserId));
        return Answers.JsonAsync(context, 200, User(state));
    }

    internal Task UsersAsync(HttpContext context, Caller caller)
    {
        var users = new JsonArray();
        if (caller.Allows(Permission.Read("users", id: state.UserId)))
            users.Add(User(state));
        return Answers.JsonAsync(context, 200, new JsonObject { ["links"] = new JsonObject { ["self"] = "/api/v2/users" }, ["users"] = users });
    }

    /// <summary>The keys of an org's secrets, of which there are none; read in the server's source, not recorded.</summary>
    internal static Task SecretsAsync(HttpContext context, Caller caller, string orgId)
    {
        caller.Demand(Permission.Read("secrets", orgId));
        return Answers.JsonAsync(context, 200, new JsonObject
        {
            ["links"] = new JsonObject { ["org"] = $"/api/v2/orgs/{orgId}", ["self"] = $"/api/v2/orgs/{orgId}/secrets" },
            ["secrets"] = new JsonArray(),
        });
    }

    internal static Task FlagsAsync(HttpContext context) => Answers.TextAsync(
        context,
        200,
        "application/json; charset=utf-8",
        "{\"appMetrics\":false,\"cursorAtEOF\":false,\"newAutoRefresh\":true,\"refreshSingleCell\":true,\"timeFilterFlags\":false}\n");

    internal static Task ResourcesAsync(HttpContext context) =>
        Answers.TextAsync(context, 200, "application/json", $"[{string.Join(',', Permission.Types.Append("instance").Select(type => $"\"{type}\""))}]\n");

    internal static bool IsRead(HttpContext context) => HttpMethods.IsGet(context.Request.Method) || HttpMethods.IsHead(context.Request.Method);
}
