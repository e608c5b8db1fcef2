using System.Security.Cryptography;

namespace Influx;

/// <summary>A token to make for one migration.</summary>
public sealed record TokenOrder
{
    /// <summary>Which end it is for.</summary>
    public required TokenRole Role { get; init; }

    /// <summary>The org's name or id on 2.x; null for the only one that the admin's token sees.</summary>
    public string? Org { get; init; }

    /// <summary>The buckets, as <see cref="Bucket.Name"/>.</summary>
    public required IReadOnlyList<string> Buckets { get; init; }

    /// <summary>Whether it is to make those that are not there: a right that a server gives on all buckets of an org or on none.</summary>
    public bool CreatesBuckets { get; init; }

    /// <summary>The migration's name; null for one made of the buckets.</summary>
    public string? Description { get; init; }
}

/// <summary>A token that was made.</summary>
/// <param name="Token">The token, or of 1.x user:password.</param>
/// <param name="Id">The authorization's id, or of 1.x the user.</param>
/// <param name="Org">The org's name, or its id where the name is not known; null on 1.x.</param>
/// <param name="Description">What the server was told that it is for.</param>
public sealed record MadeToken(Secret Token, string Id, string? Org, string Description);

/// <summary>Makes tokens that can do what one migration needs and nothing else, with an admin's token that is kept nowhere.</summary>
/// <param name="admin">The server, and the admin's token.</param>
/// <param name="time">The clock.</param>
public sealed class TokenMaker(ServerOptions admin, TimeProvider time)
{
    private const string Alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
    private const int PasswordLength = 40;
    private const int UserEnding = 8;

    /// <summary>Makes one.</summary>
    /// <exception cref="RejectedException">A bucket is not there, the admin's token may not make tokens, or the server knows no such tokens.</exception>
    /// <exception cref="TransientException">The server does not answer.</exception>
    public async Task<MadeToken> MakeAsync(TokenOrder order, CancellationToken cancellationToken)
    {
        using var client = await ServerDetector.ConnectAsync(admin, time, cancellationToken);
        return client switch
        {
            Influx2Client v2 => await MakeAsync(order, v2, cancellationToken),
            Influx1Client v1 => await MakeAsync(order, v1, cancellationToken),
            _ => throw new RejectedException(
                RejectionKind.Unsupported, $"the server is an InfluxDB {client.Version}, which knows admin tokens only: none can be made that can do less"),
        };
    }

    /// <summary>Takes a token back that could not be kept anywhere.</summary>
    public async Task RevokeAsync(MadeToken made, CancellationToken cancellationToken)
    {
        if (made.Org is null)
        {
            using var users = new Influx1Users(admin, time);
            await users.DropAsync(made.Id, cancellationToken);
            return;
        }
        using var tokens = new Influx2Tokens(admin, time);
        await tokens.DeleteAsync(made.Id, cancellationToken);
    }

    private async Task<MadeToken> MakeAsync(TokenOrder order, Influx2Client client, CancellationToken cancellationToken)
    {
        var found = await FindAsync(order, client, cancellationToken);
        var orgId = found.Count > 0 ? found[0].OrgId : await client.OrgIdAsync(order.Org, cancellationToken);
        var rights = new List<TokenRight>();
        if (order.CreatesBuckets)
            rights.AddRange([new TokenRight("read", "buckets", orgId), new TokenRight("write", "buckets", orgId)]);
        else
            rights.AddRange(found.SelectMany(bucket => BucketRights(order.Role, bucket)));
        // An org is named by its id as "id"; "orgID" grants nothing (docs/influxdb.md).
        rights.Add(new TokenRight("read", "orgs", Id: orgId));
        using var tokens = new Influx2Tokens(admin, time);
        var description = Describe(order);
        var made = await tokens.CreateAsync(orgId, userId: null, description, rights, cancellationToken);
        return new MadeToken(
            made.Token ?? throw new RejectedException(RejectionKind.Unsupported, "the server made a token and does not show it"),
            made.Id,
            made.Org.Length > 0 ? made.Org : orgId,
            description);
    }

    private async Task<MadeToken> MakeAsync(TokenOrder order, Influx1Client client, CancellationToken cancellationToken)
    {
        if (order.CreatesBuckets)
            throw new RejectedException(
                RejectionKind.Unsupported,
                "only an admin makes databases in 1.x, and an admin may do everything: make them yourself, leave --create-buckets out and migrate with --existing reuse");
        var databases = (await FindAsync(order, client, cancellationToken)).Select(bucket => bucket.Database).Distinct(StringComparer.Ordinal);
        var user = $"influx-migrate-{Name(order.Role)}-{RandomNumberGenerator.GetHexString(UserEnding, lowercase: true)}";
        var password = new Secret(RandomNumberGenerator.GetString(Alphabet, PasswordLength));
        using var users = new Influx1Users(admin, time);
        await users.CreateAsync(user, password, cancellationToken);
        try
        {
            foreach (var database in databases)
                await users.GrantAsync(user, new UserGrant(database, order.Role == TokenRole.Source ? "READ" : "ALL PRIVILEGES"), cancellationToken);
        }
        catch
        {
            await users.DropAsync(user, CancellationToken.None);
            throw;
        }
        return new MadeToken(new Secret($"{user}:{password.Reveal()}"), user, Org: null, Describe(order));
    }

    private static async Task<List<Bucket>> FindAsync(TokenOrder order, IInfluxClient client, CancellationToken cancellationToken)
    {
        var found = new List<Bucket>();
        foreach (var name in order.Buckets)
        {
            if (await client.FindBucketAsync(order.Org, name, cancellationToken) is { } bucket)
                found.Add(bucket);
            else if (!order.CreatesBuckets)
                throw new RejectedException(
                    RejectionKind.NotFound,
                    Absent(order.Role, name, client));
        }
        return found.Select(bucket => bucket.OrgId).Distinct(StringComparer.Ordinal).Count() <= 1
            ? found
            : throw new RejectedException(RejectionKind.Invalid, "the buckets are in several orgs, and a token belongs to one: name the org, and make a token for each");
    }

    private static string Absent(TokenRole role, string name, IInfluxClient client)
    {
        var shown = ShownText.Line(name);
        return client is Influx1Client v1
            ? $"the server has no database or retention policy '{shown}': correct the name" + (role == TokenRole.Destination ? $", or make it first, as only an admin may in 1.x, such as: {v1.CreationAdvice(name)}" : "")
            : $"the server has no bucket '{shown}' that the admin's token sees, and a token is limited by its id: correct the name"
                + (role == TokenRole.Destination ? ", make the bucket first, or give --create-buckets for a token that may make it" : "");
    }

    private static IEnumerable<TokenRight> BucketRights(TokenRole role, Bucket bucket)
    {
        yield return new TokenRight("read", "buckets", bucket.OrgId, bucket.Id);
        if (role == TokenRole.Destination)
            yield return new TokenRight("write", "buckets", bucket.OrgId, bucket.Id);
    }

    private static string Describe(TokenOrder order) =>
        $"influx-migrate {Name(order.Role)}: {order.Description ?? $"migration of {string.Join(", ", order.Buckets)}"}";

    private static string Name(TokenRole role) => role.ToString().ToLowerInvariant();
}
