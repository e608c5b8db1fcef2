using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;

namespace TestServers;

/// <summary><c>/api/v2/orgs</c>: list, one, create.</summary>
internal sealed class OrgApi(Influx2State state, Onboarding onboarding)
{
    internal async Task HandleAsync(HttpContext context, Caller caller, string? id)
    {
        switch (context.Request.Method, id)
        {
            case ("GET", null):
                await Answers.JsonAsync(context, 200, List(context.Request.Query, caller));
                break;
            case ("POST", null):
                await CreateAsync(context, caller);
                break;
            case ("GET", not null):
                var org = state.OrgById(Influx2State.CheckedId(id));
                caller.Demand(Permission.Read("orgs", id: org.Id));
                await Answers.JsonAsync(context, 200, org.ToJson());
                break;
            default:
                Answers.Empty(context, 405);
                break;
        }
    }

    /// <summary>The look-up comes first: an unknown name is 404 for everyone, a known one that may not be read is left out.</summary>
    private JsonObject List(IQueryCollection query, Caller caller)
    {
        IEnumerable<Org> orgs = state.Orgs.OrderBy(org => org.Id, StringComparer.Ordinal);
        if (query["org"] is [{ Length: > 0 } name, ..])
            orgs = [state.OrgByName(name)];
        else if (query["orgID"] is [{ Length: > 0 } id, ..])
            orgs = [state.OrgById(Influx2State.CheckedId(id))];
        else
            orgs = Page(orgs, query);
        var readable = orgs.Where(org => caller.Allows(Permission.Read("orgs", id: org.Id)));
        return new JsonObject
        {
            ["links"] = new JsonObject { ["self"] = "/api/v2/orgs" },
            ["orgs"] = new JsonArray([.. readable.Select(org => org.ToJson())]),
        };
    }

    private static IEnumerable<Org> Page(IEnumerable<Org> orgs, IQueryCollection query)
    {
        if (query["descending"] == "true")
            orgs = orgs.Reverse();
        if (int.TryParse(query["offset"], out var offset))
            orgs = orgs.Skip(offset);
        return orgs.Take(int.TryParse(query["limit"], out var limit) && limit > 0 ? limit : 20);
    }

    private async Task CreateAsync(HttpContext context, Caller caller)
    {
        var body = await Answers.BodyAsync(context);
        caller.Demand(Permission.Write("orgs"));
        var name = body.Text("name");
        if (string.IsNullOrEmpty(name))
            throw ApiError.Invalid("org name is empty");
        if (state.Orgs.Exists(org => org.Name == name))
            throw new ApiError("conflict", $"organization with name {name} already exists");
        var org = await onboarding.AddOrgAsync(name);
        if (body.Text("description") is { } description)
        {
            state.Orgs = state.Orgs.Replace(org, org with { Description = description });
            org = org with { Description = description };
        }
        await Answers.JsonAsync(context, 201, org.ToJson());
    }
}
