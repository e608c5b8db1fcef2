using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;

namespace TestServers;

/// <summary><c>/api/v2/buckets</c>: create, one, change, delete; the list is in <see cref="BucketList"/>.</summary>
internal sealed class BucketApi(Influx2State state, Backend backend)
{
    private const long Hour = 3600;
    private const long Day = 24 * Hour;

    internal async Task HandleAsync(HttpContext context, Caller caller, string? id)
    {
        switch (context.Request.Method, id)
        {
            case ("GET", null):
                await Answers.JsonAsync(context, 200, new BucketList(state, caller, context.Request.Query).Answer());
                break;
            case ("POST", null):
                await CreateAsync(context, caller);
                break;
            case ("GET", not null):
                var bucket = state.BucketById(Influx2State.CheckedId(id));
                DemandRead(caller, bucket);
                await Answers.JsonAsync(context, 200, bucket.ToJson());
                break;
            case ("PATCH", not null):
                await ChangeAsync(context, caller, state.BucketById(Influx2State.CheckedId(id)));
                break;
            case ("DELETE", not null):
                var doomed = state.BucketById(Influx2State.CheckedId(id));
                caller.Demand(Permission.Write("buckets", doomed.OrgId, doomed.Id));
                await RemoveAsync(doomed);
                Answers.Empty(context, 204);
                break;
            default:
                Answers.Empty(context, 405);
                break;
        }
    }

    /// <summary>Makes a bucket after the server's own rules for durations; a 500 leaves none behind.</summary>
    internal async Task<Bucket> AddAsync(Org org, string name, long retention, long shardGroup, string? description = null, string? rp = null)
    {
        if (state.Buckets.Exists(bucket => bucket.OrgId == org.Id && bucket.Name == name))
            throw new ApiError("conflict", $"bucket with name {name} already exists");
        if (retention is > 0 and < Hour)
            throw new ApiError("internal error", "retention policy duration must be at least 1h0m0s");
        shardGroup = shardGroup == 0 ? ShardGroupOf(retention) : Math.Max(shardGroup, Hour);
        if (retention > 0 && shardGroup > retention)
            throw new ApiError("internal error", "retention policy duration must be greater than the shard duration");
        var now = Influx2State.Now;
        return await KeepAsync(new Bucket(state.NewId("bucket", $"{org.Name}/{name}"), org.Id, name, retention, shardGroup)
        {
            Description = description,
            Rp = rp,
            Created = now,
            Updated = now,
        });
    }

    internal Task<Bucket> AddSystemAsync(Org org, string name, string description, int hours) =>
        KeepAsync(new Bucket(state.NewId("bucket", $"{org.Name}/{name}"), org.Id, name, hours * Hour, ShardGroupOf(hours * Hour))
        {
            System = true,
            Description = description,
            Created = Influx2State.Now,
            Updated = Influx2State.Now,
        });

    internal async Task RemoveAsync(Bucket bucket)
    {
        state.Buckets = state.Buckets.RemoveAll(other => other.Id == bucket.Id);
        await backend.DropAsync(bucket.Id);
    }

    private static void DemandRead(Caller caller, Bucket bucket) =>
        caller.Demand(bucket.System ? Permission.Read("orgs", id: bucket.OrgId) : Permission.Read("buckets", bucket.OrgId, bucket.Id));

    private static long ShardGroupOf(long retention) => retention switch
    {
        0 or >= 180 * Day => 7 * Day,
        >= 2 * Day => Day,
        _ => Hour,
    };

    private static void CheckName(string name)
    {
        if (name.StartsWith('_'))
            throw ApiError.Invalid($"bucket name {name} is invalid. Buckets may not start with underscore");
        if (name.Contains('"', StringComparison.Ordinal))
            throw ApiError.Invalid($"bucket name {name} is invalid. Bucket names may not include quotation marks");
    }

    private static (long Retention, long? ShardGroup) Rule(JsonObject body)
    {
        if (body["retentionRules"] is not JsonArray { Count: > 0 } rules)
            return (0, null);
        if (rules.Count > 1)
            throw new ApiError("unprocessable entity", "buckets cannot have more than one retention rule at this time");
        var seconds = rules[0]?["everySeconds"]?.GetValue<long>() ?? 0;
        if (seconds < 0)
            throw new ApiError("unprocessable entity", "expiration seconds cannot be negative");
        return (seconds, rules[0]?["shardGroupDurationSeconds"]?.GetValue<long>());
    }

    private async Task<Bucket> KeepAsync(Bucket bucket)
    {
        await backend.CreateAsync(bucket);
        state.Buckets = state.Buckets.Add(bucket);
        return bucket;
    }

    private async Task CreateAsync(HttpContext context, Caller caller)
    {
        var body = await Answers.BodyAsync(context);
        var orgId = body.Text("orgID");
        if (string.IsNullOrEmpty(orgId))
            throw ApiError.Invalid("organization id must be provided");
        var (retention, shardGroup) = Rule(body);
        var name = body.Text("name") ?? "";
        CheckName(name);
        caller.Demand(Permission.Write("buckets", Influx2State.CheckedId(orgId)));
        var bucket = await AddAsync(state.OrgById(orgId), name, retention, shardGroup ?? 0, body.Text("description"), body.Text("rp"));
        await Answers.JsonAsync(context, 201, bucket.ToJson());
    }

    private async Task ChangeAsync(HttpContext context, Caller caller, Bucket bucket)
    {
        var body = await Answers.BodyAsync(context);
        caller.Demand(Permission.Write("buckets", bucket.OrgId, bucket.Id));
        var name = body.Text("name") ?? bucket.Name;
        if (name != bucket.Name)
        {
            CheckName(name);
            if (state.Buckets.Exists(other => other.OrgId == bucket.OrgId && other.Name == name))
                throw new ApiError("conflict", $"bucket with name {name} already exists");
        }
        var changed = bucket with { Name = name, Description = body.Text("description") ?? bucket.Description, Updated = Influx2State.Now };
        if (body["retentionRules"] is JsonArray { Count: > 0 })
        {
            var (retention, shardGroup) = Rule(body);
            if (retention is > 0 and < Hour)
                throw new ApiError("internal error", "retention policy duration must be at least 1h0m0s");
            changed = changed with { RetentionSeconds = retention, ShardGroupSeconds = Math.Max(shardGroup ?? bucket.ShardGroupSeconds, Hour) };
            // Read in the server's source, not recorded.
            if (retention > 0 && changed.ShardGroupSeconds > retention)
                throw new ApiError("unprocessable entity", "shard-group duration must also be updated to be smaller than new retention duration");
            await backend.ChangeAsync(changed);
        }
        state.Replace(changed);
        await Answers.JsonAsync(context, 200, changed.ToJson());
    }
}
