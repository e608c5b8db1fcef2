using System.Net;

namespace Influx;

/// <summary>A right of a 1.x user.</summary>
/// <param name="Database">On what.</param>
/// <param name="Privilege"><c>READ</c>, <c>WRITE</c> or <c>ALL PRIVILEGES</c>.</param>
public sealed record UserGrant(string Database, string Privilege)
{
    /// <summary>Whether it lets read.</summary>
    public bool Reads => Privilege != "WRITE";

    /// <summary>Whether it lets write.</summary>
    public bool Writes => Privilege != "READ";
}

/// <summary>The users of a 1.x server as one of them sees them.</summary>
/// <param name="options">The server, and the user that asks.</param>
/// <param name="time">The clock.</param>
public sealed class Influx1Users(ServerOptions options, TimeProvider time) : IDisposable
{
    private readonly InfluxHttp http = new(options, time) { Authorization = InfluxHttp.AsBasic };

    /// <summary>All users, and whether each is an admin.</summary>
    public async Task<IReadOnlyDictionary<string, bool>> ListAsync(CancellationToken cancellationToken) =>
        (await ReadAsync("SHOW USERS", cancellationToken)).ToDictionary(row => row.Text("user"), row => row.Find("admin") is true, StringComparer.Ordinal);

    /// <summary>A user's rights.</summary>
    public async Task<IReadOnlyList<UserGrant>> GrantsAsync(string user, CancellationToken cancellationToken) =>
        [.. (await ReadAsync($"SHOW GRANTS FOR {InfluxQl.Identifier(user)}", cancellationToken))
            .Select(row => new UserGrant(row.Text("database"), row.Text("privilege"))).Where(grant => grant.Privilege != "NO PRIVILEGES")];

    /// <summary>Makes a user without any right.</summary>
    public Task CreateAsync(string user, Secret password, CancellationToken cancellationToken) =>
        ReadAsync($"CREATE USER {InfluxQl.Identifier(user)} WITH PASSWORD {InfluxQl.Literal(password.Reveal())}", cancellationToken);

    /// <summary>Sets a user's password.</summary>
    public Task SetPasswordAsync(string user, Secret password, CancellationToken cancellationToken) =>
        ReadAsync($"SET PASSWORD FOR {InfluxQl.Identifier(user)} = {InfluxQl.Literal(password.Reveal())}", cancellationToken);

    /// <summary>Gives a user a right; one that the user has already is no error.</summary>
    public Task GrantAsync(string user, UserGrant grant, CancellationToken cancellationToken) =>
        ReadAsync($"GRANT {grant.Privilege} ON {InfluxQl.Identifier(grant.Database)} TO {InfluxQl.Identifier(user)}", cancellationToken);

    /// <summary>Drops a user.</summary>
    public Task DropAsync(string user, CancellationToken cancellationToken) =>
        ReadAsync($"DROP USER {InfluxQl.Identifier(user)}", cancellationToken);

    /// <summary>The databases that the asking user sees.</summary>
    public async Task<IReadOnlyList<string>> DatabasesAsync(CancellationToken cancellationToken) =>
        [.. (await ReadAsync("SHOW DATABASES", cancellationToken)).Select(row => row.Text("name"))];

    /// <summary>Whether the asking user may read a database.</summary>
    public async Task<bool> MayReadAsync(string database, CancellationToken cancellationToken)
    {
        try
        {
            await ReadAsync($"SHOW MEASUREMENTS ON {InfluxQl.Identifier(database)} LIMIT 1", cancellationToken);
            return true;
        }
        catch (RejectedException refused) when (refused.Kind == RejectionKind.Token)
        {
            return false;
        }
    }

    /// <summary>Whether the asking user may write a database, found out by a write of nothing.</summary>
    public async Task<bool> MayWriteAsync(string database, CancellationToken cancellationToken)
    {
        var what = $"a write of nothing to '{database}'";
        var answer = await http.AskAsync(HttpMethod.Post, $"write?db={Uri.EscapeDataString(database)}", () => new ByteArrayContent([]), what, cancellationToken);
        if (answer.Status is HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden)
            return false;
        if (answer.Status != HttpStatusCode.BadRequest || answer.IsPage)
            http.Done(what, HttpStatusCode.NoContent, answer);
        return true;
    }

    /// <inheritdoc/>
    public void Dispose() => http.Dispose();

    private Task<IReadOnlyList<QueryRow>> ReadAsync(string statement, CancellationToken cancellationToken) => options.Retry.RunAsync(
        async token =>
        {
            var table = new QueryTable();
            await QueryEndpoint.QueryAsync(http, bucket: null, statement, table, token);
            return table.Rows;
        },
        cancellationToken);
}
