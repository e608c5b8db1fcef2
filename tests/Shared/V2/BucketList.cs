using System.Net;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;

namespace TestServers;

/// <summary>
/// The answer of GET <c>/api/v2/buckets</c>. A page is cut first and filtered by right afterwards, as the real server does: pages of a
/// limited token are short or empty, and <c>next</c> is missing although readable buckets follow.
/// </summary>
internal sealed class BucketList(Influx2State state, Caller caller, IQueryCollection query)
{
    private int limit = 20;
    private int offset;

    internal JsonObject Answer()
    {
        limit = Number("limit", 20);
        offset = Number("offset", 0);
        if (limit is < 1 or > 100)
            throw ApiError.Invalid("limit must be between 1 and 100");
        if (offset < 0)
            throw ApiError.Invalid("offset must be greater than or equal to 0");
        var page = Page().Where(caller.MayRead).ToList();
        var links = new JsonObject();
        if (offset > 0)
            links["prev"] = Link(Math.Max(0, offset - limit));
        links["self"] = Link(offset);
        if (page.Count >= limit)
            links["next"] = Link(offset + limit);
        return new JsonObject { ["links"] = links, ["buckets"] = new JsonArray([.. page.Select(bucket => bucket.ToJson())]) };
    }

    private string? Value(string name) => query[name] is [{ Length: > 0 } text, ..] ? text : null;

    private int Number(string name, int otherwise)
    {
        if (Value(name) is not { } text)
            return otherwise;
        return int.TryParse(text, out var number) ? number : throw ApiError.Invalid($"strconv.Atoi: parsing \"{text}\": invalid syntax");
    }

    private List<Bucket> Page()
    {
        if (Value("id") is { } id)
            return [state.BucketById(Influx2State.CheckedId(id))];
        var orgId = Value("org") is { } org ? state.OrgByName(org).Id : Value("orgID") is { } given ? Influx2State.CheckedId(given) : null;
        if (Value("name") is { } name)
        {
            var named = state.Buckets.FindAll(bucket => bucket.Name == name && (orgId is null || bucket.OrgId == orgId));
            if (named.IsEmpty && orgId is not null)
                throw ApiError.NotFound($"bucket \"{name}\" not found");
            return [.. named];
        }
        var ordered = orgId is null
            ? state.Buckets.OrderBy(bucket => bucket.Id, StringComparer.Ordinal)
            : state.Buckets.Where(bucket => bucket.OrgId == orgId).OrderBy(bucket => bucket.Name, StringComparer.Ordinal);
        var all = Value("descending") == "true" ? ordered.Reverse().ToList() : ordered.ToList();
        var skip = Value("after") is { } after ? all.FindIndex(bucket => bucket.Id == after) + 1 : 0;
        return [.. all.Skip(skip + offset).Take(limit)];
    }

    private string Link(int from)
    {
        var parts = new List<string>();
        Add("after", Value("after"));
        Add("bucket", Value("name"));
        Add("descending", Value("descending") == "true" ? "true" : "false");
        Add("id", Value("id"));
        Add("limit", $"{limit}");
        Add("offset", $"{from}");
        Add("org", Value("org"));
        Add("orgID", Value("orgID"));
        return $"/api/v2/buckets?{string.Join('&', parts)}";

        void Add(string name, string? value)
        {
            if (value is not null)
                parts.Add($"{name}={WebUtility.UrlEncode(value)}");
        }
    }
}
