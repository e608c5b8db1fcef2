using System.Text.Json;
using System.Text.Json.Nodes;
using Amazon.CDK;
using Amazon.CDK.Assertions;
using Amazon.CDK.AWS.Lambda;

[assembly: AssemblyFixture(typeof(Infra.Tests.SynthesisedStacks))]

namespace Infra.Tests;

/// <summary>The stacks of one environment, as they would be deployed.</summary>
public sealed record SynthesisedEnvironment(EnvironmentSettings Settings, Template Data, Template Pipeline, string DataFile, string PipelineFile)
{
    /// <summary>The template as JSON, for what matchers can't say.</summary>
    public JsonObject DataJson { get; } = Load(DataFile);

    /// <summary>The template as JSON.</summary>
    public JsonObject PipelineJson { get; } = Load(PipelineFile);

    private static JsonObject Load(string file) => JsonNode.Parse(File.ReadAllText(file))!.AsObject();
}

/// <summary>Every environment of <c>cdk.json</c> and three that it does not have, synthesised once for all tests.</summary>
public sealed class SynthesisedStacks : IDisposable
{
    /// <summary>The collection of the classes that use CDK's own matchers: they run in one Node process that takes one call at a time.</summary>
    public const string OneAtATime = "CDK";

    private readonly DirectoryInfo work = Directory.CreateTempSubdirectory("influx-migrate-infra-");

    public SynthesisedStacks()
    {
        var context = JsonDocument.Parse(File.ReadAllText(Path.Combine(ProjectFolder.Root, "cdk.json"))).RootElement.GetProperty("context");
        var code = work.CreateSubdirectory("package");
        File.WriteAllText(Path.Combine(code.FullName, "bootstrap"), "not a program");
        var app = new App(new AppProps
        {
            Outdir = Path.Combine(work.FullName, "cdk.out"),
            Context = context.EnumerateObject().Where(flag => flag.Name.StartsWith('@')).ToDictionary(flag => flag.Name, object (flag) => flag.Value.GetBoolean()),
        });
        Configured = EnvironmentList.Read(context.GetProperty("environments"));
        var deployments = Configured.Concat(Unconfigured()).Select(settings => (settings, new Deployment(app, settings, Code.FromAsset(code.FullName)))).ToList();
        All = [.. deployments.Select(made => Synthesise(made.settings, made.Item2, app.Outdir))];
    }

    /// <summary>The entries of <c>cdk.json</c>.</summary>
    public IReadOnlyList<EnvironmentSettings> Configured { get; }

    /// <summary>All that is synthesised.</summary>
    public IReadOnlyList<SynthesisedEnvironment> All { get; }

    public void Dispose() => work.Delete(recursive: true);

    private static SynthesisedEnvironment Synthesise(EnvironmentSettings settings, Deployment deployment, string outdir) => new(
        settings, Template.FromStack(deployment.Data), Template.FromStack(deployment.Pipeline),
        Path.Combine(outdir, $"{deployment.Data.StackName}.template.json"), Path.Combine(outdir, $"{deployment.Pipeline.StackName}.template.json"));

    private static IEnumerable<EnvironmentSettings> Unconfigured()
    {
        yield return new EnvironmentSettings { Name = "defaults", Retain = true };
        yield return new EnvironmentSettings
        {
            Name = "managed",
            Runtime = EnvironmentSettings.ManagedRuntime,
            Architecture = "arm64",
            Retain = true,
            SourceSecretArn = "arn:aws:secretsmanager:eu-west-1:111122223333:secret:old-AbCdEf",
            SourceSecretKeyArn = "arn:aws:kms:eu-west-1:111122223333:key/source",
            DestinationSecretArn = "arn:aws:secretsmanager:eu-west-1:111122223333:secret:new-GhIjKl",
            AllowedHosts = ["influx.example.com"],
            LogKeyArn = "arn:aws:kms:eu-west-1:111122223333:key/logs",
            Vpc = new VpcSettings
            {
                Id = "vpc-0123456789abcdef1",
                AvailabilityZones = ["eu-west-1a"],
                Subnets = ["subnet-0123456789abcdef4"],
                S3PrefixList = "pl-6da54004",
                RouteTables = ["rtb-0123456789abcdef4"],
                InterfaceEndpoints = ["secretsmanager", "states", "timestream-influxdb"],
            },
            AllowedCidrs = ["10.40.0.0/24"],
            DestinationSecretKeyArn = "arn:aws:kms:eu-west-1:111122223333:key/destination",
            Rotation = new RotationSettings
            {
                Days = 90,
                DestinationAdminSecretArn = "arn:aws:secretsmanager:eu-west-1:111122223333:secret:admin-MnOpQr",
                DestinationAdminSecretKeyArn = "arn:aws:kms:eu-west-1:111122223333:key/admin",
            },
        };
        yield return new EnvironmentSettings
        {
            Name = "routed",
            Region = "eu-west-1",
            Retain = true,
            Vpc = new VpcSettings
            {
                Id = "vpc-0123456789abcdef0",
                AvailabilityZones = ["eu-west-1a", "eu-west-1b"],
                Subnets = ["subnet-0123456789abcdef0", "subnet-0123456789abcdef1"],
                S3PrefixList = "pl-6da54004",
                EndpointSecurityGroup = "sg-0123456789abcdef0",
                Nat =
                [
                    new NatSettings { PublicSubnet = "subnet-0123456789abcdef2", RouteTables = ["rtb-0123456789abcdef0"] },
                    new NatSettings { PublicSubnet = "subnet-0123456789abcdef3", RouteTables = ["rtb-0123456789abcdef1", "rtb-0123456789abcdef2"] },
                ],
            },
            AllowedCidrs = ["203.0.113.0/24", "198.51.100.7/32", "10.30.0.0/24", "2001:db8:1::/48"],
            AllowedPorts = [8086, 8181],
        };
    }
}
