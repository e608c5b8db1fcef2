namespace TestServers;

/// <summary>A right of a token, or one that a request asks for.</summary>
/// <param name="Action"><c>read</c> or <c>write</c>.</param>
/// <param name="Type">A resource type such as <c>buckets</c> or <c>orgs</c>.</param>
/// <param name="OrgId">The org it is limited to.</param>
/// <param name="Id">The one resource it is limited to. A right on an org must carry the org's id here, not in <paramref name="OrgId"/>.</param>
public sealed record Permission(string Action, string Type, string? OrgId = null, string? Id = null)
{
    /// <summary>The types of an operator token; <c>instance</c> exists from 2.4 on and only setup gives it out.</summary>
    internal static readonly string[] Types =
    [
        "authorizations", "buckets", "dashboards", "orgs", "sources", "tasks", "telegrafs", "users", "variables", "scrapers",
        "secrets", "labels", "views", "documents", "notificationRules", "notificationEndpoints", "checks", "dbrp", "notebooks",
        "annotations", "remotes", "replications",
    ];

    /// <summary>Read of one bucket, of one org's buckets, or of one org, depending on what is given.</summary>
    public static Permission Read(string type, string? orgId = null, string? id = null) => new("read", type, orgId, id);

    /// <summary>Write, with the same scopes as <see cref="Read"/>.</summary>
    public static Permission Write(string type, string? orgId = null, string? id = null) => new("write", type, orgId, id);

    /// <summary>Every right on everything: what an operator token holds.</summary>
    internal static IEnumerable<Permission> All => Types.SelectMany(type => new[] { Read(type), Write(type) });

    /// <summary>Whether a holder of this may do what <paramref name="wanted"/> names.</summary>
    internal bool Allows(Permission wanted)
    {
        if (Action != wanted.Action || Type != wanted.Type)
            return false;
        if (Id is not null)
            return Id == wanted.Id;
        return OrgId is null || OrgId == wanted.OrgId;
    }

    /// <summary>The server's own text of it, as in <c>read:orgs/ORG/buckets/ID</c>.</summary>
    public override string ToString() => (OrgId, Id) switch
    {
        (null, null) => $"{Action}:{Type}",
        (null, _) => $"{Action}:{Type}/{Id}",
        (_, null) => $"{Action}:orgs/{OrgId}/{Type}",
        _ => $"{Action}:orgs/{OrgId}/{Type}/{Id}",
    };
}
