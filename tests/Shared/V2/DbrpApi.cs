using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;

namespace TestServers;

/// <summary><c>/api/v2/dbrps</c>: explicit mappings and, in lists, those that follow from bucket names.</summary>
internal sealed class DbrpApi(Influx2State state)
{
    internal async Task HandleAsync(HttpContext context, Caller caller, string? id)
    {
        switch (context.Request.Method, id)
        {
            case ("GET", null):
                var shown = List(context.Request.Query, OrgOf(context.Request.Query)).Where(mapping => MayRead(caller, mapping));
                await Answers.JsonAsync(context, 200, new JsonObject { ["content"] = new JsonArray([.. shown.Select(mapping => mapping.ToJson())]) });
                break;
            case ("POST", null):
                await CreateAsync(context, caller);
                break;
            case ("GET", not null):
                await Answers.JsonAsync(context, 200, new JsonObject { ["content"] = Find(context, caller, id, "read").ToJson() });
                break;
            case ("PATCH", not null):
                await ChangeAsync(context, caller, id);
                break;
            case ("DELETE", not null):
                Remove(Find(context, caller, id, "write"));
                Answers.Empty(context, 204);
                break;
            default:
                Answers.Empty(context, 405);
                break;
        }
    }

    /// <summary>The first mapping of a database is its default whether asked for or not.</summary>
    internal static Dbrp Add(Influx2State state, Bucket bucket, string database, string policy, bool wantsDefault)
    {
        var first = !state.Dbrps.Exists(other => other.OrgId == bucket.OrgId && other.Database == database);
        var made = new Dbrp(state.NewId("dbrp", $"{database}/{policy}"), bucket.OrgId, bucket.Id, database, policy, first || wantsDefault, Virtual: false);
        if (made.Default)
            ClearDefault(state, made);
        state.Dbrps = state.Dbrps.Add(made);
        return made;
    }

    private static void ClearDefault(Influx2State state, Dbrp keep) =>
        state.Dbrps = [.. state.Dbrps.Select(other =>
            other.OrgId == keep.OrgId && other.Database == keep.Database && other.Id != keep.Id ? other with { Default = false } : other)];

    private static bool MayRead(Caller caller, Dbrp mapping) => caller.Allows(Permission.Read("buckets", mapping.OrgId, mapping.BucketId));

    private Org OrgOf(IQueryCollection query)
    {
        if (query["org"] is [{ Length: > 0 } name, ..])
            return state.OrgByName(name);
        return query["orgID"] is [{ Length: > 0 } id, ..]
            ? state.OrgById(Influx2State.CheckedId(id))
            : throw ApiError.Invalid("either 'org' or 'orgID' must be provided");
    }

    /// <summary>The filter <c>virtual</c> is ignored, as on the real server.</summary>
    private IEnumerable<Dbrp> List(IQueryCollection query, Org org) => state.MappingsOf(org.Id).Where(mapping =>
        Matches(query, "db", mapping.Database)
        && Matches(query, "rp", mapping.Policy)
        && Matches(query, "bucketID", mapping.BucketId)
        && Matches(query, "id", mapping.Id)
        && Matches(query, "default", mapping.Default ? "true" : "false"));

    private static bool Matches(IQueryCollection query, string name, string value) => query[name] is not [{ } wanted, ..] || wanted == value;

    private Dbrp Find(HttpContext context, Caller caller, string id, string action)
    {
        var org = OrgOf(context.Request.Query);
        Influx2State.CheckedId(id);
        var mapping = state.MappingsOf(org.Id).FirstOrDefault(mapping => mapping.Id == id) ?? throw ApiError.NotFound("unable to find DBRP");
        caller.Demand(new Permission(action, "buckets", org.Id, mapping.BucketId));
        return mapping;
    }

    private async Task CreateAsync(HttpContext context, Caller caller)
    {
        var body = await Answers.BodyAsync(context);
        var bucketId = body.Text("bucketID") ?? "";
        if (bucketId.Length != 16)
            throw ApiError.Invalid($"invalid bucket ID \"{bucketId}\": id must have a length of 16 bytes");
        var org = body.Text("orgID") is { Length: > 0 } id ? state.OrgById(Influx2State.CheckedId(id)) : state.OrgByName(body.Text("org") ?? "");
        var database = body.Text("database") ?? "";
        var policy = body.Text("retention_policy") ?? "";
        // Read in the server's source, not recorded.
        if ((database + policy).AsSpan().ContainsAny('/', '\\'))
            throw ApiError.Invalid("dbrp provided is invalid");
        caller.Demand(Permission.Write("buckets", org.Id, bucketId));
        caller.Demand(Permission.Read("buckets", org.Id, bucketId));
        var bucket = state.BucketById(bucketId);
        if (state.Dbrps.Exists(other => other.OrgId == org.Id && other.Database == database && other.Policy == policy))
            throw new ApiError("conflict", "another DBRP mapping with same orgID, db, and rp exists");
        var made = Add(state, bucket, database, policy, body["default"]?.GetValue<bool>() ?? false);
        await Answers.JsonAsync(context, 201, made.ToJson());
    }

    /// <summary>A change of a virtual mapping is answered as if it were made, and is not kept.</summary>
    private async Task ChangeAsync(HttpContext context, Caller caller, string id)
    {
        var body = await Answers.BodyAsync(context);
        var mapping = Find(context, caller, id, "write");
        var changed = mapping with
        {
            Policy = body.Text("retention_policy") ?? mapping.Policy,
            Default = body["default"]?.GetValue<bool>() ?? mapping.Default,
        };
        if (!mapping.Virtual)
        {
            state.Dbrps = state.Dbrps.Replace(mapping, changed);
            if (changed.Default)
                ClearDefault(state, changed);
        }
        await Answers.JsonAsync(context, 200, new JsonObject { ["content"] = changed.ToJson() });
    }

    /// <summary>A virtual mapping stays whatever the answer says; the default moves on to the next one.</summary>
    private void Remove(Dbrp mapping)
    {
        if (mapping.Virtual)
            return;
        state.Dbrps = state.Dbrps.Remove(mapping);
        if (mapping.Default && state.Dbrps.Find(other => other.OrgId == mapping.OrgId && other.Database == mapping.Database) is { } next)
            state.Dbrps = state.Dbrps.Replace(next, next with { Default = true });
    }
}
