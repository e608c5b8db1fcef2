using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Http;

namespace TestServers;

/// <summary>
/// <c>/api/v2/signin</c> and <c>/api/v2/signout</c> of the one user. A session is told by its cookie and holds what an owner of the
/// orgs may do there, and that user; an operator's rights on everything it has not. Signing out is read in the server's source.
/// </summary>
internal sealed class SessionApi(Influx2Options options, Influx2State state)
{
    private const string Cookie = "influxdb-oss-session";
    private static readonly TimeSpan Length = TimeSpan.FromHours(1);

    /// <summary>The session of a request; null where it has none that is open.</summary>
    internal static Caller? Find(HttpContext context, Influx2State state)
    {
        if (context.Request.Cookies[Cookie] is not { } key || !state.Sessions.Contains(key))
            return null;
        IEnumerable<Permission> owned = state.Orgs.SelectMany(org => Permission.Types.SelectMany(type => (string[])["read", "write"], (type, action) =>
            type == "orgs" ? new Permission(action, type, Id: org.Id) : new Permission(action, type, org.Id)));
        return new Caller(new Authorization("session", key, state.Orgs[0].Id, state.UserId!,
            [.. owned, Permission.Read("users", id: state.UserId), Permission.Write("users", id: state.UserId)]));
    }

    internal void SignIn(HttpContext context)
    {
        if (context.Request.Method != "POST")
        {
            Answers.Empty(context, 405);
            return;
        }
        var sent = context.Request.Headers.Authorization.ToString();
        var right = $"Basic {Convert.ToBase64String(Encoding.UTF8.GetBytes($"{state.UserName}:{options.Password}"))}";
        if (state.UserId is null || sent != right)
            throw ApiError.Unauthorized("unauthorized access");
        var key = Convert.ToBase64String(RandomNumberGenerator.GetBytes(64)).Replace('+', '-').Replace('/', '_');
        state.Sessions = state.Sessions.Add(key);
        var until = DateTime.UtcNow + Length;
        context.Response.Headers.SetCookie = $"{Cookie}={key}; Path=/api/; Expires={until:R};{(state.AtLeast(2, 9, 0) ? " HttpOnly;" : "")} SameSite=Strict";
        Answers.Empty(context, 204);
    }

    internal void SignOut(HttpContext context)
    {
        if (context.Request.Method != "POST")
        {
            Answers.Empty(context, 405);
            return;
        }
        if (Find(context, state) is not { } session)
            throw ApiError.Unauthorized("unauthorized access");
        state.Sessions = state.Sessions.Remove(session.Authorization.Token);
        Answers.Empty(context, 204);
    }
}
