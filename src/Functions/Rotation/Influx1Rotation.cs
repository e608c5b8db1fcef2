using System.Security.Cryptography;
using Functions.Logs;
using Influx;
using Microsoft.Extensions.Logging;

namespace Functions.Rotation;

/// <summary>
/// Users of a 1.x server. A user has one password, and changing it would shut out whoever still uses it: each version gets a user of
/// its own with the same rights, whose name names secret and version, and the one before is dropped when its time is over.
/// </summary>
/// <param name="options">The server, and the admin's user.</param>
/// <param name="grace">When old users go.</param>
/// <param name="logger">The log.</param>
internal sealed class Influx1Rotation(ServerOptions options, RotationGrace grace, ILogger logger) : IRotatedServer
{
    private const string Alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
    private const int PasswordLength = 40;

    // Enough to tell a few versions of one secret apart.
    private const int VersionDigits = 8;

    private readonly Influx1Users users = new(options, grace.Time);

    public async Task<string> CreateAsync(SecretVersions versions, string versionId, CancellationToken cancellationToken)
    {
        var current = UserOf(versions.Current);
        TokenScopeRule.Check(versions.Current, await RightsAsync(versions.Current, current, cancellationToken));
        var next = BaseOf(current, versions.Arn) + Ending(versions.Arn, versionId);
        return versions.Current.With(new Secret($"{next}:{RandomNumberGenerator.GetString(Alphabet, PasswordLength)}"), authorizationId: null);
    }

    public async Task SetAsync(SecretVersions versions, RotatedSecret pending, CancellationToken cancellationToken)
    {
        var grants = await RightsAsync(versions.Current, UserOf(versions.Current), cancellationToken);
        var (user, password) = (UserOf(pending), PasswordOf(pending));
        if (!(await users.ListAsync(cancellationToken)).ContainsKey(user))
        {
            await users.CreateAsync(user, password, cancellationToken);
            logger.TokenMade(user, versions.Arn, pending.VersionId);
        }
        else if (user != UserOf(versions.Current))
        {
            await users.SetPasswordAsync(user, password, cancellationToken);
        }
        foreach (var grant in grants)
            await users.GrantAsync(user, grant, cancellationToken);
    }

    public async Task TestAsync(SecretVersions versions, RotatedSecret pending, CancellationToken cancellationToken)
    {
        var grants = await RightsAsync(pending, UserOf(pending), cancellationToken);
        TokenScopeRule.Check(pending, grants);
        using var itself = new Influx1Users(options with { ReadToken = (_, _) => new(pending.Token), TokenName = "" }, grace.Time);
        foreach (var grant in grants)
        {
            if (grant.Reads && !await itself.MayReadAsync(grant.Database, cancellationToken))
                throw TokenScopeRule.Wrong(pending, $"it can't read the database '{grant.Database}'");
            if (grant.Writes != await itself.MayWriteAsync(grant.Database, cancellationToken))
                throw TokenScopeRule.Wrong(pending, $"it {(grant.Writes ? "can't" : "can")} write the database '{grant.Database}'");
        }
        var foreign = (await users.DatabasesAsync(cancellationToken)).FirstOrDefault(database => grants.All(grant => grant.Database != database));
        if (foreign is not null && (await itself.MayReadAsync(foreign, cancellationToken) || await itself.MayWriteAsync(foreign, cancellationToken)))
            throw TokenScopeRule.Wrong(pending, $"it can use other databases than its own, such as '{foreign}'");
    }

    public async Task<int> RemoveAsync(SecretVersions versions, CancellationToken cancellationToken)
    {
        var removed = 0;
        var previous = versions.Previous is { } before ? UserOf(before) : null;
        string?[] kept = [UserOf(versions.Current), versions.Pending is { } pending ? UserOf(pending) : null];
        foreach (var user in (await users.ListAsync(cancellationToken)).Keys.Except(kept, StringComparer.Ordinal).OfType<string>())
        {
            var isOurs = user.Contains(Ending(versions.Arn, ""), StringComparison.Ordinal);
            if ((!isOurs && user != previous) || !grace.IsOver(versions, user == previous))
                continue;
            await users.DropAsync(user, cancellationToken);
            logger.TokenDeleted(user, versions.Arn);
            removed++;
        }
        return removed;
    }

    public void Dispose() => users.Dispose();

    private async Task<IReadOnlyList<UserGrant>> RightsAsync(RotatedSecret secret, string user, CancellationToken cancellationToken)
    {
        if (!(await users.ListAsync(cancellationToken)).TryGetValue(user, out var isAdmin))
            throw secret.Unusable($"names the user '{user}', who is not at the server");
        return isAdmin
            ? throw TokenScopeRule.Wrong(secret, "it is an admin's: make a user with the rights that the migration needs")
            : await users.GrantsAsync(user, cancellationToken);
    }

    // ARN…:secret:NAME-AbCdEf: the last six characters are one secret's and no other's of that name.
    private static string Ending(string arn, string versionId) =>
        $".{arn[(arn.LastIndexOf('-') + 1)..]}-{versionId[..Math.Min(VersionDigits, versionId.Length)]}";

    private static string BaseOf(string user, string arn)
    {
        var start = user.LastIndexOf(Ending(arn, ""), StringComparison.Ordinal);
        return start > 0 ? user[..start] : user;
    }

    private static string UserOf(RotatedSecret secret) => Parts(secret)[0];

    private static Secret PasswordOf(RotatedSecret secret) => new(Parts(secret)[1]);

    private static string[] Parts(RotatedSecret secret) => secret.Token?.Reveal().Split(':', 2) is { Length: 2 } parts
        ? parts
        : throw secret.Unusable("has a \"token\" without a colon: of an InfluxDB 1.x it is user:password");
}
