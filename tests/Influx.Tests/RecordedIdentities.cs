using System.Text.Json;
using System.Text.Json.Nodes;

namespace Influx.Tests;

/// <summary>The ids and tokens of the recorded server, so that the test server can use the same ones.</summary>
internal sealed class RecordedIdentities
{
    private readonly Dictionary<(string Kind, string Name), string> known = [];
    private readonly Dictionary<string, string> orgs = new(StringComparer.Ordinal);

    public RecordedIdentities(IEnumerable<RecordedExchange> exchanges)
    {
        List<JsonNode> answers = [];
        // What was made under a name counts more than what a list shows under it.
        foreach (var exchange in exchanges.OrderBy(exchange => exchange.RequestLine.StartsWith("POST", StringComparison.Ordinal) ? 0 : 1))
        {
            try
            {
                answers.Add(JsonNode.Parse(exchange.AnswerBody)!);
            }
            catch (JsonException)
            {
                // Not every answer is JSON; those hold no ids.
            }
        }
        answers.ForEach(answer => Walk(answer, LearnOrg));
        answers.ForEach(answer => Walk(answer, Learn));
    }

    public string? Find(string kind, string name) => known.GetValueOrDefault((kind, name));

    private static void Walk(JsonNode? node, Action<JsonObject> visit)
    {
        switch (node)
        {
            case JsonObject item:
                visit(item);
                foreach (var (_, value) in item)
                    Walk(value, visit);
                break;
            case JsonArray array:
                foreach (var value in array)
                    Walk(value, visit);
                break;
        }
    }

    private void LearnOrg(JsonObject item)
    {
        if (item["links"] is JsonObject links && links.ContainsKey("secrets"))
        {
            orgs[item["id"]!.ToString()] = item["name"]!.ToString();
            known[("org", item["name"]!.ToString())] = item["id"]!.ToString();
        }
    }

    private void Learn(JsonObject item)
    {
        if (item.ContainsKey("retentionRules"))
        {
            known.TryAdd(("bucket", $"{orgs[item["orgID"]!.ToString()]}/{item["name"]}"), item["id"]!.ToString());
        }
        else if (item.ContainsKey("permissions"))
        {
            known.TryAdd(("authorization", item["description"]!.ToString()), item["id"]!.ToString());
            known.TryAdd(("token", item["description"]!.ToString()), item["token"]!.ToString());
        }
        else if (item["virtual"]?.GetValue<bool>() == true)
        {
            var policy = item["retention_policy"]!.ToString();
            var name = policy == "autogen" ? item["database"]!.ToString() : $"{item["database"]}/{policy}";
            known.TryAdd(("bucket", $"{orgs[item["orgID"]!.ToString()]}/{name}"), item["bucketID"]!.ToString());
        }
        else if (item.ContainsKey("virtual"))
        {
            known.TryAdd(("dbrp", $"{item["database"]}/{item["retention_policy"]}"), item["id"]!.ToString());
        }
        else if (item["status"]?.ToString() == "active" && item.ContainsKey("name") && item.ContainsKey("id"))
        {
            known.TryAdd(("user", item["name"]!.ToString()), item["id"]!.ToString());
        }
    }
}
