using System.Collections.Immutable;
using System.Globalization;
using System.Security.Cryptography;
using Influx;

namespace TestServers;

/// <summary>The orgs, buckets, tokens and mappings. Lists are replaced, never changed, so that readers need no lock.</summary>
internal sealed class Influx2State(Influx2Options options, ServerVersion version)
{
    /// <summary>Held by whoever changes a list.</summary>
    internal SemaphoreSlim Gate { get; } = new(1, 1);

    internal string? UserId { get; private set; }

    internal string UserName { get; private set; } = "";

    internal ImmutableList<Org> Orgs { get; set; } = [];

    internal ImmutableList<Bucket> Buckets { get; set; } = [];

    internal ImmutableList<Authorization> Authorizations { get; set; } = [];

    /// <summary>The cookies of users who are signed in.</summary>
    internal ImmutableHashSet<string> Sessions { get; set; } = [];

    /// <summary>Explicit mappings only, oldest first.</summary>
    internal ImmutableList<Dbrp> Dbrps { get; set; } = [];

    /// <summary>From 2.9 on tokens are kept hashed, so that a list can't show them.</summary>
    internal bool HidesTokens => AtLeast(2, 9, 0);

    /// <summary>2.1 to 2.4 list 20 buckets where no limit is given, also inside the server.</summary>
    internal bool ListsTwentyBuckets => !AtLeast(2, 5, 0);

    internal bool AtLeast(int family, int minor, int patch) => version >= new ServerVersion((ServerFamily)family, minor, patch);

    internal static string Now => DateTime.UtcNow.ToString("yyyy-MM-dd'T'HH:mm:ss.fffffff'Z'", CultureInfo.InvariantCulture);

    internal void SetUser(string name)
    {
        UserName = name;
        UserId = NewId("user", name);
    }

    internal string NewId(string kind, string name) =>
        options.Identity?.Invoke(kind, name) ?? Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(8));

    internal string NewToken(string description) =>
        options.Identity?.Invoke("token", description) ?? Convert.ToBase64String(RandomNumberGenerator.GetBytes(64)).Replace('+', '-').Replace('/', '_');

    internal Authorization? FindToken(string token) => Authorizations.Find(authorization => authorization.Token == token);

    internal Bucket? FindBucket(string id) => Buckets.Find(bucket => bucket.Id == id);

    internal Org OrgById(string id) => Orgs.Find(org => org.Id == id) ?? throw ApiError.NotFound("organization not found");

    internal Org OrgByName(string name) =>
        Orgs.Find(org => org.Name == name) ?? throw ApiError.NotFound($"organization name \"{name}\" not found");

    internal Bucket BucketById(string id) => FindBucket(id) ?? throw ApiError.NotFound("bucket not found");

    internal void Replace(Bucket bucket) => Buckets = Buckets.Replace(FindBucket(bucket.Id)!, bucket);

    internal static string CheckedId(string id) =>
        id.Length != 16 ? throw ApiError.Invalid("id must have a length of 16 bytes")
        : id.All(char.IsAsciiHexDigitLower) ? id : throw ApiError.Invalid("id must be a valid hexadecimal string");

    /// <summary>
    /// Every mapping of an org: explicit ones, then one per bucket by name where it is not shadowed. The name's first slash parts
    /// database from policy, and such a mapping is no default.
    /// </summary>
    internal IEnumerable<Dbrp> MappingsOf(string orgId)
    {
        var taken = new HashSet<(string, string)>();
        foreach (var mapping in Dbrps.Where(mapping => mapping.OrgId == orgId))
        {
            taken.Add((mapping.Database, mapping.Policy));
            yield return mapping;
        }
        if (!AtLeast(2, 4, 0))
            yield break;
        var buckets = Buckets.Where(bucket => bucket.OrgId == orgId).OrderBy(bucket => bucket.Name, StringComparer.Ordinal);
        foreach (var bucket in ListsTwentyBuckets ? buckets.Take(20) : buckets)
        {
            var slash = bucket.Name.IndexOf('/', StringComparison.Ordinal);
            var (database, policy) = slash < 0 ? (bucket.Name, "autogen") : (bucket.Name[..slash], bucket.Name[(slash + 1)..]);
            if (taken.Add((database, policy)))
                yield return new Dbrp(bucket.Id, orgId, bucket.Id, database, policy, Default: slash < 0, Virtual: true);
        }
    }
}
