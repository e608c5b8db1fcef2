using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;

namespace TestServers;

/// <summary><c>/api/v2/authorizations</c>. Each needs the right on the org's authorizations and on the user they belong to.</summary>
internal sealed class AuthorizationApi(Influx2State state)
{
    internal async Task HandleAsync(HttpContext context, Caller caller, string? id)
    {
        switch (context.Request.Method, id)
        {
            case ("GET", null):
                await Answers.JsonAsync(context, 200, List(context.Request.Query, caller));
                break;
            case ("POST", null):
                await CreateAsync(context, caller);
                break;
            case ("GET", not null):
                var one = Find(id);
                Demand(caller, "read", one);
                await Answers.JsonAsync(context, 200, ToJson(state, one));
                break;
            case ("PATCH", not null):
                await ChangeAsync(context, caller, id);
                break;
            case ("DELETE", not null):
                var doomed = Find(id);
                Demand(caller, "write", doomed);
                state.Authorizations = state.Authorizations.Remove(doomed);
                Answers.Empty(context, 204);
                break;
            default:
                Answers.Empty(context, 405);
                break;
        }
    }

    internal static Authorization Add(
        Influx2State state, Org org, string description, IReadOnlyList<Permission> permissions, string? token = null, bool active = true)
    {
        var now = Influx2State.Now;
        var id = state.NewId("authorization", description);
        var authorization = new Authorization(id, token ?? state.NewToken(description), org.Id, state.UserId!, permissions)
        {
            Description = description,
            Active = active,
            Created = now,
            Updated = now,
        };
        state.Authorizations = state.Authorizations.Add(authorization);
        return authorization;
    }

    internal static JsonObject ToJson(Influx2State state, Authorization authorization, bool showToken = false) => new()
    {
        ["id"] = authorization.Id,
        ["token"] = showToken || !state.HidesTokens ? authorization.Token : "",
        ["status"] = authorization.Active ? "active" : "inactive",
        ["description"] = authorization.Description,
        ["orgID"] = authorization.OrgId,
        ["org"] = state.OrgById(authorization.OrgId).Name,
        ["userID"] = authorization.UserId,
        ["user"] = state.UserName,
        ["permissions"] = new JsonArray([.. authorization.Permissions.Select(permission => ToJson(state, permission))]),
        ["links"] = new JsonObject
        {
            ["self"] = $"/api/v2/authorizations/{authorization.Id}",
            ["user"] = $"/api/v2/users/{authorization.UserId}",
        },
        ["createdAt"] = authorization.Created,
        ["updatedAt"] = authorization.Updated,
    };

    private static JsonObject ToJson(Influx2State state, Permission permission)
    {
        var resource = new JsonObject { ["type"] = permission.Type };
        Add("id", permission.Id);
        Add("orgID", permission.OrgId);
        Add("name", permission.Type switch
        {
            _ when permission.Id is null => null,
            "buckets" => state.FindBucket(permission.Id)?.Name,
            "orgs" => state.Orgs.Find(org => org.Id == permission.Id)?.Name,
            "users" when permission.Id == state.UserId => state.UserName,
            _ => null,
        });
        // A resource that is unknown gets no names at all.
        if (permission.Id is null || resource.ContainsKey("name"))
            Add("org", state.Orgs.Find(org => org.Id == permission.OrgId)?.Name);
        return new JsonObject { ["action"] = permission.Action, ["resource"] = resource };

        void Add(string name, string? value)
        {
            if (value is not null)
                resource[name] = value;
        }
    }

    private static Permission Parse(JsonNode? node)
    {
        var action = node?["action"]?.GetValue<string>();
        if (action is not ("read" or "write"))
            throw ApiError.Invalid("invalid action type for permission: unknown action for permission");
        var type = node?["resource"]?["type"]?.GetValue<string>();
        if (type is null || !(Permission.Types.Contains(type) || type == "instance"))
            throw ApiError.Invalid("invalid resource type for permission: unknown resource type for permission");
        return new Permission(action, type, Id("orgID"), Id("id"));

        string? Id(string name) => node?["resource"]?[name]?.GetValue<string>() is { Length: > 0 } text ? Influx2State.CheckedId(text) : null;
    }

    private static void Demand(Caller caller, string action, Authorization authorization)
    {
        caller.Demand(new Permission(action, "authorizations", authorization.OrgId, authorization.Id));
        caller.Demand(new Permission(action, "users", Id: authorization.UserId));
    }

    private Authorization Find(string id) =>
        state.Authorizations.Find(authorization => authorization.Id == Influx2State.CheckedId(id)) ?? throw ApiError.NotFound("authorization not found");

    /// <summary>Those that may not be read are left out; the filter <c>token</c> is ignored.</summary>
    private JsonObject List(IQueryCollection query, Caller caller)
    {
        var orgId = query["org"] is [{ Length: > 0 } org, ..] ? state.OrgByName(org).Id : (string?)query["orgID"];
        var shown = state.Authorizations.Where(authorization =>
            (string.IsNullOrEmpty(orgId) || authorization.OrgId == orgId)
            && caller.Allows(Permission.Read("authorizations", authorization.OrgId, authorization.Id))
            && caller.Allows(Permission.Read("users", id: authorization.UserId)));
        return new JsonObject
        {
            ["links"] = new JsonObject { ["self"] = "/api/v2/authorizations" },
            ["authorizations"] = new JsonArray([.. shown.Select(authorization => ToJson(state, authorization))]),
        };
    }

    /// <summary>A holder can grant equal or lesser rights only. The text for rights on another org is not recorded.</summary>
    private async Task CreateAsync(HttpContext context, Caller caller)
    {
        var body = await Answers.BodyAsync(context);
        List<Permission> permissions = [.. (body["permissions"] as JsonArray ?? []).Select(Parse)];
        if (permissions.Count == 0)
            throw ApiError.Invalid("authorization must include permissions");
        var orgId = Influx2State.CheckedId(body.Text("orgID") ?? "");
        if (!state.Orgs.Exists(org => org.Id == orgId) || permissions.Exists(permission => permission.OrgId is { } other && other != orgId))
            throw ApiError.Invalid("unable to create token");
        caller.Demand(Permission.Write("authorizations", orgId));
        caller.Demand(Permission.Write("users", id: body.Text("userID") ?? state.UserId));
        foreach (var permission in permissions.Where(permission => !caller.Allows(permission)))
            throw new ApiError("forbidden", $"permission {permission} is not allowed: {permission} is unauthorized");
        var made = Add(state, state.OrgById(orgId), body.Text("description") ?? "", permissions, active: body.Text("status") != "inactive");
        await Answers.JsonAsync(context, 201, ToJson(state, made, showToken: true));
    }

    private async Task ChangeAsync(HttpContext context, Caller caller, string id)
    {
        var body = await Answers.BodyAsync(context);
        var authorization = Find(id);
        Demand(caller, "read", authorization);
        Demand(caller, "write", authorization);
        var status = body.Text("status");
        if (status is not (null or "active" or "inactive"))
            throw ApiError.Invalid("unknown authorization status");
        var changed = authorization with
        {
            Active = status is null ? authorization.Active : status == "active",
            Description = body.Text("description") ?? authorization.Description,
            Updated = Influx2State.Now,
        };
        state.Authorizations = state.Authorizations.Replace(authorization, changed);
        await Answers.JsonAsync(context, 200, ToJson(state, changed));
    }
}
