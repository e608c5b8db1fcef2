using System.Text.Json.Nodes;

namespace Infra.Tests;

/// <summary>The templates of one environment with what CloudFormation would fill in: names, ARNs, imports.</summary>
internal sealed class DeployedTemplates
{
    public const string Account = "111122223333";
    private readonly JsonObject[] templates;
    private readonly string region;
    private readonly Dictionary<string, JsonNode> exports = new(StringComparer.Ordinal);

    public DeployedTemplates(SynthesisedEnvironment environment)
    {
        templates = [environment.DataJson, environment.PipelineJson];
        Settings = environment.Settings;
        region = environment.Settings.Region ?? "eu-west-1";
        EnvironmentName = environment.Settings.Name;
        foreach (var output in environment.DataJson["Outputs"]!.AsObject().Select(output => output.Value!).Where(output => output["Export"] is not null))
            exports.Add((string)output["Export"]!["Name"]!, output["Value"]!);
    }

    /// <summary>The environment's name.</summary>
    public string EnvironmentName { get; }

    /// <summary>What the environment asks for.</summary>
    public EnvironmentSettings Settings { get; }

    /// <summary>The ARN of the one resource of a type whose logical id starts so.</summary>
    public string Arn(string type, string start) => ArnOf(Find(type, start));

    /// <summary>The logical id of the one resource of a type whose logical id starts so.</summary>
    public string Find(string type, string start) =>
        templates.SelectMany(template => template.OfType(type).Keys).Single(id => id.StartsWith(start, StringComparison.Ordinal));

    /// <summary>The policies of a role, with their values filled in.</summary>
    public JsonArray PoliciesOf(string role) => Policies("AWS::IAM::Policy", policy => policy["Roles"]!.AsArray().Any(one => (string?)one!["Ref"] == role));

    /// <summary>A managed policy, with its values filled in.</summary>
    public JsonArray ManagedPolicy(string start)
    {
        var id = Find("AWS::IAM::ManagedPolicy", start);
        return [new JsonObject { ["name"] = id, ["policy"] = Filled(Resource(id).Properties()["PolicyDocument"]) }];
    }

    /// <summary>The policy of a bucket.</summary>
    public JsonNode BucketPolicy(string bucket) => Filled(templates.SelectMany(template => template.OfType("AWS::S3::BucketPolicy").Values)
        .Single(policy => (string?)policy.Properties()["Bucket"]!["Ref"] == bucket).Properties()["PolicyDocument"]);

    /// <summary>The policy of the topic.</summary>
    public JsonNode TopicPolicy() => Filled(templates.SelectMany(template => template.OfType("AWS::SNS::TopicPolicy").Values).Single().Properties()["PolicyDocument"]);

    /// <summary>The policy of the VPC endpoint of a service that the stack makes.</summary>
    public JsonNode EndpointPolicy(string service) => Filled(templates.SelectMany(template => template.OfType("AWS::EC2::VPCEndpoint").Values)
        .Select(endpoint => endpoint.Properties()).Single(endpoint => ((string)Filled(endpoint["ServiceName"])!).EndsWith($".{service}", StringComparison.Ordinal))["PolicyDocument"]);

    /// <summary>The policy of the key.</summary>
    public JsonNode KeyPolicy(string key) => Filled(Resource(key).Properties()["KeyPolicy"]);

    /// <summary>Every value filled in; numbers as texts, as the evaluator wants them.</summary>
    public JsonNode Filled(JsonNode? node)
    {
        switch (node)
        {
            case JsonArray list:
                return new JsonArray([.. list.Select(Filled)]);
            case JsonObject { Count: 1 } call when call.Single() is var (name, argument) && (name == "Ref" || name.StartsWith("Fn::", StringComparison.Ordinal)):
                return Call(name, argument!);
            case JsonObject item:
                return new JsonObject(item.Select(part => KeyValuePair.Create(part.Key, (JsonNode?)Filled(part.Value))));
            default:
                return node!.GetValueKind() == System.Text.Json.JsonValueKind.Number ? JsonValue.Create(node.ToJsonString()) : node.DeepClone();
        }
    }

    private JsonNode Call(string name, JsonNode argument) => name switch
    {
        "Ref" => JsonValue.Create(RefOf((string)argument!)),
        "Fn::GetAtt" when (string)argument[1]! == "Arn" => JsonValue.Create(ArnOf((string)argument[0]!)),
        "Fn::GetAtt" when (string)argument[1]! == "Name" => JsonValue.Create(NameOf((string)argument[0]!)),
        "Fn::GetAtt" => JsonValue.Create((string)argument[0]!),
        "Fn::ImportValue" => Filled(exports[(string)argument!]),
        "Fn::Join" => JsonValue.Create(string.Join((string)argument[0]!, argument[1]!.AsArray().Select(part => (string)Filled(part)!))),
        _ => throw new InvalidOperationException($"{name} is not known here"),
    };

    private string RefOf(string id) => id switch
    {
        "AWS::Partition" => "aws",
        "AWS::Region" => region,
        "AWS::AccountId" => Account,
        "AWS::URLSuffix" => "amazonaws.com",
        _ => (string)Resource(id)["Type"]! is "AWS::S3::Bucket" ? BucketName(id) : ArnOf(id),
    };

    private string ArnOf(string id) => (string)Resource(id)["Type"]! switch
    {
        "AWS::S3::Bucket" => $"arn:aws:s3:::{BucketName(id)}",
        "AWS::KMS::Key" => $"arn:aws:kms:{region}:{Account}:key/{id}",
        "AWS::SecretsManager::Secret" => $"arn:aws:secretsmanager:{region}:{Account}:secret:{id}-AbCdEf",
        "AWS::Lambda::Function" => $"arn:aws:lambda:{region}:{Account}:function:{id}",
        "AWS::StepFunctions::StateMachine" => $"arn:aws:states:{region}:{Account}:stateMachine:{NameOf(id)}",
        "AWS::IAM::Role" => $"arn:aws:iam::{Account}:role/{id}",
        "AWS::Logs::LogGroup" => $"arn:aws:logs:{region}:{Account}:log-group:{id}:*",
        "AWS::SNS::Topic" => $"arn:aws:sns:{region}:{Account}:{id}",
        "AWS::SQS::Queue" => $"arn:aws:sqs:{region}:{Account}:{id}",
        var type => throw new InvalidOperationException($"{type} has no ARN here"),
    };

    // The one that is fixed, or what CloudFormation would make up.
    private string NameOf(string id) => (string?)Resource(id).Properties()["StateMachineName"] ?? id;

    private static string BucketName(string id) => id.ToLowerInvariant();

    private JsonObject Resource(string id) => templates.Select(template => template["Resources"]![id]).OfType<JsonObject>().Single();

    private JsonArray Policies(string type, Func<JsonObject, bool> attached) =>
    [
        .. templates.SelectMany(template => template.OfType(type)).Where(policy => attached(policy.Value.Properties()))
            .Select(policy => new JsonObject { ["name"] = policy.Key, ["policy"] = Filled(policy.Value.Properties()["PolicyDocument"]) }),
    ];
}
