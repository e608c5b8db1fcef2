using Functions.Secrets;
using Influx;
using Migration;

namespace Functions.Rotation;

/// <summary>What the token of a secret may be allowed: what the secret says that it is for, and never a whole server.</summary>
internal static class TokenScopeRule
{
    /// <summary>Checks the permissions of a 2.x token.</summary>
    /// <exception cref="NamedException"><see cref="ErrorNames.ScopeWrong"/>.</exception>
    public static void Check(RotatedSecret secret, IReadOnlyList<TokenRight> rights)
    {
        if (secret.Type == "operator" || rights.Any(right => right is { Action: "write", OrgId: null, Id: null } or { Type: "buckets", OrgId: null, Id: null }))
            throw Wrong(secret, "it is an operator's or reaches every org: make one for what the migration needs, with 'influx-migrate token create'");
        var ofBuckets = rights.Where(right => right.Type == "buckets").ToList();
        CheckRole(secret, ofBuckets.Exists(right => right.Action == "read"), ofBuckets.Exists(right => right.Action == "write"));
        if (secret.Buckets.Count == 0)
            return;
        if (ofBuckets.Find(right => !secret.Buckets.Contains(right.Id ?? "", StringComparer.Ordinal) && !secret.Buckets.Contains(right.Name ?? "", StringComparer.Ordinal)) is { } further)
            throw Wrong(secret, $"it may {further.Action} {(further.Id is null ? "every bucket of its org" : $"the bucket '{further.Name ?? further.Id}'")}, which is none of the secret's \"buckets\"");
        var missing = secret.Buckets.FirstOrDefault(bucket => !ofBuckets.Exists(right => right.Id == bucket || right.Name == bucket));
        if (missing is not null)
            throw Wrong(secret, $"it has no right on the bucket '{missing}' of the secret's \"buckets\"");
    }

    /// <summary>Checks the rights of a 1.x user.</summary>
    /// <exception cref="NamedException"><see cref="ErrorNames.ScopeWrong"/>.</exception>
    public static void Check(RotatedSecret secret, IReadOnlyList<UserGrant> grants)
    {
        CheckRole(secret, grants.Any(grant => grant.Reads), grants.Any(grant => grant.Writes));
        if (secret.Buckets.Count == 0)
            return;
        // A bucket of 1.x is a database, or a database and a retention policy; rights are of databases.
        if (grants.FirstOrDefault(grant => !secret.Buckets.Any(bucket => IsIn(bucket, grant.Database))) is { } further)
            throw Wrong(secret, $"it has rights on the database '{further.Database}', which is none of the secret's \"buckets\"");
        if (secret.Buckets.FirstOrDefault(bucket => !grants.Any(grant => IsIn(bucket, grant.Database))) is { } missing)
            throw Wrong(secret, $"it has no right on the bucket '{missing}' of the secret's \"buckets\"");
    }

    /// <summary>The failure of a token with other rights than it should have.</summary>
    public static NamedException Wrong(RotatedSecret secret, string what) => new(ErrorNames.ScopeWrong, $"the token of {secret} does not fit: {what}");

    private static void CheckRole(RotatedSecret secret, bool reads, bool writes)
    {
        if (secret.Role == ServerRole.Source && writes)
            throw Wrong(secret, "it may write, but its \"role\" is source, which is only read from");
        if (secret.Role == ServerRole.Source && !reads)
            throw Wrong(secret, "it may read no bucket, but its \"role\" is source");
        if (secret.Role == ServerRole.Destination && !writes)
            throw Wrong(secret, "it may write no bucket, but its \"role\" is destination");
    }

    private static bool IsIn(string bucket, string database) => bucket == database || bucket.StartsWith(database + "/", StringComparison.Ordinal);
}
