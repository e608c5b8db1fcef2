using System.Collections.Concurrent;
using System.Text;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Http;

namespace TestServers;

/// <summary>
/// An InfluxDB 3 Core, or Enterprise, as a destination: what it refuses, its schema rules and the files that a query may read, after
/// its source; no recordings of it exist, so most texts of errors are not its own. Points and InfluxQL are left to a real influxd 1.6.7; unsigned fields as in <see cref="UnsignedValues"/>.
/// Not there: write_lp, the 1.x write path, SQL, listing databases, retention; <c>ON</c> and qualifiers of a database with a slash.
/// </summary>
/// <example><code>
/// await using var server = await Influx3Server.StartAsync();
/// // POST {server.Url}api/v2/write?bucket=telemetry with "Authorization: Token {server.Token}"
/// </code></example>
public sealed partial class Influx3Server : IAsyncDisposable
{
    private const long MaxBody = 10 * 1024 * 1024;
    private const int MaxColumns = 500;

    private readonly Backend backend;
    private readonly ConcurrentDictionary<string, Dictionary<(string Table, string Column), FieldType?>> databases = new(StringComparer.Ordinal);
    private readonly ConcurrentQueue<ReceivedRequest> received = new();
    private readonly ParquetFiles files;
    private readonly SemaphoreSlim gate = new(1, 1);
    private readonly Influx3Options options;
    private Loopback? http;

    private Influx3Server(Backend backend, Influx3Options options) => (this.backend, this.options, files) = (backend, options, new ParquetFiles(options));

    /// <summary>Where it listens.</summary>
    public Uri Url => http!.Url;

    /// <summary>The admin's token, of Core the only one.</summary>
    public string Token { get; } = $"apiv3_{Guid.NewGuid():n}";

    /// <summary>Enterprise: a token that reads and writes databases and makes none.</summary>
    public string ResourceToken { get; } = $"apiv3_{Guid.NewGuid():n}";

    /// <summary>What was asked so far, oldest first.</summary>
    public IReadOnlyList<ReceivedRequest> Requests => [.. received];

    /// <summary>Starts the server and its backend.</summary>
    public static async Task<Influx3Server> StartAsync(Influx3Options? options = null)
    {
        var server = new Influx3Server(await Backend.StartAsync(), options ?? new Influx3Options());
        server.http = await Loopback.StartAsync(server.HandleAsync);
        return server;
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (http is not null)
            await http.DisposeAsync();
        await backend.DisposeAsync();
        gate.Dispose();
    }

    private async Task HandleAsync(HttpContext context)
    {
        // Before the first byte of the answer leaves: a test that has its answer looks for its request at once.
        context.Response.OnStarting(() =>
        {
            received.Enqueue(new ReceivedRequest(context.Request.Method, Router.Masked(context.Request), context.Response.StatusCode));
            return Task.CompletedTask;
        });
        if (!Authorized(context.Request))
            Answers.Empty(context, 401);
        else if (!Permitted(context.Request))
            Answers.Empty(context, 403);
        else
            await AnswerAsync(context);
    }

    // Only /ping states what the server is, and only to whom it answers.
    private Task PingAsync(HttpContext context)
    {
        context.Response.Headers["X-Influxdb-Build"] = options.Enterprise ? "Enterprise" : "Core";
        context.Response.Headers["X-Influxdb-Version"] = "3.4.2";
        return Answers.JsonAsync(context, 200, new JsonObject
        {
            ["version"] = "3.4.2",
            ["revision"] = "test",
            ["process_id"] = "00000000-0000-0000-0000-000000000000",
        }, compact: true);
    }

    private Task AnswerAsync(HttpContext context) => (context.Request.Method, context.Request.Path.Value) switch
    {
        ("GET" or "POST", "/ping") => PingAsync(context),
        ("GET", "/health") => Answers.TextAsync(context, 200, "text/plain", "OK"),
        ("POST", "/api/v2/write") => WriteAsync(context),
        ("POST", "/api/v3/configure/database") => ConfigureAsync(context),
        ("GET" or "POST", "/query") => QueryAsync(context),
        _ => Answers.TextAsync(context, 404, "text/plain", "not found"),
    };

    private bool Authorized(HttpRequest request) => Sent(request) is { } sent && (sent == Token || (options.Enterprise && sent == ResourceToken));

    private bool Permitted(HttpRequest request) => Sent(request) == Token
        || (request.Path == "/ping" ? options.PingIsGranted : request.Path != "/api/v3/configure/database");

    private static string? Sent(HttpRequest request)
    {
        var header = request.Headers.Authorization.ToString();
        foreach (var scheme in (string[])["Token ", "Bearer "])
        {
            if (header.StartsWith(scheme, StringComparison.Ordinal))
                return header[scheme.Length..];
        }
        if (header.StartsWith("Basic ", StringComparison.Ordinal))
            return Encoding.UTF8.GetString(Convert.FromBase64String(header["Basic ".Length..])).Split(':', 2) is [_, var password] ? password : null;
        return request.Path == "/query" && request.Query["p"].ToString() is { Length: > 0 } asked ? asked : null;
    }

    private static Task RefuseAsync(HttpContext context, string message) =>
        Answers.JsonAsync(context, 400, new JsonObject { ["code"] = "invalid", ["message"] = message }, compact: true);

    /// <summary>All or nothing: one bad line refuses the body.</summary>
    private async Task WriteAsync(HttpContext context)
    {
        var query = context.Request.Query;
        var database = query["bucket"].ToString();
        var precision = query["precision"].ToString() switch { "" or "ns" or "n" => "n", "us" or "u" => "u", "ms" => "ms", "s" => "s", _ => "" };
        if (!DatabaseName().IsMatch(database) || precision.Length == 0)
        {
            await RefuseAsync(context, "invalid database name or precision");
            return;
        }
        var body = await BodyAsync(context);
        if (body is null)
            return;
        await gate.WaitAsync();
        try
        {
            var lines = new LineReader3(new UTF8Encoding(false, throwOnInvalidBytes: true).GetString(body)).ReadAll();
            Learn(await DatabaseAsync(database), lines);
            var output = new StringBuilder();
            lines.ForEach(line => line.Write(output));
            var error = await backend.WriteAsync(Stored(database), Encoding.UTF8.GetBytes(output.ToString()), precision);
            if (error is not null)
                throw new FormatException($"test server: {error}");
            files.Add(database, lines, precision);
            Answers.Empty(context, 204);
        }
        catch (Exception error) when (error is FormatException or DecoderFallbackException)
        {
            await RefuseAsync(context, error.Message);
        }
        finally
        {
            gate.Release();
        }
    }

    private static async Task<byte[]?> BodyAsync(HttpContext context)
    {
        var encoding = context.Request.Headers.ContentEncoding.ToString();
        var body = await Bodies.ReadAsync(context.Request.Body, MaxBody);
        if (encoding is not ("" or "gzip" or "identity"))
        {
            await RefuseAsync(context, $"unsupported content encoding {encoding}");
            return null;
        }
        try
        {
            if (body is not null && encoding == "gzip")
                body = Bodies.Gunzip(body);
        }
        catch (InvalidDataException error)
        {
            await RefuseAsync(context, error.Message);
            return null;
        }
        if (body is not null && body.Length <= MaxBody)
            return body;
        Answers.Empty(context, 413);
        return null;
    }

    /// <summary>A column is a tag or a field of one type, for ever.</summary>
    private static void Learn(Dictionary<(string Table, string Column), FieldType?> schema, List<Line3> lines)
    {
        var changed = new Dictionary<(string Table, string Column), FieldType?>(schema);
        foreach (var line in lines)
        {
            foreach (var column in line.Columns)
            {
                if (!changed.TryAdd((line.Table, column.Name), column.Type) && changed[(line.Table, column.Name)] is var known && known != column.Type)
                    throw new FormatException($"invalid column type for column '{column.Name}', expected {Kind(known)}, got {Kind(column.Type)}");
            }
        }
        if (changed.GroupBy(entry => entry.Key.Table).FirstOrDefault(table => table.Count() >= MaxColumns) is { } wide)
            throw new FormatException($"table {wide.Key} would have more than {MaxColumns} columns");
        foreach (var (key, type) in changed)
            schema[key] = type;
    }

    /// <summary>The backend takes no slash in a name; a dot can't come in one of this server.</summary>
    private static string Stored(string database) => database.Replace('/', '.');

    private static string Kind(FieldType? type) => type?.ToString().ToLowerInvariant() ?? "tag";

    private async Task<Dictionary<(string Table, string Column), FieldType?>> DatabaseAsync(string name)
    {
        if (!databases.TryGetValue(name, out var schema))
        {
            await backend.CommandAsync($"CREATE DATABASE {InfluxQl.Quoted(Stored(name))}");
            schema = databases[name] = [];
        }
        return schema;
    }

    private async Task ConfigureAsync(HttpContext context)
    {
        var name = (await JsonNode.ParseAsync(context.Request.Body) as JsonObject)?.Text("db") ?? "";
        if (!DatabaseName().IsMatch(name))
        {
            await RefuseAsync(context, "invalid database name");
            return;
        }
        await gate.WaitAsync();
        try
        {
            var exists = databases.ContainsKey(name);
            await DatabaseAsync(name);
            Answers.Empty(context, exists ? 409 : 201);
        }
        finally
        {
            gate.Release();
        }
    }

    private async Task QueryAsync(HttpContext context)
    {
        if (context.Request.Headers.Accept.ToString() is not ("" or "*/*" or "application/json" or "application/csv" or "text/csv" or "application/x-msgpack"))
        {
            await RefuseAsync(context, "unsupported accept header");
            return;
        }
        QueryRequest? request = null;
        try
        {
            request = await QueryRequest.ReadAsync(context);
        }
        catch (ApiError)
        {
            // No query at all; answered below.
        }
        if (request is null)
        {
            await RefuseAsync(context, "missing query parameter 'q'");
            return;
        }
        var statements = InfluxQl.Statements(request.Query);
        if (!statements.TrueForAll(statement => statement.Tokens[0].Is("SELECT") || statement.Tokens[0].Is("SHOW")))
        {
            await RefuseAsync(context, "only SELECT and SHOW statements are supported");
            return;
        }
        if (statements is [{ Tokens: [var show, var field, var keys, ..] }] && show.Is("SHOW") && field.Is("FIELD") && keys.Is("KEYS"))
            await FieldKeysAsync(context, request);
        else if (files.Problem(request.Database, statements) is { } problem)
            await Answers.TextAsync(context, 500, "text/plain", problem);
        else
            await PassAsync(context, request);
    }

    private async Task FieldKeysAsync(HttpContext context, QueryRequest request)
    {
        var schema = databases.GetValueOrDefault(request.Database) ?? [];
        var join = new ResultJoin(request.Form, request.Chunked);
        join.AddTables(0, await FieldKeys.ReadAsync(backend, request.Query, Stored(request.Database), (table, field) =>
            schema.TryGetValue((table, field), out var type) && type is { } known ? new HashSet<FieldType> { known } : []));
        context.Response.ContentType = request.ContentType;
        await context.Response.Body.WriteAsync(join.ToArray());
    }

    private async Task PassAsync(HttpContext context, QueryRequest request)
    {
        using var answer = await backend.QueryAsync(request.Query, request.ForDatabase(Stored(request.Database)), request.Accept, context.RequestAborted);
        context.Response.StatusCode = (int)answer.StatusCode;
        context.Response.ContentType = request.ContentType;
        var rewriter = new UnsignedValues(request.Form);
        await using var source = await answer.Content.ReadAsStreamAsync(context.RequestAborted);
        var buffer = new byte[64 * 1024];
        int read;
        while ((read = await source.ReadAsync(buffer, context.RequestAborted)) > 0)
            await context.Response.Body.WriteAsync(rewriter.Rewrite(buffer.AsSpan(0, read), last: false), context.RequestAborted);
        await context.Response.Body.WriteAsync(rewriter.Rewrite([], last: true), context.RequestAborted);
    }

    [GeneratedRegex(@"\A(?=.{1,511}\z)[A-Za-z0-9][A-Za-z0-9_-]*(/[A-Za-z0-9_-]*)?\z", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex DatabaseName();
}
