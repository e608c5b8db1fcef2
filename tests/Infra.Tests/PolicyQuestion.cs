using System.Text.Json;
using System.Text.Json.Nodes;

namespace Infra.Tests;

/// <summary>Whether a request is allowed, for an evaluator of IAM policies that no one here wrote.</summary>
internal sealed record PolicyQuestion
{
    /// <summary>Somebody of the account without rights of their own.</summary>
    public const string Person = $"arn:aws:iam::{DeployedTemplates.Account}:role/person";

    /// <summary>Who asks, where that is more than the principal.</summary>
    public string? Words { get; init; }

    /// <summary>A role's ARN, or a service.</summary>
    public string Principal { get; init; } = Person;

    public required string Action { get; init; }

    public required string Resource { get; init; }

    /// <summary>What AWS knows of the request besides.</summary>
    public Dictionary<string, string> Context { get; init; } = [];

    public JsonArray IdentityPolicies { get; init; } = [];

    public JsonNode? ResourcePolicy { get; init; }

    /// <summary>The policy of the endpoint that the request passes; null for none.</summary>
    public JsonNode? EndpointPolicy { get; init; }

    /// <summary>What the answer should be.</summary>
    public required bool Allowed { get; init; }

    /// <summary>A request over TLS, to what is the account's.</summary>
    public static Dictionary<string, string> Tls(string version) =>
        new() { ["aws:SecureTransport"] = "true", ["s3:TlsVersion"] = version, ["aws:ResourceAccount"] = DeployedTemplates.Account };

    /// <summary>Asks all, and fails with those that are answered otherwise.</summary>
    // One process answers all: starting it costs more than a thousand answers.
    public static async Task AssertAllAsync(IEnumerable<PolicyQuestion> questions)
    {
        var asked = questions.ToList();

        var (code, output, errors) = await Tool.RunNodeAsync("iam.mjs", [], new JsonArray([.. asked.Select(question => question.Request())]).ToJsonString());

        Assert.True(code == 0, errors);
        var answers = JsonSerializer.Deserialize<string[]>(output)!;
        Assert.NotEmpty(asked);
        Assert.Equal(asked.Count, answers.Length);
        Assert.Empty(asked.Zip(answers).Where(pair => pair.Second != "Allowed" == pair.First.Allowed || pair.Second.StartsWith("error", StringComparison.Ordinal))
            .Select(pair => $"{pair.First.Words ?? pair.First.Principal} {pair.First.Action} {pair.First.Resource} {JsonSerializer.Serialize(pair.First.Context)}: {pair.Second}"));
    }

    private JsonObject Request() => new()
    {
        ["principal"] = Principal,
        ["action"] = Action,
        ["resource"] = Resource,
        ["account"] = DeployedTemplates.Account,
        ["context"] = JsonSerializer.SerializeToNode(Context),
        ["identityPolicies"] = IdentityPolicies.DeepClone(),
        ["resourcePolicy"] = ResourcePolicy?.DeepClone(),
        ["endpointPolicy"] = EndpointPolicy?.DeepClone(),
    };
}
