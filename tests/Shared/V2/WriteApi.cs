using Microsoft.AspNetCore.Http;

namespace TestServers;

/// <summary><c>/api/v2/write</c> and the 1.x <c>/write</c>: who may write where, and what a body is; points are <see cref="WriteBatch"/>'s.</summary>
internal sealed class WriteApi(Influx2Options options, Influx2State state, Backend backend, SchemaShadow schema)
{
    /// <summary>Org and bucket are looked up before the right is asked for: an unknown one is 404 for every token.</summary>
    internal async Task V2Async(HttpContext context, Caller caller)
    {
        var query = context.Request.Query;
        var precision = query["precision"].ToString() switch
        {
            "" or "ns" => "n",
            "us" => "u",
            "ms" => "ms",
            "s" => "s",
            _ => throw Compact("invalid", "invalid precision; valid precision units are ns, us, ms, and s"),
        };
        var org = FindOrg(state, query);
        var bucket = FindBucket(state, org, query["bucket"].ToString());
        if (!caller.Active)
            throw Compact("forbidden", "insufficient permissions for write: token is inactive");
        if (!caller.MayWrite(bucket))
            throw Compact("forbidden", "insufficient permissions for write");
        await WriteAsync(context, bucket, precision);
    }

    /// <summary>A mapping is found by whoever may read or write its bucket; the org is the token's own. Unknown precisions are nanoseconds.</summary>
    internal async Task V1Async(HttpContext context)
    {
        if (!HttpMethods.IsPost(context.Request.Method))
        {
            Answers.Empty(context, 405);
            return;
        }
        var caller = Caller.OfV1(context, state);
        context.Response.Headers.Vary = "Accept-Encoding";
        var query = context.Request.Query;
        if (query["db"] is not [{ Length: > 0 } database, ..])
            throw Compact("invalid", "missing db");
        var policy = query["rp"].ToString();
        var mapping = state.MappingsOf(caller.Authorization.OrgId).FirstOrDefault(mapping =>
            mapping.Database == database && (policy.Length == 0 ? mapping.Default : mapping.Policy == policy) && MaySee(caller, mapping));
        if (mapping is null)
            throw Compact("not found", "no dbrp mapping found");
        var bucket = state.BucketById(mapping.BucketId);
        if (!caller.MayWrite(bucket))
            throw Compact("forbidden", "insufficient permissions for write");
        await WriteAsync(context, bucket, query["precision"].ToString() switch { "us" => "u", "ms" => "ms", "s" => "s", _ => "n" });
    }

    private static ApiError Compact(string code, string message) => new(code, message, compact: true);

    private bool MaySee(Caller caller, Dbrp mapping) =>
        state.FindBucket(mapping.BucketId) is { } bucket && (caller.MayRead(bucket) || caller.MayWrite(bucket));

    /// <summary>An org by name or id, from either parameter.</summary>
    internal static Org FindOrg(Influx2State state, IQueryCollection query)
    {
        var name = query["orgID"] is [{ Length: > 0 } id, ..] ? id : query["org"].ToString();
        if (name.Length == 0)
            throw Compact("invalid", "Please provide either orgID or org");
        return state.Orgs.Find(org => org.Id == name) ?? state.Orgs.Find(org => org.Name == name)
            ?? throw Compact("not found", $"organization name \"{name}\" not found");
    }

    /// <summary>A bucket by name or id.</summary>
    internal static Bucket FindBucket(Influx2State state, Org org, string name)
    {
        if (name.Length == 0)
            throw Compact("not found", "bucket not found");
        return state.Buckets.Find(bucket => bucket.OrgId == org.Id && bucket.Id == name)
            ?? state.Buckets.Find(bucket => bucket.OrgId == org.Id && bucket.Name == name)
            ?? throw Compact("not found", $"bucket \"{name}\" not found");
    }

    private async Task WriteAsync(HttpContext context, Bucket bucket, string precision)
    {
        var body = await BodyAsync(context.Request);
        await new WriteBatch(state, backend, schema, bucket, precision).WriteAsync(body);
        Answers.Empty(context, 204);
    }

    private async Task<ReadOnlyMemory<byte>> BodyAsync(HttpRequest request)
    {
        var body = await Bodies.ReadAsync(request.Body, options.MaxBodyBytes)
            ?? throw Compact("request too large", "unable to read data: points batch is too large");
        // Any other encoding is read as plain text.
        if (request.Headers.ContentEncoding.ToString() is not ("gzip" or "x-gzip"))
            return body;
        try
        {
            return Bodies.Gunzip(body);
        }
        catch (InvalidDataException)
        {
            throw Compact("internal error", "An internal error has occurred - check server logs");
        }
    }
}
