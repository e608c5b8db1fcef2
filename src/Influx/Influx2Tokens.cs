using System.Net;
using System.Net.Http.Json;
using System.Text.Json.Serialization;

namespace Influx;

/// <summary>A permission of a 2.x token.</summary>
/// <param name="Action"><c>read</c> or <c>write</c>.</param>
/// <param name="Type">The resource's type, such as <c>buckets</c>.</param>
/// <param name="OrgId">The org that it is limited to; null for all.</param>
/// <param name="Id">The one resource that it is limited to; null for all of the org. An org is named by this and not by its org id.</param>
public sealed record TokenRight(string Action, string Type, string? OrgId = null, string? Id = null)
{
    /// <summary>The resource's name where the server tells it; never sent.</summary>
    public string? Name { get; init; }
}

/// <summary>A token of a 2.x server with all that the server keeps about it: an "authorization".</summary>
public sealed record TokenEntry
{
    /// <summary>Its id.</summary>
    public required string Id { get; init; }

    /// <summary>The org that it was made in.</summary>
    public required string OrgId { get; init; }

    /// <summary>That org's name.</summary>
    public string Org { get; init; } = "";

    /// <summary>Whose it is.</summary>
    public string? UserId { get; init; }

    /// <summary>What it is for.</summary>
    public string Description { get; init; } = "";

    /// <summary>Whether the server lets it in.</summary>
    public bool Active { get; init; }

    /// <summary>When it was made, by the server's clock.</summary>
    public DateTimeOffset Created { get; init; }

    /// <summary>What it may do.</summary>
    public IReadOnlyList<TokenRight> Permissions { get; init; } = [];

    /// <summary>Its text; null where the server does not show it: from 2.9 on only in the answer that made it.</summary>
    public Secret? Token { get; init; }
}

/// <summary>The tokens of a 2.x server as one token sees them.</summary>
/// <param name="options">The server, and the token that asks.</param>
/// <param name="time">The clock.</param>
public sealed class Influx2Tokens(ServerOptions options, TimeProvider time) : IDisposable
{
    private readonly InfluxHttp http = new(options, time);

    /// <summary>All that the asking token may read. Without <c>read:authorizations</c> and <c>read:users</c> that is none, and no error.</summary>
    public async Task<IReadOnlyList<TokenEntry>> ListAsync(CancellationToken cancellationToken)
    {
        var list = await http.GetJsonAsync("api/v2/authorizations", "listing tokens", Influx2TokensJson.Default.TokenListDto, cancellationToken);
        return [.. list.Authorizations.Select(Entry)];
    }

    /// <summary>Makes a token; the answer is the only place that surely shows it.</summary>
    /// <exception cref="RejectedException">The asking token may not make tokens, or lacks a permission that it is to grant.</exception>
    public async Task<TokenEntry> CreateAsync(
        string orgId, string? userId, string description, IReadOnlyList<TokenRight> permissions, CancellationToken cancellationToken)
    {
        var body = new NewTokenDto(
            orgId, userId, description,
            [.. permissions.Select(permission => new TokenPermissionDto(permission.Action, new TokenResourceDto(permission.Type, permission.OrgId, permission.Id, Name: null)))]);
        var what = $"making a token in the org {orgId}";
        // Not tried again: a token whose answer was lost is there, and nobody has it.
        var answer = http.Settled(what, await http.AskOnceAsync(
            HttpMethod.Post, "api/v2/authorizations", () => JsonContent.Create(body, Influx2TokensJson.Default.NewTokenDto), authorize: true, cancellationToken));
        return Entry(http.ReadJson(what, http.Done(what, HttpStatusCode.Created, answer), Influx2TokensJson.Default.TokenDto));
    }

    /// <summary>Sets a token's description.</summary>
    public Task DescribeAsync(string id, string description, CancellationToken cancellationToken) =>
        PatchAsync(id, new TokenPatchDto(Status: null, description), $"describing the token {id}", cancellationToken);

    /// <summary>Switches a token off; it stays known.</summary>
    public Task DeactivateAsync(string id, CancellationToken cancellationToken) =>
        PatchAsync(id, new TokenPatchDto("inactive", Description: null), $"deactivating the token {id}", cancellationToken);

    /// <summary>Deletes a token; one that is gone already is no error.</summary>
    public async Task DeleteAsync(string id, CancellationToken cancellationToken)
    {
        try
        {
            await http.AskForAsync(
                HttpStatusCode.NoContent, HttpMethod.Delete, $"api/v2/authorizations/{id}", makeContent: null, $"deleting the token {id}", cancellationToken);
        }
        catch (RejectedException gone) when (gone.Kind == RejectionKind.NotFound)
        {
            // It is what was wanted.
        }
    }

    /// <summary>The ids of buckets that the asking token sees, at most a hundred, without system buckets.</summary>
    public async Task<IReadOnlyList<string>> VisibleBucketsAsync(CancellationToken cancellationToken)
    {
        var list = await http.GetJsonAsync("api/v2/buckets?limit=100", "listing buckets", Influx2Json.Default.BucketsDto, cancellationToken);
        return [.. list.Buckets.Where(bucket => bucket.Type != "system").Select(bucket => bucket.Id)];
    }

    /// <summary>Whether the asking token may read a bucket; null when there is none of that id.</summary>
    public Task<bool?> MayReadAsync(string bucketId, CancellationToken cancellationToken) =>
        MayAsync(HttpMethod.Get, $"api/v2/buckets/{bucketId}", makeContent: null, cancellationToken);

    /// <summary>Whether the asking token may write a bucket, found out by a write of nothing; null when there is none of that name.</summary>
    /// <param name="orgId">The org.</param>
    /// <param name="bucket">The bucket's id or name.</param>
    /// <param name="cancellationToken">Cancels.</param>
    public Task<bool?> MayWriteAsync(string orgId, string bucket, CancellationToken cancellationToken) =>
        MayAsync(HttpMethod.Post, $"api/v2/write?org={orgId}&bucket={bucket}&precision=ns", () => new ByteArrayContent([]), cancellationToken);

    /// <inheritdoc/>
    public void Dispose() => http.Dispose();

    private static TokenEntry Entry(TokenDto token) => new()
    {
        Id = token.Id,
        OrgId = token.OrgId,
        Org = token.Org ?? "",
        UserId = token.UserId,
        Description = token.Description ?? "",
        Active = token.Status == "active",
        Created = token.CreatedAt,
        Permissions = [.. token.Permissions.Select(permission => new TokenRight(
            permission.Action, permission.Resource.Type, permission.Resource.OrgId, permission.Resource.Id) { Name = permission.Resource.Name })],
        Token = token.Token is { Length: > 0 } text ? new Secret(text) : null,
    };

    private async Task PatchAsync(string id, TokenPatchDto change, string what, CancellationToken cancellationToken)
    {
        var answer = await http.AskForAsync(
            HttpStatusCode.OK, HttpMethod.Patch, $"api/v2/authorizations/{id}", () => JsonContent.Create(change, Influx2TokensJson.Default.TokenPatchDto),
            what, cancellationToken);
        var changed = http.ReadJson(what, answer, Influx2TokensJson.Default.TokenDto);
        if (changed.Id != id || (change.Status ?? changed.Status) != changed.Status)
            throw http.NotInflux(what, "the token as it is now", answer);
    }

    // 400 is about the body, which is looked at after the permission.
    private async Task<bool?> MayAsync(HttpMethod method, string path, Func<HttpContent>? makeContent, CancellationToken cancellationToken)
    {
        var what = $"{method} /{path.Split('?')[0]}";
        var answer = await http.AskAsync(method, path, makeContent, what, cancellationToken);
        if (answer.IsPage)
            throw http.NotInflux(what, "an InfluxDB's answer", answer);
        switch (answer.Status)
        {
            case HttpStatusCode.NotFound:
                return null;
            case HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden:
                return false;
            case HttpStatusCode.BadRequest:
                return true;
            default:
                http.Done(what, method == HttpMethod.Get ? HttpStatusCode.OK : HttpStatusCode.NoContent, answer);
                return true;
        }
    }
}

internal sealed record TokenResourceDto(
    string Type, [property: JsonPropertyName("orgID")] string? OrgId = null, string? Id = null, string? Name = null);

internal sealed record TokenPermissionDto(string Action, TokenResourceDto Resource);

internal sealed record TokenDto(
    string Id,
    [property: JsonPropertyName("orgID")] string OrgId,
    DateTimeOffset CreatedAt,
    TokenPermissionDto[] Permissions,
    string? Token = null,
    string? Status = null,
    string? Description = null,
    string? Org = null,
    [property: JsonPropertyName("userID")] string? UserId = null)
{
    public override string ToString() => Id;
}

internal sealed record TokenListDto(List<TokenDto> Authorizations);

internal sealed record NewTokenDto(
    [property: JsonPropertyName("orgID")] string OrgId,
    [property: JsonPropertyName("userID")] string? UserId,
    string Description,
    TokenPermissionDto[] Permissions);

internal sealed record TokenPatchDto(string? Status, string? Description);

[JsonSourceGenerationOptions(
    GenerationMode = JsonSourceGenerationMode.Metadata,
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    RespectNullableAnnotations = true,
    RespectRequiredConstructorParameters = true,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(TokenListDto))]
[JsonSerializable(typeof(NewTokenDto))]
[JsonSerializable(typeof(TokenPatchDto))]
internal sealed partial class Influx2TokensJson : JsonSerializerContext;
