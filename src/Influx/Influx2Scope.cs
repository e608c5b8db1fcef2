using System.Net;
using System.Net.Http.Json;

namespace Influx;

/// <summary>
/// What a 2.x token can do, asked with that token alone. Lists answer 200 to every token and leave out what it may not read, so
/// that a list proves something by what it shows, never by being empty. Where there is no list, a request is sent that changes
/// nothing whatever the answer: an empty write, and the creation of a bucket that is there (docs/influxdb.md).
/// </summary>
/// <param name="http">The connection.</param>
internal sealed class Influx2Scope(InfluxHttp http)
{
    private const int PageSize = 100;

    // The system buckets that every org has, hidden from a token that may not read the org.
    private const int SystemBuckets = 2;

    private const int NamesShown = 5;

    private readonly List<string> excess = [];
    private readonly List<string> remarks = [];

    /// <summary>Finds out.</summary>
    /// <param name="need">What the token is for.</param>
    /// <param name="orgs">The ids of the orgs in which buckets are to be made.</param>
    /// <param name="createAdvice">The permissions that let a token make buckets in an org.</param>
    /// <param name="cancellationToken">Cancels.</param>
    /// <exception cref="RejectedException">It can't do what it is for.</exception>
    public async Task<TokenScope> FindAsync(
        TokenNeed need, IReadOnlyList<string> orgs, Func<string, string> createAdvice, CancellationToken cancellationToken)
    {
        var visible = await VisibleAsync($"limit={PageSize}", cancellationToken);
        await AddAdministrationAsync(cancellationToken);
        await AddOrgsAsync(need, orgs, visible, cancellationToken);
        await CheckWritesAsync(need, cancellationToken);
        foreach (var orgId in orgs)
        {
            if (visible.Find(bucket => bucket.OrgId == orgId) is { } known && await CreationRefusalAsync(known, cancellationToken) is { } refusal)
                throw new RejectedException(RejectionKind.Token, $"{refusal}\nThe destination's token needs: {createAdvice(orgId)}");
        }
        if (orgs.Count == 0 && !need.MayCreate)
            await AddFurtherBucketsAsync(need, visible, cancellationToken);
        return new TokenScope(excess, remarks);
    }

    /// <summary>Why a token shows no bucket; null when it would show one that is there.</summary>
    public async Task<string?> BlindReasonAsync(CancellationToken cancellationToken)
    {
        if ((await VisibleAsync($"limit={PageSize}", cancellationToken)).Count > 0)
            return null;
        // Of all that can be read only /me tells these apart: every list is empty for an inactive token, and for one without rights.
        var me = await http.ProbeAsync(HttpMethod.Get, "api/v2/me", makeContent: null, cancellationToken);
        if (!me.IsSuccess && me.ErrorText.Contains("inactive", StringComparison.Ordinal))
            return $"the {http.Options.Role}'s token is inactive, and an inactive token is answered with empty lists: activate it "
                + """(PATCH /api/v2/authorizations/<its id> {"status":"active"} with an admin's token), or make another with influx-migrate token create""";
        var orgs = await http.GetJsonAsync("api/v2/orgs?limit=2", "listing orgs", Influx2Json.Default.OrgsDto, cancellationToken);
        return me.Status == HttpStatusCode.OK || orgs.Orgs.Count > 0
            ? null
            : $"the {http.Options.Role}'s token is active but shows neither a bucket nor an org: it may read none of them, or the server has none, which InfluxDB answers alike";
    }

    private async Task<List<BucketDto>> VisibleAsync(string query, CancellationToken cancellationToken) =>
        (await http.GetJsonAsync($"api/v2/buckets?{query}", "listing buckets", Influx2Json.Default.BucketsDto, cancellationToken))
            .Buckets.FindAll(bucket => bucket.Type != "system");

    private async Task AddAdministrationAsync(CancellationToken cancellationToken)
    {
        var users = await http.GetJsonAsync("api/v2/users", "listing users", Influx2Json.Default.UsersDto, cancellationToken);
        var tokens = await http.GetJsonAsync("api/v2/authorizations", "listing tokens", Influx2Json.Default.AuthorizationsDto, cancellationToken);
        if (tokens.Authorizations.Count > 0)
            excess.Add("reads the tokens of its server, as an operator's or an administrator's does");
        else if (users.Users.Count > 0)
            excess.Add("reads the users of its server, as an operator's or an administrator's does");
    }

    private async Task AddOrgsAsync(TokenNeed need, IReadOnlyList<string> orgs, List<BucketDto> visible, CancellationToken cancellationToken)
    {
        var readable = (await http.GetJsonAsync("api/v2/orgs?limit=100", "listing orgs", Influx2Json.Default.OrgsDto, cancellationToken)).Orgs;
        var needed = need.Buckets.Select(bucket => bucket.OrgId).Union(orgs, StringComparer.Ordinal).ToHashSet(StringComparer.Ordinal);
        var further = readable.Select(org => org.Id).Union(visible.Select(bucket => bucket.OrgId), StringComparer.Ordinal).Count(id => !needed.Contains(id));
        if (needed.Count > 0 && further > 0)
            excess.Add($"reaches {further} further org{(further == 1 ? "" : "s")}");
        // No migration needs secrets, and only an "all access" token has them; read in the server's source, not recorded.
        foreach (var orgId in needed)
        {
            var secrets = await http.ProbeAsync(HttpMethod.Get, $"api/v2/orgs/{orgId}/secrets", makeContent: null, cancellationToken);
            if (secrets.Status != HttpStatusCode.OK)
                continue;
            excess.Add("has access to all that its org holds, its secrets too");
            return;
        }
    }

    private async Task CheckWritesAsync(TokenNeed need, CancellationToken cancellationToken)
    {
        var written = new List<string>();
        foreach (var bucket in need.Buckets)
        {
            var path = $"api/v2/write?org={bucket.OrgId}&bucket={bucket.Id}&precision=ns";
            var answer = await http.ProbeAsync(HttpMethod.Post, path, () => new ByteArrayContent([]), cancellationToken);
            if (answer.Status is HttpStatusCode.NoContent or HttpStatusCode.BadRequest)
                written.Add(bucket.Name);
            else if (need.Role == TokenRole.Destination && answer.Status is HttpStatusCode.Forbidden or HttpStatusCode.Unauthorized)
                throw new RejectedException(RejectionKind.Token, $"the {http.Options.Role}'s token may read the bucket '{bucket.Name}' but not write it: {(int)answer.Status} {answer.ErrorText}");
        }
        if (need.Role == TokenRole.Source && written.Count > 0)
            excess.Add($"may write {Names(written)}, which a source is only read from");
    }

    // The name is taken, so that a token with the right is told of the conflict, and one without it is refused before.
    private async Task<string?> CreationRefusalAsync(BucketDto known, CancellationToken cancellationToken)
    {
        var body = new NewBucketDto(known.OrgId, known.Name, known.RetentionRules);
        var answer = await http.ProbeAsync(
            HttpMethod.Post, "api/v2/buckets", () => JsonContent.Create(body, Influx2Json.Default.NewBucketDto), cancellationToken);
        return answer.Status is HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden
            ? $"the {http.Options.Role}'s token may make no bucket: {(int)answer.Status} {answer.ErrorText}"
            : null;
    }

    private async Task AddFurtherBucketsAsync(TokenNeed need, List<BucketDto> visible, CancellationToken cancellationToken)
    {
        if (need.Role == TokenRole.Destination && visible.Count > 0 && await CreationRefusalAsync(visible[0], cancellationToken) is null)
            excess.Add("may make buckets and write all of its org, but the buckets that it is for are there");
        var further = visible.FindAll(bucket => need.Buckets.All(needed => needed.Id != bucket.Id));
        if (further.Count == 0)
            return;
        if (await ReadsAllAsync(further[0].OrgId, visible.Count(bucket => bucket.OrgId == further[0].OrgId), cancellationToken))
            excess.Add($"reads every bucket of its org, {Names(further.ConvertAll(bucket => bucket.Name))} too");
        else
            remarks.Add($"the {http.Options.Role}'s token also reads {Names(further.ConvertAll(bucket => bucket.Name))}, which this migration does not need");
    }

    // A page is cut first and what the token can't read is dropped afterwards. So where the pages from both ends, as long as what is
    // visible, have no gap, there is nothing in between: the token reads all. System buckets that it does not see are two gaps.
    private async Task<bool> ReadsAllAsync(string orgId, int ofOrg, CancellationToken cancellationToken)
    {
        foreach (var order in (string[])["false", "true"])
        {
            var page = await VisibleAsync($"orgID={orgId}&descending={order}&limit={Math.Min(PageSize, ofOrg + SystemBuckets)}", cancellationToken);
            if (page.Count < Math.Min(ofOrg, PageSize - SystemBuckets))
                return false;
        }
        return true;
    }

    private static string Names(List<string> names) =>
        string.Join(", ", names.Take(NamesShown).Select(name => $"'{name}'")) + (names.Count > NamesShown ? $" and {names.Count - NamesShown} more" : "");
}
