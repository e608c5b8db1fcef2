using System.Text.Json;
using System.Text.Json.Nodes;

namespace Migration;

/// <summary>What a staging bucket's policy must deny, and whether it does. A statement counts only when it denies it to everybody, without exceptions.</summary>
internal static class StagingPolicy
{
    private const string EmptyPolicy = """{"Version":"2012-10-17","Statement":[]}""";

    // Names of condition operators and keys are read in any case of letters.
    private static readonly (string Operator, string Key) PlainHttp = ("Bool", "aws:SecureTransport");
    private static readonly (string Operator, string Key) OldTls = ("NumericLessThan", "s3:TlsVersion");

    /// <summary>Whether requests over plain HTTP are denied.</summary>
    public static bool DeniesPlainHttp(string? policy, string bucketArn) =>
        Denies(policy, bucketArn, PlainHttp, value => string.Equals(value, "false", StringComparison.OrdinalIgnoreCase));

    /// <summary>Whether requests below TLS 1.2 are denied.</summary>
    public static bool DeniesOldTls(string? policy, string bucketArn) =>
        Denies(policy, bucketArn, OldTls, value => decimal.TryParse(value, System.Globalization.NumberStyles.Number, System.Globalization.CultureInfo.InvariantCulture, out var version) && version >= 1.2m);

    /// <summary>The policy with what is missing added; every statement that it has stays as it is.</summary>
    public static string Merge(string? policy, string bucketArn)
    {
        var root = JsonNode.Parse(policy ?? EmptyPolicy)!.AsObject();
        var statements = root["Statement"] switch
        {
            JsonArray array => array,
            JsonObject one => Wrap(root, one),
            _ => Wrap(root, one: null),
        };
        if (!DeniesPlainHttp(policy, bucketArn))
            statements.Add((JsonNode)Statement(statements, "DenyPlainHttp", bucketArn, PlainHttp, "false"));
        if (!DeniesOldTls(policy, bucketArn))
            statements.Add((JsonNode)Statement(statements, "DenyBelowTls12", bucketArn, OldTls, "1.2"));
        return root.ToJsonString();
    }

    private static JsonArray Wrap(JsonObject root, JsonObject? one)
    {
        root.Remove("Statement");
        var array = one is null ? new JsonArray() : new JsonArray(one);
        root["Statement"] = array;
        return array;
    }

    private static JsonObject Statement(JsonArray statements, string sid, string bucketArn, (string Operator, string Key) condition, string value)
    {
        var taken = statements.Select(statement => Text(statement?["Sid"])).ToHashSet(StringComparer.Ordinal);
        var free = sid;
        for (var i = 2; taken.Contains(free); i++)
            free = $"{sid}{i}";
        return new JsonObject
        {
            ["Sid"] = free,
            ["Effect"] = "Deny",
            ["Principal"] = "*",
            ["Action"] = "s3:*",
            ["Resource"] = new JsonArray(bucketArn, $"{bucketArn}/*"),
            ["Condition"] = new JsonObject { [condition.Operator] = new JsonObject { [condition.Key] = value } },
        };
    }

    private static bool Denies(string? policy, string bucketArn, (string Operator, string Key) condition, Func<string, bool> fits)
    {
        if (policy is null)
            return false;
        var statements = JsonNode.Parse(policy)?["Statement"];
        List<JsonNode?> all = statements is JsonArray array ? [.. array] : [statements];
        return all.OfType<JsonObject>().Any(statement =>
            Text(statement["Effect"]) == "Deny"
            && IsEverybody(statement["Principal"])
            && Texts(statement["Action"]).Any(action => action is "*" or "s3:*")
            && CoversAll(Texts(statement["Resource"]), bucketArn)
            && IsOnly(statement["Condition"], condition, fits));
    }

    private static bool IsEverybody(JsonNode? principal) =>
        principal is JsonObject named ? Texts(named["AWS"]).Contains("*", StringComparer.Ordinal) : Text(principal) == "*";

    private static bool CoversAll(List<string> resources, string bucketArn) =>
        resources.Contains("*", StringComparer.Ordinal)
        || resources.Contains($"{bucketArn}*", StringComparer.Ordinal)
        || (resources.Contains(bucketArn, StringComparer.Ordinal) && resources.Contains($"{bucketArn}/*", StringComparer.Ordinal));

    // A second condition would let some requests through.
    private static bool IsOnly(JsonNode? found, (string Operator, string Key) condition, Func<string, bool> fits) =>
        found is JsonObject { Count: 1 } operators
        && operators.First() is var (name, keys)
        && (name.Equals(condition.Operator, StringComparison.OrdinalIgnoreCase) || name.Equals(condition.Operator + "IfExists", StringComparison.OrdinalIgnoreCase))
        && keys is JsonObject { Count: 1 } single
        && single.First() is var (key, value)
        && key.Equals(condition.Key, StringComparison.OrdinalIgnoreCase)
        && Texts(value) is [var only]
        && fits(only);

    private static List<string> Texts(JsonNode? node) =>
        node is JsonArray array ? [.. array.Select(Text).OfType<string>()] : Text(node) is { } one ? [one] : [];

    private static string? Text(JsonNode? node) => node?.GetValueKind() switch
    {
        JsonValueKind.String => node.GetValue<string>(),
        JsonValueKind.Number or JsonValueKind.True or JsonValueKind.False => node.ToJsonString(),
        _ => null,
    };
}
