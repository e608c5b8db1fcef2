using System.Text.Json;
using System.Text.Json.Nodes;

namespace Migration;

/// <summary>What a staging bucket's policy must deny, and whether it does. A statement counts only when it denies it to everybody, without exceptions.</summary>
internal static class StagingPolicy
{
    private const string EmptyPolicy = """{"Version":"2012-10-17","Statement":[]}""";

    // Names of condition operators and keys are read in any case of letters.
    private static readonly Demand PlainHttp = new("DenyPlainHttp", "Bool", "aws:SecureTransport", "false", "s3:*");
    private static readonly Demand OldTls = new("DenyBelowTls12", "NumericLessThan", "s3:TlsVersion", "1.2", "s3:*");

    // An object that is written with a key of the writer's own can be read by nobody else.
    private static readonly Demand CustomerKeys = new("DenyCustomerKeys", "Null", "s3:x-amz-server-side-encryption-customer-algorithm", "false", "s3:PutObject");

    /// <summary>Whether requests over plain HTTP are denied.</summary>
    public static bool DeniesPlainHttp(string? policy, string bucketArn) =>
        Denies(policy, bucketArn, PlainHttp, value => string.Equals(value, "false", StringComparison.OrdinalIgnoreCase));

    /// <summary>Whether requests below TLS 1.2 are denied.</summary>
    public static bool DeniesOldTls(string? policy, string bucketArn) =>
        Denies(policy, bucketArn, OldTls, value => decimal.TryParse(value, System.Globalization.NumberStyles.Number, System.Globalization.CultureInfo.InvariantCulture, out var version) && version >= 1.2m);

    /// <summary>Whether objects that the writer's own key encrypts are denied.</summary>
    public static bool DeniesCustomerKeys(string? policy, string bucketArn) =>
        Denies(policy, bucketArn, CustomerKeys, value => string.Equals(value, "false", StringComparison.OrdinalIgnoreCase));

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
            statements.Add((JsonNode)Statement(statements, bucketArn, PlainHttp));
        if (!DeniesOldTls(policy, bucketArn))
            statements.Add((JsonNode)Statement(statements, bucketArn, OldTls));
        if (!DeniesCustomerKeys(policy, bucketArn))
            statements.Add((JsonNode)Statement(statements, bucketArn, CustomerKeys));
        return root.ToJsonString();
    }

    private static JsonArray Wrap(JsonObject root, JsonObject? one)
    {
        root.Remove("Statement");
        var array = one is null ? new JsonArray() : new JsonArray(one);
        root["Statement"] = array;
        return array;
    }

    private static JsonObject Statement(JsonArray statements, string bucketArn, Demand demand)
    {
        var taken = statements.Select(statement => Text(statement?["Sid"])).ToHashSet(StringComparer.Ordinal);
        var free = demand.Sid;
        for (var i = 2; taken.Contains(free); i++)
            free = $"{demand.Sid}{i}";
        return new JsonObject
        {
            ["Sid"] = free,
            ["Effect"] = "Deny",
            ["Principal"] = "*",
            ["Action"] = demand.Action,
            ["Resource"] = demand.OfObjects ? $"{bucketArn}/*" : new JsonArray(bucketArn, $"{bucketArn}/*"),
            ["Condition"] = new JsonObject { [demand.Operator] = new JsonObject { [demand.Key] = demand.Value } },
        };
    }

    private static bool Denies(string? policy, string bucketArn, Demand demand, Func<string, bool> fits)
    {
        if (policy is null)
            return false;
        var statements = JsonNode.Parse(policy)?["Statement"];
        List<JsonNode?> all = statements is JsonArray array ? [.. array] : [statements];
        return all.OfType<JsonObject>().Any(statement =>
            Text(statement["Effect"]) == "Deny"
            && IsEverybody(statement["Principal"])
            && Texts(statement["Action"]).Any(action => action is "*" or "s3:*" || action == demand.Action)
            && Covers(Texts(statement["Resource"]), bucketArn, demand.OfObjects)
            && IsOnly(statement["Condition"], demand, fits));
    }

    private static bool IsEverybody(JsonNode? principal) =>
        principal is JsonObject named ? Texts(named["AWS"]).Contains("*", StringComparer.Ordinal) : Text(principal) == "*";

    private static bool Covers(List<string> resources, string bucketArn, bool objectsOnly) =>
        resources.Contains("*", StringComparer.Ordinal)
        || resources.Contains($"{bucketArn}*", StringComparer.Ordinal)
        || ((objectsOnly || resources.Contains(bucketArn, StringComparer.Ordinal)) && resources.Contains($"{bucketArn}/*", StringComparer.Ordinal));

    // A second condition would let some requests through.
    private static bool IsOnly(JsonNode? found, Demand condition, Func<string, bool> fits) =>
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

    /// <summary>A statement that denies to everybody what one condition tells.</summary>
    private sealed record Demand(string Sid, string Operator, string Key, string Value, string Action)
    {
        public bool OfObjects => Action != "s3:*";
    }
}
