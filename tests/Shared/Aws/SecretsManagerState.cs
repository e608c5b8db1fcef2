using System.Text.Json.Nodes;

namespace TestServers;

/// <summary>
/// The secrets behind an <see cref="AwsJsonServer"/>, with versions and stages as the real service moves them: a version gets a value
/// once, a rotation's version has AWSPENDING before its value, AWSPREVIOUS follows AWSCURRENT, and a stage is moved only from where
/// it is.
/// </summary>
public sealed class SecretsManagerState
{
    private readonly Lock gate = new();
    private readonly Dictionary<string, Entry> secrets = new(StringComparer.Ordinal);
    private readonly TimeProvider time;

    /// <summary>Answers a server's calls.</summary>
    public SecretsManagerState(AwsJsonServer server, TimeProvider time)
    {
        this.time = time;
        On("DescribeSecret", Describe);
        On("GetSecretValue", Get);
        On("PutSecretValue", Put);
        On("UpdateSecretVersionStage", Move);

        void On(string operation, Func<Entry, JsonObject, AwsAnswer> answer) => server.On($"secretsmanager.{operation}", input =>
        {
            lock (gate)
            {
                return secrets.TryGetValue(input["SecretId"]!.GetValue<string>(), out var secret)
                    ? answer(secret, input)
                    : AwsAnswer.Error("ResourceNotFoundException", "Secrets Manager can't find the specified secret.");
            }
        });
    }

    /// <summary>Makes a secret, or gives one its next value as a person does.</summary>
    public void Put(string arn, string value, bool rotated = true)
    {
        lock (gate)
        {
            if (!secrets.TryGetValue(arn, out var secret))
                secrets[arn] = secret = new Entry { Arn = arn };
            secret.RotationEnabled = rotated;
            var version = Guid.NewGuid().ToString();
            secret.Values[version] = (value, Now);
            secret.MoveCurrent(version);
        }
    }

    /// <summary>Begins a rotation: the version gets its stage, and no value.</summary>
    public string BeginRotation(string arn)
    {
        lock (gate)
        {
            var version = Guid.NewGuid().ToString();
            secrets[arn].Stages["AWSPENDING"] = version;
            return version;
        }
    }

    /// <summary>
    /// What the service does when a rotation is switched on and does not begin at once: a version with AWSPENDING, for which it asks for
    /// testSecret alone and which it takes away again.
    /// </summary>
    /// <param name="arn">The secret.</param>
    /// <param name="copied">Whether the version has the current one's value; false for none.</param>
    /// <param name="testSecret">Asks the rotation's function.</param>
    public async Task SwitchOnAsync(string arn, bool copied, Func<string, Task> testSecret)
    {
        var version = BeginRotation(arn);
        lock (gate)
        {
            var secret = secrets[arn];
            if (copied)
                secret.Values[version] = (secret.Values[secret.Stages["AWSCURRENT"]].Text, Now);
        }
        try
        {
            await testSecret(version);
        }
        finally
        {
            lock (gate)
            {
                secrets[arn].Stages.Remove("AWSPENDING");
                secrets[arn].Values.Remove(version);
            }
        }
    }

    /// <summary>The version with a stage; null when there is none.</summary>
    public string? VersionAt(string arn, string stage)
    {
        lock (gate)
            return secrets[arn].Stages.GetValueOrDefault(stage);
    }

    /// <summary>The value with a stage; null when there is none.</summary>
    public JsonObject? ValueAt(string arn, string stage)
    {
        lock (gate)
        {
            return secrets[arn].Stages.TryGetValue(stage, out var version) && secrets[arn].Values.TryGetValue(version, out var value)
                ? JsonNode.Parse(value.Text)!.AsObject()
                : null;
        }
    }

    private double Now => time.GetUtcNow().ToUnixTimeMilliseconds() / 1000.0;

    private static AwsAnswer Describe(Entry secret, JsonObject input)
    {
        var answer = new JsonObject
        {
            ["ARN"] = secret.Arn,
            ["Name"] = secret.Arn.Split(':')[^1],
            ["VersionIdsToStages"] = new JsonObject(secret.Stages.GroupBy(stage => stage.Value)
                .Select(version => KeyValuePair.Create(version.Key, (JsonNode?)new JsonArray([.. version.Select(stage => (JsonNode)stage.Key)])))),
        };
        // Left out where it is not so, as the service does.
        if (secret.RotationEnabled)
            answer["RotationEnabled"] = true;
        if (secret.LastRotated is { } rotated)
            answer["LastRotatedDate"] = rotated;
        return AwsAnswer.Ok(answer);
    }

    private static AwsAnswer Get(Entry secret, JsonObject input)
    {
        var stage = input["VersionStage"]?.GetValue<string>();
        if (stage is null)
            return AwsAnswer.Error("InvalidParameterException", "the functions name a stage: without one the answer during a rotation is not always the current version");
        return secret.Stages.TryGetValue(stage, out var version) && secret.Values.TryGetValue(version, out var value)
            ? AwsAnswer.Ok(new JsonObject { ["ARN"] = secret.Arn, ["VersionId"] = version, ["SecretString"] = value.Text, ["CreatedDate"] = value.Created })
            : AwsAnswer.Error("ResourceNotFoundException", $"Secrets Manager can't find the specified secret value for staging label: {stage}");
    }

    private AwsAnswer Put(Entry secret, JsonObject input)
    {
        var (version, value) = (input["ClientRequestToken"]!.GetValue<string>(), input["SecretString"]!.GetValue<string>());
        if (version.Length is < 32 or > 64)
            return AwsAnswer.Error("InvalidParameterException", "ClientRequestToken has 32 to 64 characters");
        if (secret.Values.TryGetValue(version, out var existing) && existing.Text != value)
            return AwsAnswer.Error("ResourceExistsException", "You can't change a version that has a value already.");
        secret.Values.TryAdd(version, (value, Now));
        foreach (var stage in input["VersionStages"]!.AsArray().Select(stage => stage!.GetValue<string>()))
            secret.Stages[stage] = version;
        return AwsAnswer.Ok(new JsonObject { ["ARN"] = secret.Arn, ["VersionId"] = version });
    }

    private AwsAnswer Move(Entry secret, JsonObject input)
    {
        var stage = input["VersionStage"]!.GetValue<string>();
        var (to, from) = (input["MoveToVersionId"]!.GetValue<string>(), input["RemoveFromVersionId"]?.GetValue<string>());
        if (!secret.Values.ContainsKey(to))
            return AwsAnswer.Error("ResourceNotFoundException", $"Secrets Manager can't find the specified secret version: {to}");
        if (secret.Stages.TryGetValue(stage, out var holder) && holder != to && holder != from)
            return AwsAnswer.Error("InvalidParameterException", $"The parameter RemoveFromVersionId can't be empty or another: staging label {stage} is currently attached to version {holder}");
        if (stage == "AWSCURRENT")
        {
            secret.MoveCurrent(to);
            secret.LastRotated = Now;
        }
        else
        {
            secret.Stages[stage] = to;
        }
        return AwsAnswer.Ok(new JsonObject { ["ARN"] = secret.Arn });
    }

    private sealed class Entry
    {
        public required string Arn { get; init; }

        public bool RotationEnabled { get; set; }

        public double? LastRotated { get; set; }

        public Dictionary<string, (string Text, double Created)> Values { get; } = new(StringComparer.Ordinal);

        public Dictionary<string, string> Stages { get; } = new(StringComparer.Ordinal);

        public void MoveCurrent(string version)
        {
            if (Stages.TryGetValue("AWSCURRENT", out var before) && before != version)
                Stages["AWSPREVIOUS"] = before;
            Stages["AWSCURRENT"] = version;
        }
    }
}
