using System.Net;
using System.Net.Http.Headers;

namespace Influx;

public sealed partial class InfluxHttp
{
    private const string CookieHeader = "Cookie";

    /// <summary>Whether <see cref="token"/> is the cookie of a session that is to be ended.</summary>
    private bool HasSession => options.SignsIn && tokenRead;

    // Recorded with 2.7.1 and 2.9.1: 204 with the cookie, 401 for a wrong password. The cookie's name differs between versions.
    private async Task<Secret> SignInAsync(Secret user, CancellationToken cancellationToken)
    {
        const string What = "signing in";
        var answer = Done(What, HttpStatusCode.NoContent, await ReadAsync(HttpMethod.Post, "api/v2/signin", makeContent: null, user, cancellationToken));
        return answer.TryGetHeader("Set-Cookie", out var cookie)
            ? new Secret(cookie.Split(';')[0])
            : throw new RejectedException(RejectionKind.Unsupported, $"POST /api/v2/signin at the {options.Role} {Root} let the user in and gave no session");
    }

    private void Authorize(HttpRequestHeaders headers, Secret secret)
    {
        if (HasSession)
            headers.TryAddWithoutValidation(CookieHeader, secret.Reveal());
        else
            headers.Authorization = options.SignsIn ? AsBasic(secret) : Authorization(secret);
    }

    /// <summary>Ends the session. A server that is gone ends it by itself an hour later.</summary>
    private void TrySignOut()
    {
        if (HasSession)
            TrySend(HttpMethod.Post, "api/v2/signout");
    }

    private static string WithoutCookie(HttpRequestMessage request, string text)
    {
        if (!request.Headers.TryGetValues(CookieHeader, out var cookies))
            return text;
        var cookie = cookies.First();
        return text.Replace(cookie[(cookie.IndexOf('=', StringComparison.Ordinal) + 1)..], Secret.Shown, StringComparison.Ordinal);
    }
}
