using System.Text.Json.Nodes;

namespace TestServers;

/// <summary>An org of <see cref="Influx2Server"/>.</summary>
/// <param name="Id">16 hexadecimal digits.</param>
/// <param name="Name">Its name, unique on the server.</param>
public sealed record Org(string Id, string Name)
{
    internal string Description { get; init; } = "";

    internal string Created { get; init; } = "";

    internal JsonObject ToJson() => new()
    {
        ["links"] = new JsonObject
        {
            ["buckets"] = $"/api/v2/buckets?org={Name}",
            ["dashboards"] = $"/api/v2/dashboards?org={Name}",
            ["labels"] = $"/api/v2/orgs/{Id}/labels",
            ["logs"] = $"/api/v2/orgs/{Id}/logs",
            ["members"] = $"/api/v2/orgs/{Id}/members",
            ["owners"] = $"/api/v2/orgs/{Id}/owners",
            ["secrets"] = $"/api/v2/orgs/{Id}/secrets",
            ["self"] = $"/api/v2/orgs/{Id}",
            ["tasks"] = $"/api/v2/tasks?org={Name}",
        },
        ["id"] = Id,
        ["name"] = Name,
        ["description"] = Description,
        ["createdAt"] = Created,
        ["updatedAt"] = Created,
    };
}

/// <summary>A bucket of <see cref="Influx2Server"/>; its points are in the backend's database of the same id.</summary>
/// <param name="Id">16 hexadecimal digits.</param>
/// <param name="OrgId">The org it belongs to.</param>
/// <param name="Name">Its name, unique in the org; may be empty.</param>
/// <param name="RetentionSeconds">0 keeps points for ever.</param>
/// <param name="ShardGroupSeconds">The length of a shard group.</param>
public sealed record Bucket(string Id, string OrgId, string Name, long RetentionSeconds, long ShardGroupSeconds)
{
    internal string? Description { get; init; }

    internal string? Rp { get; init; }

    internal bool System { get; init; }

    internal string Created { get; init; } = "";

    internal string Updated { get; init; } = "";

    internal JsonObject ToJson()
    {
        var json = new JsonObject { ["id"] = Id, ["orgID"] = OrgId, ["type"] = System ? "system" : "user" };
        if (!string.IsNullOrEmpty(Description))
            json["description"] = Description;
        json["name"] = Name;
        if (!string.IsNullOrEmpty(Rp))
            json["rp"] = Rp;
        json["retentionRules"] = new JsonArray(new JsonObject
        {
            ["type"] = "expire",
            ["everySeconds"] = RetentionSeconds,
            ["shardGroupDurationSeconds"] = ShardGroupSeconds,
        });
        json["createdAt"] = Created;
        json["updatedAt"] = Updated;
        json["links"] = new JsonObject
        {
            ["labels"] = $"/api/v2/buckets/{Id}/labels",
            ["members"] = $"/api/v2/buckets/{Id}/members",
            ["org"] = $"/api/v2/orgs/{OrgId}",
            ["owners"] = $"/api/v2/buckets/{Id}/owners",
            ["self"] = $"/api/v2/buckets/{Id}",
            ["write"] = $"/api/v2/write?org={OrgId}&bucket={Id}",
        };
        json["labels"] = new JsonArray();
        return json;
    }
}

/// <summary>A token with its rights.</summary>
internal sealed record Authorization(string Id, string Token, string OrgId, string UserId, IReadOnlyList<Permission> Permissions)
{
    internal string Description { get; init; } = "";

    internal bool Active { get; init; } = true;

    internal string Created { get; init; } = "";

    internal string Updated { get; init; } = "";
}

/// <summary>What a database and retention policy of the 1.x API stand for.</summary>
internal sealed record Dbrp(string Id, string OrgId, string BucketId, string Database, string Policy, bool Default, bool Virtual)
{
    internal JsonObject ToJson() => new()
    {
        ["id"] = Id,
        ["database"] = Database,
        ["retention_policy"] = Policy,
        ["default"] = Default,
        ["virtual"] = Virtual,
        ["orgID"] = OrgId,
        ["bucketID"] = BucketId,
    };
}
