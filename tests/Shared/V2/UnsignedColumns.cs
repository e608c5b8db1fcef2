using System.Globalization;
using System.Text.Json.Nodes;

namespace TestServers;

/// <summary>
/// A SELECT over one measurement with what <see cref="UnsignedValues"/> leaves out: <c>"v" - 128</c>, <c>"v"::float</c>,
/// <c>"v"::unsigned</c> and counts of these, of a field that is unsigned. The backend is asked for the values as they are stored, and the columns are made
/// of them here. A field that is a string elsewhere is left as it is.
/// </summary>
internal sealed class UnsignedColumns
{
    private readonly List<Column> columns;
    private readonly string measurement;
    private readonly string rest;

    private UnsignedColumns(List<Column> columns, string measurement, string rest) => (this.columns, this.measurement, this.rest) = (columns, measurement, rest);

    private enum Kind
    {
        Same,
        Minus,
        Cast,
        Count,
    }

    /// <summary>Null where the statement has no such column.</summary>
    internal static UnsignedColumns? Find(string statement)
    {
        var tokens = InfluxQl.Tokens(statement);
        var from = tokens.FindIndex(token => token.Is("FROM"));
        if (from < 0 || !tokens[0].Is("SELECT"))
            return null;
        var found = new List<Column>();
        for (var start = 1; start < from;)
        {
            var stop = tokens.FindIndex(start, token => token.IsSymbol(',') || token.Is("FROM"));
            found.Add(Column.Parse(tokens[start..stop], statement[tokens[start].Start..tokens[stop - 1].End]));
            start = stop + 1;
        }
        // "bucket"."autogen"."measurement"
        return found.TrueForAll(column => column.Kind == Kind.Same) || from + 5 >= tokens.Count
            ? null
            : new UnsignedColumns(found, tokens[from + 5].Value, statement[tokens[from].Start..]);
    }

    /// <summary>Whether a column's field is unsigned in some shard.</summary>
    internal bool Matter(SchemaShadow schema, string bucket) =>
        columns.Exists(column => column.Kind != Kind.Same && schema.TypesOf(bucket, measurement, column.Field).Contains(FieldType.Unsigned))
        && !columns.Exists(column => schema.TypesOf(bucket, measurement, column.Field) is var types && types.Contains(FieldType.Unsigned) && types.Contains(FieldType.String));

    /// <summary>Runs the statement.</summary>
    internal async Task<List<Table>> ReadAsync(Backend backend, IEnumerable<KeyValuePair<string, string>> parameters)
    {
        var query = $"SELECT {string.Join(", ", columns.SelectMany(column => column.Asked))} {rest}";
        using var answer = await backend.QueryAsync(query, parameters.Where(parameter => !parameter.Key.StartsWith("chunk", StringComparison.Ordinal)));
        var result = JsonNode.Parse(await answer.Content.ReadAsStringAsync())!["results"]![0]!;
        if (result["error"] is { } error)
            throw new InvalidOperationException($"the backend refused {query}: {error}");
        return [.. (result["series"]?.AsArray() ?? []).Select(series => new Table(
            (string?)series!["name"], ["time", .. Names()], [.. series["values"]!.AsArray().Select(row => Row(row!.AsArray()))]))];
    }

    private IEnumerable<string> Names()
    {
        var seen = new Dictionary<string, int>(StringComparer.Ordinal);
        foreach (var name in columns.Select(column => column.Kind == Kind.Count ? "count" : column.Field))
        {
            var before = seen.GetValueOrDefault(name);
            seen[name] = before + 1;
            yield return before == 0 ? name : $"{name}_{before}";
        }
    }

    private object?[] Row(JsonArray stored)
    {
        var row = new List<object?> { Value(stored[0]) };
        var place = 1;
        foreach (var column in columns)
        {
            var values = stored.Skip(place).Take(column.Asked.Length).Select(Value).ToList();
            place += column.Asked.Length;
            row.Add(column.Of(values));
        }
        return [.. row];
    }

    private static object? Value(JsonNode? node)
    {
        if (node is null)
            return null;
        var text = node.ToString();
        return node.GetValueKind() switch
        {
            System.Text.Json.JsonValueKind.String => UnsignedValues.Read(text) is { } unsigned ? unsigned : text,
            System.Text.Json.JsonValueKind.Number when long.TryParse(text, CultureInfo.InvariantCulture, out var integer) => integer,
            System.Text.Json.JsonValueKind.Number => double.Parse(text, CultureInfo.InvariantCulture),
            var kind => kind == System.Text.Json.JsonValueKind.True,
        };
    }

    private sealed record Column(Kind Kind, string Field, long Amount, string[] Asked)
    {
        internal static Column Parse(List<Token> tokens, string text) => tokens switch
        {
            [{ Kind: TokenKind.Quoted } name, var minus, { Kind: TokenKind.Word } amount] when minus.IsSymbol('-') =>
                new Column(Kind.Minus, name.Value, long.Parse(amount.Value, CultureInfo.InvariantCulture), [InfluxQl.Quoted(name.Value)]),
            [{ Kind: TokenKind.Quoted } name, _, _, var type] when type.Is("float") || type.Is("unsigned") => new Column(Kind.Cast, name.Value, 0, Stored(name.Value, "{0}", type)),
            [var count, _, { Kind: TokenKind.Quoted } name, _, _, var type, _] when count.Is("count") && (type.Is("float") || type.Is("unsigned")) =>
                new Column(Kind.Count, name.Value, 0, Stored(name.Value, "count({0})", type)),
            [{ Kind: TokenKind.Quoted } name] => new Column(Kind.Same, name.Value, 0, [text]),
            _ => new Column(Kind.Same, text, 0, [text]),
        };

        internal object? Of(List<object?> stored) => Kind switch
        {
            Kind.Minus => stored[0] switch
            {
                ulong unsigned => unchecked(unsigned - (ulong)Amount),
                long integer => integer - Amount,
                double number => number - Amount,
                _ => null,
            },
            Kind.Cast when stored is [var number, var text] => number ?? (text is ulong unsigned ? (double)unsigned : null),
            Kind.Count => stored.OfType<long>().Sum(),
            _ => stored[0],
        };

        private static string[] Stored(string field, string form, Token type) =>
            type.Is("float") ? [Typed(field, form, "float"), Typed(field, form, "string")] : [Typed(field, form, "string")];

        private static string Typed(string field, string form, string type) =>
            string.Format(CultureInfo.InvariantCulture, form, $"{InfluxQl.Quoted(field)}::{type}");
    }
}
