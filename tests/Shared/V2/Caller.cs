using Microsoft.AspNetCore.Http;

namespace TestServers;

/// <summary>Who asks, and what they may do.</summary>
internal sealed class Caller(Authorization authorization)
{
    internal Authorization Authorization => authorization;

    internal bool Active => authorization.Active;

    internal bool Allows(Permission wanted) => Active && authorization.Permissions.Any(held => held.Allows(wanted));

    /// <summary>Resource handlers answer 401, not 403, where a right is missing.</summary>
    internal void Demand(Permission wanted)
    {
        if (!Active)
            throw ApiError.Unauthorized("token is inactive");
        if (!Allows(wanted))
            throw ApiError.Unauthorized($"{wanted} is unauthorized");
    }

    internal bool MayRead(Bucket bucket) => bucket.System
        ? Allows(Permission.Read("orgs", id: bucket.OrgId))
        : Allows(Permission.Read("buckets", bucket.OrgId, bucket.Id));

    internal bool MayWrite(Bucket bucket) => Allows(Permission.Write("buckets", bucket.OrgId, bucket.Id));

    /// <summary>The token check of <c>/api/v2</c>: either scheme, in any case of letters. A session counts where there is no token.</summary>
    internal static Caller OfV2(HttpContext context, Influx2State state)
    {
        var header = context.Request.Headers.Authorization.ToString();
        var space = header.IndexOf(' ', StringComparison.Ordinal);
        var scheme = space < 0 ? "" : header[..space];
        if (scheme.Equals("Token", StringComparison.OrdinalIgnoreCase) || scheme.Equals("Bearer", StringComparison.OrdinalIgnoreCase))
        {
            if (state.FindToken(header[(space + 1)..].Trim()) is { } found)
                return new Caller(found);
        }
        else if (SessionApi.Find(context, state) is { } session)
        {
            return session;
        }
        throw ApiError.Unauthorized("unauthorized access", compact: true);
    }

    /// <summary>
    /// The token check of the 1.x paths: <c>Token x</c> in exact case, no Bearer. A token as password works from 2.7.5 on.
    /// Other credentials would need a v1 authorization, which this server has none of.
    /// </summary>
    internal static Caller OfV1(HttpContext context, Influx2State state)
    {
        var header = context.Request.Headers.Authorization.ToString();
        string? token = null;
        var password = false;
        if (header.StartsWith("Token ", StringComparison.Ordinal))
        {
            token = header["Token ".Length..];
        }
        else if (header.StartsWith("Basic ", StringComparison.Ordinal))
        {
            password = true;
            token = PasswordOf(header["Basic ".Length..]);
        }
        else if (context.Request.Query.TryGetValue("u", out _) && context.Request.Query.TryGetValue("p", out var p))
        {
            password = true;
            token = p.ToString();
        }
        if (token is null)
            throw ApiError.Unauthorized("unauthorized access", compact: true);
        if (password && !state.AtLeast(2, 7, 5))
            throw ApiError.Unauthorized("Unauthorized", compact: true);
        return state.FindToken(token) is { Active: true } found
            ? new Caller(found)
            : throw ApiError.Unauthorized("Unauthorized", compact: true);
    }

    private static string PasswordOf(string base64)
    {
        Span<byte> bytes = new byte[base64.Length];
        if (!Convert.TryFromBase64String(base64, bytes, out var length))
            return "";
        var text = System.Text.Encoding.UTF8.GetString(bytes[..length]);
        return text[(text.IndexOf(':', StringComparison.Ordinal) + 1)..];
    }
}
