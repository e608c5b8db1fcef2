using Influx;

namespace Functions.Rotation;

/// <summary>The permissions that a secret in AWS's format for tokens of Timestream for InfluxDB asks for.</summary>
internal static class AwsRights
{
    /// <summary>All that a right may be of; an org's token has each, limited to the org.</summary>
    private static readonly string[] Types =
    [
        "authorizations", "buckets", "dashboards", "orgs", "sources", "tasks", "telegrafs", "users", "variables", "scrapers", "secrets",
        "labels", "views", "documents", "notificationRules", "notificationEndpoints", "checks", "dbrp", "notebooks", "annotations",
        "remotes", "replications",
    ];

    /// <summary>Reads them.</summary>
    /// <exception cref="NamedException"><see cref="Migration.ErrorNames.SecretUnusable"/>: it asks for none, or for ones that are not known.</exception>
    public static IReadOnlyList<TokenRight> Of(RotatedSecret secret, string orgId)
    {
        if (secret.Type != "custom")
            throw secret.Unusable($"is of the type '{secret.Type}' and its token can't be found at the server: put its \"authorizationId\" there, or make it of the type custom");
        List<TokenRight> rights =
        [
            .. secret.ReadBuckets.Select(id => new TokenRight("read", "buckets", orgId, id)),
            .. secret.WriteBuckets.Select(id => new TokenRight("write", "buckets", orgId, id)),
            .. secret.Permissions.Select(text => Parse(secret, text, orgId)),
        ];
        return rights.Count > 0 ? rights : throw secret.Unusable("asks for no permission: name \"readBuckets\", \"writeBuckets\" or \"permissions\"");
    }

    private static TokenRight Parse(RotatedSecret secret, string text, string orgId) => text.Split('-') switch
    {
        // An org is named by its id, which an org id does not match.
        ["read" or "write", "orgs"] parts => new TokenRight(parts[0], "orgs", OrgId: null, orgId),
        ["read" or "write", var type] parts when Types.Contains(type, StringComparer.Ordinal) => new TokenRight(parts[0], type, orgId),
        _ => throw secret.Unusable("has a \"permissions\" that are not of the form read-buckets or write-tasks"),
    };
}
