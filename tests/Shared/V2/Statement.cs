using System.Text;

namespace TestServers;

/// <summary>What becomes of a statement: the backend's to run, or answered here.</summary>
internal sealed record Plan
{
    /// <summary>The statement in the backend's names; null when it is not sent.</summary>
    internal string? Text { get; init; }

    /// <summary>The bucket whose database the backend takes as default.</summary>
    internal string? BucketId { get; init; }

    /// <summary>The statement's error.</summary>
    internal string? Error { get; init; }

    /// <summary>A table made here.</summary>
    internal Table? Table { get; init; }

    /// <summary>DELETE and DROP MEASUREMENT give no result at all.</summary>
    internal bool Silent { get; init; }

    /// <summary>The columns of a SELECT whose backend knows nothing of unsigned values; null where it makes no difference.</summary>
    internal UnsignedColumns? Columns { get; init; }

    /// <summary>SHOW FIELD KEYS, whose types the backend can't all know.</summary>
    internal bool FieldKeys { get; init; }
}

/// <summary>Finds out what one InfluxQL statement asks for, of which buckets, and whether the caller may.</summary>
internal sealed class Statement(string text, List<Token> tokens, Influx2State state, Caller caller, string defaultDatabase, string defaultPolicy)
{
    private static readonly string[] NotImplemented =
    [
        "SHOW SERIES CARDINALITY", "SHOW MEASUREMENT CARDINALITY", "SHOW SHARD GROUPS", "SHOW SHARDS", "SHOW STATS", "SHOW DIAGNOSTICS",
        "SHOW USERS", "SHOW QUERIES", "SHOW CONTINUOUS QUERIES", "SHOW SUBSCRIPTIONS", "SHOW GRANTS", "CREATE DATABASE", "DROP DATABASE",
        "CREATE RETENTION POLICY", "DROP RETENTION POLICY", "ALTER RETENTION POLICY", "DROP SERIES", "CREATE USER", "DROP USER", "GRANT",
        "REVOKE", "KILL QUERY", "DROP SHARD", "CREATE SUBSCRIPTION", "DROP SUBSCRIPTION", "CREATE CONTINUOUS QUERY",
        "DROP CONTINUOUS QUERY", "SET PASSWORD",
    ];

    private readonly List<Dbrp> readable = [.. state.MappingsOf(caller.Authorization.OrgId)
        .Where(mapping => caller.Allows(Permission.Read("buckets", mapping.OrgId, mapping.BucketId)))];

    internal Plan Plan()
    {
        try
        {
            if (NotImplemented.FirstOrDefault(Starts) is { } name)
                return Failed($"not implemented: {name}");
            if (Starts("SELECT") || Starts("EXPLAIN"))
                return tokens.Exists(token => token.Is("INTO")) ? Failed("not implemented: SELECT INTO") : Select();
            if (Starts("DELETE") || Starts("DROP MEASUREMENT"))
                return Delete();
            if (Starts("SHOW DATABASES"))
                return new Plan { Table = new Table("databases", ["name"], [.. readable.Select(mapping => mapping.Database).Distinct().Select(database => new object[] { database })]) };
            return Starts("SHOW RETENTION POLICIES") ? Policies() : Show();
        }
        catch (StatementError error)
        {
            return Failed(error.Message);
        }
    }

    private static Plan Failed(string error) => new() { Error = error };

    private bool Starts(string words)
    {
        var wanted = words.Split(' ');
        return tokens.Count >= wanted.Length && wanted.Index().All(word => tokens[word.Index].Is(word.Item));
    }

    /// <summary>Every source is written out in full, so that one SELECT may read several buckets.</summary>
    private Plan Select()
    {
        var output = new StringBuilder();
        var copied = 0;
        Dbrp? first = null;
        foreach (var source in Sources())
        {
            var mapping = Resolve(source.Database, source.Policy);
            first ??= mapping;
            output.Append(text, copied, source.Start - copied).Append($"\"{mapping.BucketId}\".\"autogen\".").Append(text, source.NameStart, source.End - source.NameStart);
            copied = source.End;
        }
        if (first is null)
            throw new StatementError("the test server finds no source in this statement");
        var whole = output.Append(text, copied, text.Length - copied).ToString();
        return new Plan { Text = whole, BucketId = first.BucketId, Columns = UnsignedColumns.Find(whole) };
    }

    private Plan Delete()
    {
        var mapping = Default(defaultDatabase, readable) ?? throw new StatementError($"default retention policy not set for: {defaultDatabase}");
        return caller.MayWrite(state.BucketById(mapping.BucketId))
            ? new Plan { Text = text, BucketId = mapping.BucketId, Silent = true }
            : Failed("insufficient permissions");
    }

    private Plan Policies()
    {
        var database = On() is { } on ? on.Database : defaultDatabase;
        var rows = readable.Where(mapping => mapping.Database == database).Select(mapping => new object[] { mapping.Policy, "0s", "168h0m0s", 1, mapping.Default });
        return new Plan { Table = new Table(null, ["name", "duration", "shardGroupDuration", "replicaN", "default"], [.. rows]) };
    }

    /// <summary>The other SHOW statements: one bucket each; ON and the qualifiers of FROM only choose which.</summary>
    private Plan Show()
    {
        var output = new StringBuilder(text);
        var (database, policy) = (defaultDatabase, defaultPolicy);
        // From the end, so that places before stay right.
        foreach (var source in Sources().AsEnumerable().Reverse())
        {
            (database, policy) = (source.Database ?? database, source.Policy ?? policy);
            output.Remove(source.Start, source.NameStart - source.Start);
        }
        if (On() is { } on)
        {
            (database, policy) = (on.Database, on.Policy ?? policy);
            output.Remove(on.Start, on.End - on.Start);
        }
        if (database.Length == 0)
            throw new StatementError("database name required");
        var bare = output.ToString();
        // Whatever rp or FROM say, these take the default mapping, even where that is of another bucket.
        if (Starts("SHOW TAG"))
        {
            return Default(database, readable) is { } byDefault
                ? new Plan { Text = bare, BucketId = byDefault.BucketId }
                : Failed($"default retention policy not set for: {database}");
        }
        if (Starts("SHOW MEASUREMENTS"))
        {
            // Here only ON names a policy, and an unknown one is no error.
            var named = On()?.Policy is { } wanted ? readable.Find(mapping => mapping.Database == database && mapping.Policy == wanted) : Default(database, readable);
            return named is null ? new Plan { Text = "SHOW MEASUREMENTS", BucketId = Backend.Scratch } : new Plan { Text = bare, BucketId = named.BucketId };
        }
        var mapping = Resolve(database, policy.Length == 0 ? null : policy);
        return new Plan { Text = bare, BucketId = mapping.BucketId, FieldKeys = Starts("SHOW FIELD KEYS") };
    }

    private Dbrp Resolve(string? database, string? policy)
    {
        database ??= defaultDatabase;
        policy ??= defaultPolicy.Length == 0 ? null : defaultPolicy;
        if (database.Length == 0)
            throw new StatementError("database name required");
        var ofDatabase = readable.FindAll(mapping => mapping.Database == database);
        if (ofDatabase.Count == 0)
            throw new StatementError($"database not found: {database}");
        var found = policy is null
            ? Default(database, ofDatabase) ?? throw new StatementError($"default retention policy not set for: {database}")
            : ofDatabase.Find(mapping => mapping.Policy == policy) ?? throw new StatementError($"retention policy not found: {policy}");
        // The shard mapper of 2.4 looks at explicit mappings only; tag keys and measurements do not go through it.
        if (found.Virtual && !state.AtLeast(2, 5, 0) && (Starts("SELECT") || Starts("EXPLAIN") || Starts("SHOW FIELD") || Starts("SHOW SERIES")))
            throw new StatementError($"retention policy not found: {found.Policy}");
        return found;
    }

    private static Dbrp? Default(string database, List<Dbrp> mappings) => mappings.Find(mapping => mapping.Database == database && mapping.Default);

    /// <summary><c>ON db</c> and the 2.x form <c>ON db.rp</c>.</summary>
    private (string Database, string? Policy, int Start, int End)? On()
    {
        var on = tokens.FindIndex(token => token.Is("ON"));
        if (on < 0 || on + 1 >= tokens.Count)
            return null;
        if (!tokens[on + 1].IsName)
            throw new StatementError("the test server can't do ON *.*");
        return on + 3 < tokens.Count && tokens[on + 2].IsSymbol('.')
            ? (tokens[on + 1].Value, tokens[on + 3].Value, tokens[on].Start, tokens[on + 3].End)
            : (tokens[on + 1].Value, null, tokens[on].Start, tokens[on + 1].End);
    }

    /// <summary>Measurements and expressions after each FROM: <c>m</c>, <c>rp.m</c>, <c>db.rp.m</c>, <c>db..m</c>; not the brackets of a subquery.</summary>
    private List<Source> Sources()
    {
        var sources = new List<Source>();
        for (var i = 0; i < tokens.Count; i++)
        {
            if (!tokens[i].Is("FROM"))
                continue;
            do
            {
                i++;
                if (i >= tokens.Count || !(tokens[i].IsName || tokens[i].Kind == TokenKind.Regex))
                    break;
                sources.Add(Source(ref i));
            }
            while (i < tokens.Count && tokens[i].IsSymbol(','));
            i--;
        }
        return sources;
    }

    private Source Source(ref int i)
    {
        var start = tokens[i].Start;
        var qualifiers = new List<string?>();
        var last = tokens[i++];
        while (i < tokens.Count && tokens[i].IsSymbol('.'))
        {
            qualifiers.Add(last.IsSymbol('.') ? null : last.Value);
            last = tokens[i++];
            if (i < tokens.Count && !tokens[i].IsSymbol('.'))
                last = tokens[i++];
        }
        return qualifiers switch
        {
            [var policy] => new Source(null, policy, start, last.Start, last.End),
            [var database, var policy] => new Source(database, policy, start, last.Start, last.End),
            _ => new Source(null, null, start, last.Start, last.End),
        };
    }
}

/// <summary>A source of a FROM clause: where it is, and where its measurement is.</summary>
internal readonly record struct Source(string? Database, string? Policy, int Start, int NameStart, int End);

/// <summary>A statement that fails by itself; the text is the answer's.</summary>
internal sealed class StatementError(string message) : Exception(message);
