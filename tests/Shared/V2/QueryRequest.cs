using System.Text;
using Microsoft.AspNetCore.Http;

namespace TestServers;

/// <summary>The parameters of a <c>/query</c>, wherever they were sent.</summary>
internal sealed class QueryRequest
{
    private static readonly string[] Passed = ["epoch", "chunked", "chunk_size", "params"];

    private QueryRequest(string query, Func<string, string> parameter, string accept)
    {
        Query = query;
        Database = parameter("db");
        Policy = parameter("rp");
        Chunked = parameter("chunked") == "true";
        Parameters = [.. Passed.Where(name => parameter(name).Length > 0).Select(name => KeyValuePair.Create(name, parameter(name)))];
        (Form, ContentType) = accept switch
        {
            "application/x-msgpack" => (UnsignedValues.Form.MessagePack, accept),
            "application/csv" or "text/csv" => (UnsignedValues.Form.Csv, accept),
            _ => (UnsignedValues.Form.Json, "application/json"),
        };
        Accept = ContentType;
    }

    internal string Query { get; }

    internal string Database { get; }

    internal string Policy { get; }

    internal bool Chunked { get; }

    internal UnsignedValues.Form Form { get; }

    internal string ContentType { get; }

    /// <summary>The header is compared as a whole: a list of types means JSON.</summary>
    internal string Accept { get; }

    internal List<KeyValuePair<string, string>> Parameters { get; }

    internal IEnumerable<KeyValuePair<string, string>> ForDatabase(string id) => [.. Parameters, new("db", id)];

    /// <summary>Null for a POST that holds no query: the real server answers an empty object.</summary>
    internal static async Task<QueryRequest?> ReadAsync(HttpContext context)
    {
        var http = context.Request;
        var form = http.HasFormContentType ? await http.ReadFormAsync() : null;
        var query = Parameter("q");
        if (query.Length == 0 && http.ContentType?.StartsWith("application/vnd.influxql", StringComparison.Ordinal) == true)
        {
            using var reader = new StreamReader(http.Body, Encoding.UTF8);
            query = await reader.ReadToEndAsync();
        }
        if (query.Length == 0)
        {
            return http.ContentType is null
                ? throw new ApiError("invalid", "mime: no media type", compact: true)
                : null;
        }
        return new QueryRequest(query, Parameter, http.Headers.Accept.ToString());

        string Parameter(string name)
        {
            var value = http.Query[name].ToString();
            return value.Length > 0 ? value : form?[name].ToString() ?? "";
        }
    }
}
