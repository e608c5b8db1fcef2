using System.Text.Json;
using System.Text.Json.Nodes;
using Aws;
using Functions.Secrets;
using Influx;

namespace Functions.Rotation;

/// <summary>
/// A version of a secret that is rotated: ours, or AWS's for tokens of Timestream for InfluxDB. What is not known here goes over
/// into the next version as it is.
/// </summary>
internal sealed class RotatedSecret
{
    private const string AwsEngine = "timestream-influxdb";

    private readonly JsonObject json;

    private RotatedSecret(string arn, string versionId, DateTimeOffset created, JsonObject json, string text)
    {
        Arn = arn;
        VersionId = versionId;
        Created = created;
        this.json = json;
        IsAws = Text("engine") is AwsEngine;
        // AWS's format may begin without a token: its first rotation makes it.
        if (!IsAws || json.ContainsKey(ServerSecretFormat.Token))
        {
            var server = ServerSecret.Parse(text, ServerRole.Source, arn);
            (Token, Url) = (server.Token, server.Url);
        }
        Buckets = List(ServerSecretFormat.Buckets);
        ReadBuckets = List("readBuckets");
        WriteBuckets = List("writeBuckets");
        Permissions = List("permissions");
        AuthorizationId = Text(ServerSecretFormat.AuthorizationId);
        Org = Text(ServerSecretFormat.Org);
        DbIdentifier = Text(ServerSecretFormat.DbIdentifier);
        Type = Text("type");
        AdminSecretArn = Text(ServerSecretFormat.AdminSecretArn)
            ?? throw Unusable("has no \"adminSecretArn\": name the secret whose token may make tokens there");
        Role = Text(ServerSecretFormat.Role) switch
        {
            null => null,
            "source" => ServerRole.Source,
            "destination" => ServerRole.Destination,
            _ => throw Unusable("has a \"role\" that is neither source nor destination"),
        };
    }

    public string Arn { get; }

    public string VersionId { get; }

    /// <summary>When the version was made.</summary>
    public DateTimeOffset Created { get; }

    public bool IsAws { get; }

    /// <summary>The token, or of 1.x user:password; null in AWS's format before its first rotation.</summary>
    public Secret? Token { get; }

    public string? Url { get; }

    public string? Org { get; }

    public string? AuthorizationId { get; }

    public string AdminSecretArn { get; }

    /// <summary>Which end of a migration it is for; null where the secret does not say.</summary>
    public ServerRole? Role { get; }

    /// <summary>The buckets that it is for, by name or id; empty where the secret does not say.</summary>
    public IReadOnlyList<string> Buckets { get; }

    /// <summary>AWS's: the DB instance's id.</summary>
    public string? DbIdentifier { get; }

    /// <summary>AWS's: allAccess, operator or custom.</summary>
    public string? Type { get; }

    /// <summary>AWS's: ids of buckets.</summary>
    public IReadOnlyList<string> ReadBuckets { get; }

    /// <summary>AWS's: ids of buckets.</summary>
    public IReadOnlyList<string> WriteBuckets { get; }

    /// <summary>AWS's: such as <c>read-tasks</c>.</summary>
    public IReadOnlyList<string> Permissions { get; }

    /// <summary>Reads a version.</summary>
    /// <exception cref="NamedException"><see cref="Migration.ErrorNames.SecretUnusable"/>; the message shows nothing of the value.</exception>
    public static RotatedSecret Parse(string? text, string arn, string versionId, DateTimeOffset created)
    {
        JsonObject? read = null;
        try
        {
            read = JsonNode.Parse(text ?? "") as JsonObject;
        }
        catch (JsonException)
        {
            // The parser's own words could quote the value; what it should be is said below.
        }
        if (read is null)
            throw ServerSecret.Unusable(arn, """is no JSON object: put {"url": "https://HOST:8086", "org": "ORG", "token": "TOKEN", "authorizationId": "ID", "adminSecretArn": "ARN"} into it""");
        if (read.ContainsKey("SOURCE_TOKEN") || read.ContainsKey("DESTINATION_TOKEN"))
            throw ServerSecret.Unusable(arn, "holds the tokens of both servers, of which one can't be rotated without the other: give each server a secret of its own");
        return new RotatedSecret(arn, versionId, created, read, text!);
    }

    /// <summary>The next version's value.</summary>
    public string With(Secret token, string? authorizationId)
    {
        var next = (JsonObject)json.DeepClone();
        next[ServerSecretFormat.Token] = token.Reveal();
        if (authorizationId is not null)
            next[ServerSecretFormat.AuthorizationId] = authorizationId;
        return next.ToJsonString();
    }

    /// <inheritdoc/>
    public override string ToString() => $"{Arn} version {VersionId}";

    /// <summary>The failure of a secret that can't be rotated.</summary>
    public NamedException Unusable(string what) => ServerSecret.Unusable(Arn, what);

    private string? Text(string name) => json[name] switch
    {
        null => null,
        JsonValue value when value.TryGetValue<string>(out var text) => text,
        _ => throw ServerSecret.Unusable(Arn, $"has a \"{name}\" that is no text"),
    };

    // People type AWS's lists into a field of the console, where they become a text: ['id1','id2'].
    private IReadOnlyList<string> List(string name) => json[name] switch
    {
        null => [],
        JsonArray array when array.All(item => item is JsonValue value && value.TryGetValue<string>(out _)) => [.. array.Select(item => item!.GetValue<string>())],
        JsonValue value when value.TryGetValue<string>(out var text) =>
            text.Trim('[', ']').Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries) is var items
                ? [.. items.Select(item => item.Trim('\'', '"'))]
                : [],
        _ => throw ServerSecret.Unusable(Arn, $"has a \"{name}\" that is no list of texts"),
    };
}
