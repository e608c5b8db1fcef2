using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Http;

namespace TestServers;

/// <summary>POST <c>/api/v2/delete</c>: a time range, both ends included, and a predicate of <c>=</c> and AND.</summary>
internal sealed partial class DeleteApi(Influx2State state, Backend backend, SchemaShadow schema)
{
    internal async Task HandleAsync(HttpContext context, Caller caller)
    {
        var (start, stop, conditions) = await DecodeAsync(context);
        var query = context.Request.Query;
        var org = WriteApi.FindOrg(state, query);
        var bucket = WriteApi.FindBucket(state, org, query["bucketID"] is [{ Length: > 0 } id, ..] ? id : query["bucket"].ToString());
        if (!caller.MayWrite(bucket))
            throw Compact("forbidden", "insufficient permissions to delete");
        if (conditions.Exists(condition => condition.Key == "_field"))
        {
            // Older versions answer 204 and delete nothing.
            if (state.AtLeast(2, 7, 0))
                throw Compact("not implemented", "delete by field is not supported");
        }
        else
        {
            await DeleteAsync(bucket, start, stop, conditions);
        }
        Answers.Empty(context, 204);
    }

    private static ApiError Compact(string code, string message) => new(code, message, compact: true);

    private static ApiError Undecodable(string reason) => Compact("invalid", $"error decoding json body: {reason}");

    private static async Task<(long Start, long Stop, List<KeyValuePair<string, string>> Conditions)> DecodeAsync(HttpContext context)
    {
        JsonObject body;
        try
        {
            body = await JsonNode.ParseAsync(context.Request.Body) as JsonObject ?? [];
        }
        catch (JsonException error)
        {
            throw Undecodable(error.Message);
        }
        return (Time(body, "start"), Time(body, "stop"), Conditions(body.Text("predicate") ?? ""));
    }

    private static long Time(JsonObject body, string name)
    {
        var match = Rfc3339().Match(body.Text(name) ?? "");
        if (!match.Success || !DateTimeOffset.TryParse(match.Groups["seconds"].Value + match.Groups["zone"].Value, CultureInfo.InvariantCulture, out var seconds))
            throw Undecodable($"invalid RFC3339Nano for field {name}, please format your time with RFC3339Nano format, example: 2009-01-02T23:00:00Z");
        var nanoseconds = ((Int128)seconds.ToUnixTimeSeconds() * 1_000_000_000) + int.Parse(match.Groups["rest"].Value.PadRight(9, '0'), CultureInfo.InvariantCulture);
        return (long)Int128.Clamp(nanoseconds, LineScanner.MinTime, LineScanner.MaxTime);
    }

    private static List<KeyValuePair<string, string>> Conditions(string predicate)
    {
        var conditions = new List<KeyValuePair<string, string>>();
        for (var at = 0; at < predicate.Length;)
        {
            var match = Condition().Match(predicate, at);
            if (!match.Success)
                throw Undecodable($"bad logical expression, at position {at}");
            if (match.Groups["operator"].Value is not "=" and var other)
                throw Undecodable($"operator: \"{other}\" at position: {match.Groups["operator"].Index} is not supported yet");
            conditions.Add(new(Unquoted(match.Groups["key"].Value), Unquoted(match.Groups["value"].Value)));
            if (match.Groups["join"].Value.Equals("or", StringComparison.OrdinalIgnoreCase))
                throw Undecodable($"the logical operator OR is not supported yet at position {match.Groups["join"].Index}");
            at = match.Index + match.Length;
        }
        return conditions;
    }

    private static string Unquoted(string text) =>
        text.Length > 1 && text[0] is '"' or '\'' ? text[1..^1].Replace("\\\"", "\"", StringComparison.Ordinal).Replace("\\\\", "\\", StringComparison.Ordinal) : text;

    private async Task DeleteAsync(Bucket bucket, long start, long stop, List<KeyValuePair<string, string>> conditions)
    {
        var source = "/.*/";
        var where = $"time >= {start} AND time <= {stop}";
        foreach (var (key, value) in conditions)
        {
            if (key == "_measurement")
                source = InfluxQl.Quoted(value);
            else
                where += $" AND {InfluxQl.Quoted(key)} = '{value.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("'", "\\'", StringComparison.Ordinal)}'";
        }
        await backend.CommandAsync($"DELETE FROM {source} WHERE {where}", bucket.Id);
        await schema.RefreshAsync(backend, bucket.Id);
    }

    [GeneratedRegex(@"\A(?<seconds>\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(\.(?<rest>\d{1,9}))?(?<zone>Z|[+-]\d\d:\d\d)\z", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Rfc3339();

    [GeneratedRegex("""\G\s*(?<key>"(\\.|[^"\\])*"|[^\s=!<>~"']+)\s*(?<operator>=~|!~|!=|=)\s*(?<value>"(\\.|[^"\\])*"|'(\\.|[^'\\])*'|/[^/]*/|[^\s"']+)\s*((?<join>\b(and|or)\b)\s*)?""", RegexOptions.ExplicitCapture | RegexOptions.IgnoreCase, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Condition();
}
