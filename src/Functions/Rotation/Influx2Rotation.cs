using Functions.Logs;
using Influx;
using Microsoft.Extensions.Logging;

namespace Functions.Rotation;

/// <summary>
/// Tokens of a 2.x server. The server chooses a token's text, so that the new one is made while the version is created; whatever a
/// crash leaves there is found by its <see cref="RotationMark"/>.
/// </summary>
/// <param name="options">The server, and the admin's token.</param>
/// <param name="grace">When old tokens go.</param>
/// <param name="logger">The log.</param>
internal sealed partial class Influx2Rotation(ServerOptions options, RotationGrace grace, ILogger logger) : IRotatedServer
{
    // A rotation that has made its token puts it into the secret a moment later, or it was killed.
    private static readonly TimeSpan LongestMoment = TimeSpan.FromDays(1);

    private readonly Influx2Tokens tokens = new(options, grace.Time);

    public async Task<string> CreateAsync(SecretVersions versions, string versionId, CancellationToken cancellationToken)
    {
        var current = versions.Current;
        var list = await ListAsync(cancellationToken);
        var own = Find(list, current);
        var orgId = own?.OrgId ?? OrgId(list, current);
        var rights = own?.Permissions ?? AwsRights.Of(current, orgId);
        TokenScopeRule.Check(current, rights);
        // Once this one is replaced twice, no version names it any more; then its own description does.
        if (own is not null && RotationMark.Find(own.Description, versions.Arn) is null)
            await tokens.DescribeAsync(own.Id, new RotationMark(versions.Arn, current.VersionId).Describe(own.Description), cancellationToken);
        if (own is null && current.Token is not null)
            logger.OldTokenUnknown(versions.Arn);
        var made = await tokens.CreateAsync(
            orgId, own?.UserId, new RotationMark(versions.Arn, versionId).Describe(own?.Description ?? ""), rights, cancellationToken);
        logger.TokenMade(made.Id, versions.Arn, versionId);
        return current.With(made.Token ?? throw new RejectedException(RejectionKind.Unsupported, "the server made a token and does not show it"), made.Id);
    }

    // The token works from the moment that it is made.
    public Task SetAsync(SecretVersions versions, RotatedSecret pending, CancellationToken cancellationToken) => Task.CompletedTask;

    public async Task<int> RemoveAsync(SecretVersions versions, CancellationToken cancellationToken)
    {
        var removed = 0;
        foreach (var token in await ListAsync(cancellationToken))
        {
            var mark = RotationMark.Find(token.Description, versions.Arn);
            var isPrevious = IsOf(token, versions.Previous);
            if ((mark is null && !isPrevious) || IsOf(token, versions.Current) || IsOf(token, versions.Pending))
                continue;
            switch (FateOf(token, mark, isPrevious, versions))
            {
                case Fate.Deactivate:
                    await tokens.DeactivateAsync(token.Id, cancellationToken);
                    logger.TokenDeactivated(token.Id, versions.Arn);
                    removed++;
                    break;
                case Fate.Delete:
                    await tokens.DeleteAsync(token.Id, cancellationToken);
                    logger.TokenDeleted(token.Id, versions.Arn);
                    removed++;
                    break;
            }
        }
        return removed;
    }

    public void Dispose() => tokens.Dispose();

    private Fate FateOf(TokenEntry token, RotationMark? mark, bool isPrevious, SecretVersions versions)
    {
        var version = isPrevious ? versions.Previous!.VersionId : mark!.VersionId;
        // The current version names its token, unless people put it there without.
        if (version == versions.Current.VersionId)
            return versions.Current.AuthorizationId is null ? Fate.Keep : Fate.Delete;
        if (version == versions.IdOf(Aws.SecretsManagerClient.Pending))
            return versions.Pending is not null || token.Created + LongestMoment < grace.Time.GetUtcNow() ? Fate.Delete : Fate.Keep;
        if (!grace.IsOver(versions, isPrevious || version == versions.Previous?.VersionId))
            return Fate.Keep;
        // Deleted by the next look: until then what was forgotten can be switched on again.
        return token.Active ? Fate.Deactivate : Fate.Delete;
    }

    private async Task<IReadOnlyList<TokenEntry>> ListAsync(CancellationToken cancellationToken)
    {
        var list = await tokens.ListAsync(cancellationToken);
        return list.Count > 0
            ? list
            : throw new RejectedException(
                RejectionKind.Token,
                $"the admin's token of {options.Url.GetLeftPart(UriPartial.Authority)} sees no token, not even itself: it is inactive, or it lacks read and write "
                + """of {"type":"authorizations","orgID":"<org id>"} and of {"type":"users","id":"<its user's id>"}, which making tokens needs, both""");
    }

    private static TokenEntry? Find(IReadOnlyList<TokenEntry> list, RotatedSecret secret)
    {
        var own = list.FirstOrDefault(token => IsOf(token, secret));
        if (own is null && secret.AuthorizationId is { } id)
            throw secret.Unusable($"names the authorizationId '{id}', but the admin's token sees none of that id: correct it, or let the admin's token read it");
        if (own is null && !secret.IsAws)
            throw secret.Unusable("names no \"authorizationId\", and the server shows no token that is this secret's (from 2.9 on it shows none): put the id there, as 'influx auth list' shows it");
        return own;
    }

    private static bool IsOf(TokenEntry token, RotatedSecret? secret) => secret is not null
        && (secret.AuthorizationId is { } id ? token.Id == id : token.Token is { } text && text.Reveal() == secret.Token?.Reveal());

    private static string OrgId(IReadOnlyList<TokenEntry> list, RotatedSecret secret) =>
        list.FirstOrDefault(token => token.OrgId == secret.Org || token.Org == secret.Org)?.OrgId
        ?? throw secret.Unusable($"names the org '{secret.Org}', in which the admin's token sees no token, not even itself: name the org that it was made in");

    private enum Fate
    {
        Keep,
        Deactivate,
        Delete,
    }
}
