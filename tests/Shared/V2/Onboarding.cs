using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;

namespace TestServers;

/// <summary><c>/api/v2/setup</c>, and the parts of it that a new org shares.</summary>
internal sealed class Onboarding(Influx2State state, BucketApi buckets)
{
    private static readonly string[] Required = ["username", "org", "bucket"];

    internal async Task HandleAsync(HttpContext context)
    {
        var done = state.UserId is not null;
        if (HttpMethods.IsGet(context.Request.Method))
        {
            await Answers.JsonAsync(context, 200, new JsonObject { ["allowed"] = !done });
            return;
        }
        var body = await Answers.BodyAsync(context);
        if (done)
            throw new ApiError("conflict", "onboarding has already been completed");
        string[] missing = [.. Required.Where(name => string.IsNullOrEmpty(body.Text(name)))];
        if (missing.Length > 0)
            throw new ApiError("unprocessable entity", $"onboarding failed: missing required fields [{string.Join(',', missing)}]");
        if (body.Text("password") is { Length: < 8 })
            throw ApiError.Invalid("passwords must be at least 8 characters long");
        var retention = body["retentionPeriodSeconds"]?.GetValue<long>() ?? 0;
        var (org, bucket, authorization) =
            await RunAsync(body.Text("username")!, body.Text("org")!, body.Text("bucket")!, retention, body.Text("token"));
        var auth = AuthorizationApi.ToJson(state, authorization, showToken: true);
        // This one answer names neither org nor user, and has its links last.
        auth.Remove("org");
        auth.Remove("user");
        auth.Remove("links", out var links);
        auth.Add("links", links);
        await Answers.JsonAsync(context, 201, new JsonObject
        {
            ["user"] = SystemApi.User(state),
            ["bucket"] = bucket.ToJson(),
            ["org"] = org.ToJson(),
            ["auth"] = auth,
        });
    }

    internal async Task<(Org Org, Bucket Bucket, Authorization Authorization)> RunAsync(
        string user, string orgName, string bucketName, long retentionSeconds, string? token)
    {
        state.SetUser(user);
        var org = await AddOrgAsync(orgName);
        var bucket = await buckets.AddAsync(org, bucketName, retentionSeconds, 0);
        var authorization = AuthorizationApi.Add(state, org, $"{user}'s Token", [.. Permission.All], token);
        return (org, bucket, authorization);
    }

    internal async Task<Org> AddOrgAsync(string name)
    {
        var org = new Org(state.NewId("org", name), name) { Created = Influx2State.Now };
        state.Orgs = state.Orgs.Add(org);
        await buckets.AddSystemAsync(org, "_tasks", "System bucket for task logs", 72);
        await buckets.AddSystemAsync(org, "_monitoring", "System bucket for monitoring logs", 168);
        return org;
    }
}
