using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;

namespace TestServers;

/// <summary>A series made by the test server itself, in the three encodings of <c>/query</c>. Values are null, string, bool or numbers.</summary>
internal sealed record Table(string? Name, string[] Columns, List<object?[]> Rows)
{
    /// <summary>The member of <c>results</c> as JSON.</summary>
    internal static string ResultJson(int statement, IReadOnlyList<Table> tables)
    {
        var result = new JsonObject { ["statement_id"] = statement };
        if (tables.Count > 0)
            result["series"] = new JsonArray([.. tables.Select(table => table.ToJson())]);
        return Answers.Text(result, compact: true);
    }

    internal static byte[] ResultMessagePack(int statement, IReadOnlyList<Table> tables)
    {
        var pack = new MessagePack();
        pack.Map(2);
        pack.Text("statement_id");
        pack.Number(statement);
        pack.Text("series");
        pack.Array(tables.Count);
        foreach (var table in tables)
            table.Write(pack);
        return pack.ToArray();
    }

    internal static string Csv(IReadOnlyList<Table> tables)
    {
        var text = new StringBuilder();
        string[]? columns = null;
        foreach (var table in tables)
        {
            if (columns is null || !columns.SequenceEqual(table.Columns))
                text.Append(columns is null ? "" : "\n").Append("name,tags,").AppendJoin(',', table.Columns).Append('\n');
            columns = table.Columns;
            foreach (var row in table.Rows)
                text.Append(Cell(table.Name ?? "")).Append(",,").AppendJoin(',', row.Select(Cell)).Append('\n');
        }
        return text.ToString();
    }

    private static string Cell(object? value)
    {
        var text = value is bool flag ? (flag ? "true" : "false") : Convert.ToString(value, CultureInfo.InvariantCulture)!;
        return text.StartsWith(' ') || text.AsSpan().ContainsAny(",\"\n\r") ? $"\"{text.Replace("\"", "\"\"", StringComparison.Ordinal)}\"" : text;
    }

    private JsonObject ToJson()
    {
        var series = new JsonObject();
        if (Name is not null)
            series["name"] = Name;
        series["columns"] = new JsonArray([.. Columns.Select(column => JsonValue.Create(column))]);
        if (Rows.Count > 0)
            series["values"] = new JsonArray([.. Rows.Select(row => new JsonArray([.. row.Select(value => JsonValue.Create(value))]))]);
        return series;
    }

    private void Write(MessagePack pack)
    {
        pack.Map((Name is null ? 0 : 1) + 1 + (Rows.Count > 0 ? 1 : 0));
        if (Name is not null)
        {
            pack.Text("name");
            pack.Text(Name);
        }
        pack.Text("columns");
        pack.Array(Columns.Length);
        foreach (var column in Columns)
            pack.Text(column);
        if (Rows.Count == 0)
            return;
        pack.Text("values");
        pack.Array(Rows.Count);
        foreach (var row in Rows)
        {
            pack.Array(row.Length);
            foreach (var value in row)
                pack.Value(value);
        }
    }
}
