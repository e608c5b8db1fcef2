using System.Text.Json.Nodes;

namespace Harness;

/// <summary>The synthesised templates of one environment, with the intrinsic functions that stand in them worked out.</summary>
public sealed class CloudTemplates
{
    /// <summary>The account that everything is deployed to; the one of the staging bucket's owner.</summary>
    public const string Account = "123456789012";

    /// <summary>The region that everything is deployed to.</summary>
    public const string Region = "us-east-1";

    private readonly List<Stack> stacks = [];

    /// <summary>Reads them.</summary>
    /// <param name="folder">The CDK's output folder.</param>
    public CloudTemplates(string folder)
    {
        foreach (var file in Directory.EnumerateFiles(folder, "*.template.json").Order(StringComparer.Ordinal))
            stacks.Add(new Stack(Path.GetFileName(file).Replace(".template.json", "", StringComparison.Ordinal), JsonNode.Parse(File.ReadAllText(file))!.AsObject()));
    }

    /// <summary>The resources of a type.</summary>
    public IReadOnlyList<Resource> Of(string type) =>
        [.. from stack in stacks
            from resource in stack.Template["Resources"]!.AsObject()
            where resource.Value!["Type"]!.GetValue<string>() == type
            select new Resource(this, stack, resource.Key, resource.Value!["Properties"]?.AsObject() ?? [])];

    /// <summary>The value of an output of any stack.</summary>
    public string Output(string name)
    {
        var stack = stacks.Single(stack => stack.Template["Outputs"]?[name] is not null);
        return Resolve(stack, stack.Template["Outputs"]![name]!["Value"])!.GetValue<string>();
    }

    /// <summary>All outputs by their stacks' names.</summary>
    public IReadOnlyDictionary<string, JsonObject> Outputs() => stacks.ToDictionary(
        stack => stack.Name,
        stack => new JsonObject((stack.Template["Outputs"]?.AsObject() ?? []).Select(output => KeyValuePair.Create(output.Key, Resolve(stack, output.Value!["Value"])))),
        StringComparer.Ordinal);

    private JsonNode? Resolve(Stack stack, JsonNode? node)
    {
        switch (node)
        {
            case JsonArray array:
                return new JsonArray([.. array.Select(item => Resolve(stack, item))]);
            case JsonObject { Count: 1 } single when Intrinsic(stack, single.First()) is { } value:
                return value;
            case JsonObject group:
                return new JsonObject(group.Select(member => KeyValuePair.Create(member.Key, Resolve(stack, member.Value))));
            default:
                return node?.DeepClone();
        }
    }

    private JsonNode? Intrinsic(Stack stack, KeyValuePair<string, JsonNode?> call)
    {
        switch (call.Key)
        {
            case "Ref":
                return stack.Reference(call.Value!.GetValue<string>());
            case "Fn::GetAtt":
                return stack.Attribute(call.Value![0]!.GetValue<string>(), call.Value[1]!.GetValue<string>());
            case "Fn::Join":
                return string.Join(call.Value![0]!.GetValue<string>(), Resolve(stack, call.Value[1])!.AsArray().Select(part => part!.ToString()));
            case "Fn::ImportValue":
                var exported = (from other in stacks
                                from output in other.Template["Outputs"]?.AsObject() ?? []
                                where output.Value!["Export"]?["Name"]?.GetValue<string>() == call.Value!.GetValue<string>()
                                select (other, output.Value!["Value"])).Single();
                return Resolve(exported.other, exported.Item2);
            case var name when name.StartsWith("Fn::", StringComparison.Ordinal):
                throw new NotSupportedException($"{stack.Name} has {name} where the harness deploys");
            default:
                return null;
        }
    }

    /// <summary>A resource of a template.</summary>
    public sealed class Resource
    {
        private readonly CloudTemplates templates;
        private readonly Stack stack;
        private readonly JsonObject properties;

        internal Resource(CloudTemplates templates, Stack stack, string id, JsonObject properties)
        {
            (this.templates, this.stack, this.properties) = (templates, stack, properties);
            Id = id;
        }

        /// <summary>Its logical id.</summary>
        public string Id { get; }

        /// <summary>A property with everything in it worked out; null where it is not set.</summary>
        public JsonNode? this[string property] => templates.Resolve(stack, properties[property]);

        /// <summary>Says what it has become.</summary>
        /// <param name="reference">What <c>Ref</c> gives.</param>
        /// <param name="arn">What <c>Fn::GetAtt</c> gives for its ARN.</param>
        public void Created(string reference, string arn) => stack.Created[Id] = (reference, arn);
    }

    internal sealed class Stack(string name, JsonObject template)
    {
        public string Name => name;

        public JsonObject Template => template;

        public Dictionary<string, (string Reference, string Arn)> Created { get; } = [];

        public string Reference(string id) => id switch
        {
            "AWS::AccountId" => Account,
            "AWS::Region" => Region,
            "AWS::Partition" => "aws",
            "AWS::URLSuffix" => "amazonaws.com",
            "AWS::StackName" => name,
            _ => Known(id).Reference,
        };

        public string Attribute(string id, string attribute) =>
            attribute == "Arn" ? Known(id).Arn : throw new NotSupportedException($"{name}: {id}.{attribute} is not known to the harness");

        // What the harness does not create is named, so that a use of it shows where it is used.
        private (string Reference, string Arn) Known(string id) => Created.TryGetValue(id, out var made) ? made : ($"not-created-{id}", $"arn:aws:not-created:::{id}");
    }
}
