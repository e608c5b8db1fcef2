namespace TestServers;

/// <summary>SHOW FIELD KEYS where fields are unsigned: the backend says string of them, the server in front knows better.</summary>
internal static class FieldKeys
{
    internal static async Task<List<Table>> ReadAsync(Backend backend, string query, string database, Func<string, string, IReadOnlySet<FieldType>> typesOf)
    {
        var answer = await backend.JsonAsync(query, database);
        var tables = new List<Table>();
        foreach (var series in answer["results"]?[0]?["series"]?.AsArray() ?? [])
        {
            var measurement = series!["name"]!.GetValue<string>();
            var rows = new List<object?[]>();
            foreach (var row in series["values"]!.AsArray())
            {
                var (field, type) = (row![0]!.GetValue<string>(), row[1]!.GetValue<string>());
                var types = typesOf(measurement, field);
                if (type == "string" && types.Contains(FieldType.Unsigned))
                    rows.Add([field, "unsigned"]);
                if (type != "string" || types.Contains(FieldType.String) || !types.Contains(FieldType.Unsigned))
                    rows.Add([field, type]);
            }
            tables.Add(new Table(measurement, ["fieldKey", "fieldType"], rows));
        }
        return tables;
    }
}
