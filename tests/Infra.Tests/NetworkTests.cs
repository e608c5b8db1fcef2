using System.Text.Json.Nodes;
using Functions;

namespace Infra.Tests;

public sealed class NetworkTests(SynthesisedStacks stacks)
{
    private static readonly string[] InTheInternet = ["203.0.113.0/24", "198.51.100.7/32"];

    private IEnumerable<SynthesisedEnvironment> InVpc => stacks.All.Where(environment => environment.Settings.Vpc is not null);

    [Fact]
    public void All_functions_stand_in_the_private_subnets_with_the_one_security_group() => Assert.All(stacks.All, environment =>
    {
        var functions = environment.PipelineJson.OfType("AWS::Lambda::Function").Values.Select(function => function.Properties()["VpcConfig"]).ToList();

        if (environment.Settings.Vpc is not { } vpc)
        {
            Assert.All(functions, Assert.Null);
            return;
        }
        Assert.All(functions, place => Assert.Equal(vpc.Subnets, place!["SubnetIds"].Texts()));
        Assert.All(functions, place => Assert.Equal(FunctionGroup(environment).Id, Group(Assert.Single(place!["SecurityGroupIds"]!.AsArray()))));
    });

    [Fact]
    public void Functions_get_out_to_the_servers_and_to_endpoints_and_nothing_gets_in() => Assert.All(InVpc, environment =>
    {
        var (id, group) = FunctionGroup(environment);
        var settings = environment.Settings;
        var inline = group["SecurityGroupEgress"]!.AsArray().Select(rule => rule!.AsObject());
        var beside = environment.PipelineJson.OfType("AWS::EC2::SecurityGroupEgress").Values.Select(rule => rule.Properties())
            .Where(rule => Group(rule["GroupId"]) == id);

        var allowed = inline.Concat(beside).Select(Words).Order(StringComparer.Ordinal);

        var endpoints = settings.Vpc!.EndpointSecurityGroup ?? EndpointGroup(environment).Id;
        Assert.Equal(
            settings.AllowedCidrs.SelectMany(cidr => settings.AllowedPorts.Select(port => $"{cidr} tcp {port}-{port}"))
                .Append($"{settings.Vpc.S3PrefixList} tcp 443-443").Append($"{endpoints} tcp 443-443").Order(StringComparer.Ordinal),
            allowed);
        Assert.Null(group["SecurityGroupIngress"]);
        Assert.DoesNotContain(environment.PipelineJson.OfType("AWS::EC2::SecurityGroupIngress").Values, rule => Group(rule.Properties()["GroupId"]) == id);
    });

    [Fact]
    public void Endpoints_that_are_made_let_the_functions_in_and_nothing_out()
    {
        var production = stacks.All.Single(environment => environment.Settings.Production);
        var (id, group) = EndpointGroup(production);
        var endpoints = production.PipelineJson.OfType("AWS::EC2::VPCEndpoint").Values.Select(endpoint => endpoint.Properties()).ToList();
        var interfaces = endpoints.Where(endpoint => (string)endpoint["VpcEndpointType"]! == "Interface").ToList();

        Assert.Null(group["SecurityGroupIngress"]);
        var ingress = Assert.Single(production.PipelineJson.OfType("AWS::EC2::SecurityGroupIngress").Values).Properties();
        Assert.Equal(
            (id, FunctionGroup(production).Id, 443, 443),
            (Group(ingress["GroupId"]), Group(ingress["SourceSecurityGroupId"]), (int)ingress["FromPort"]!, (int)ingress["ToPort"]!));
        // CDK's way to say that a group lets nothing out: AWS takes no group without a rule.
        Assert.Equal("255.255.255.255/32 icmp 252-86", Words(Assert.Single(group["SecurityGroupEgress"]!.AsArray())!.AsObject()));
        Assert.Equal(["secretsmanager", "states"], interfaces.Select(endpoint => Service(endpoint)));
        Assert.All(interfaces, endpoint => Assert.True((bool)endpoint["PrivateDnsEnabled"]!));
        Assert.All(interfaces, endpoint => Assert.Equal(id, Group(Assert.Single(endpoint["SecurityGroupIds"]!.AsArray()))));
        var gateway = Assert.Single(endpoints.Except(interfaces));
        Assert.Equal(("Gateway", "s3"), ((string)gateway["VpcEndpointType"]!, Service(gateway)));
        Assert.Equal(production.Settings.Vpc!.RouteTables, gateway["RouteTableIds"].Texts());
    }

    [Fact]
    public void No_address_gateway_or_route_is_made_unless_it_is_asked_for() => Assert.All(stacks.All.Where(environment => environment.Settings.Vpc is not { Nat.Count: > 0 }), environment =>
    {
        Assert.Empty(environment.DataJson.OfType("AWS::EC2::EIP"));
        Assert.Null(environment.DataJson["Outputs"]!["NatAddresses"]);
        foreach (var type in (string[])["AWS::EC2::EIP", "AWS::EC2::NatGateway", "AWS::EC2::Route"])
            Assert.Empty(environment.PipelineJson.OfType(type));
    });

    [Fact]
    public void Each_gateway_has_a_fixed_address_that_outlives_the_pipeline_and_stands_in_the_outputs()
    {
        var routed = Routed;
        var addresses = routed.DataJson.OfType("AWS::EC2::EIP");
        var gateways = routed.PipelineJson.OfType("AWS::EC2::NatGateway").Values.Select(gateway => gateway.Properties()).ToList();
        var deployed = new DeployedTemplates(routed);

        Assert.Equal([PinnedIds.NatAddress(0), PinnedIds.NatAddress(1)], addresses.Keys.Order(StringComparer.Ordinal));
        Assert.All(addresses.Values, address => Assert.Equal(("Retain", "Retain", "vpc"), ((string)address["DeletionPolicy"]!, (string)address["UpdateReplacePolicy"]!, (string)address.Properties()["Domain"]!)));
        Assert.Empty(routed.PipelineJson.OfType("AWS::EC2::EIP"));
        Assert.Equal(routed.Settings.Vpc!.Nat.Select(nat => nat.PublicSubnet), gateways.Select(gateway => (string)gateway["SubnetId"]!));
        Assert.Equal(addresses.Keys.Order(StringComparer.Ordinal), gateways.Select(gateway => (string)deployed.Filled(gateway["AllocationId"])!));
        var output = routed.DataJson["Outputs"]!["NatAddresses"]!["Value"]!["Fn::Join"]!;
        Assert.Equal(addresses.Keys.Order(StringComparer.Ordinal), output[1]!.AsArray().OfType<JsonObject>().Select(part => (string)part["Ref"]!));
    }

    [Fact]
    public void Routes_lead_through_a_gateway_to_the_servers_in_the_internet_and_nowhere_else()
    {
        var gateways = Routed.PipelineJson.OfType("AWS::EC2::NatGateway");
        var routes = Routed.PipelineJson.OfType("AWS::EC2::Route").Values.Select(route => route.Properties())
            .Select(route => (
                Subnet: (string)gateways[(string)route["NatGatewayId"]!["Fn::GetAtt"]![0]!].Properties()["SubnetId"]!,
                Table: (string)route["RouteTableId"]!,
                Cidr: (string)route["DestinationCidrBlock"]!));

        // Not to the private network, which has a way of its own, and not to the one of IPv6, which NAT doesn't carry.
        var wanted = Routed.Settings.Vpc!.Nat.SelectMany(nat => nat.RouteTables.SelectMany(table => InTheInternet.Select(cidr => (nat.PublicSubnet, table, cidr))));
        Assert.Equal(wanted.Order(), routes.Order());
    }

    [Fact]
    public void Every_function_is_told_the_hosts_that_it_may_connect_to_and_any_must_be_said() => Assert.All(stacks.All, environment =>
    {
        var told = environment.PipelineJson.OfType("AWS::Lambda::Function").Values.Select(function => (string)function.Properties()["Environment"]!["Variables"]![SettingNames.AllowedHosts]!);

        var hosts = environment.Settings.AllowedHosts;
        Assert.True(hosts.Count > 0 || !environment.Settings.Production);
        Assert.All(told, list => Assert.Equal(hosts.Count > 0 ? string.Join(',', hosts) : "*", list));
    });

    [Fact]
    public void Every_function_is_told_whether_plain_http_is_allowed_and_production_takes_none_unless_it_says_so() => Assert.All(stacks.All, environment =>
    {
        var told = environment.PipelineJson.OfType("AWS::Lambda::Function").Values.Select(function => (string)function.Properties()["Environment"]!["Variables"]![SettingNames.AllowPlainHttp]!);

        Assert.True(!environment.Settings.Production || !environment.Settings.AllowPlainHttp);
        Assert.All(told, allowed => Assert.Equal(environment.Settings.AllowPlainHttp ? "true" : "false", allowed));
    });

    private SynthesisedEnvironment Routed => stacks.All.Single(environment => environment.Settings.Vpc is { Nat.Count: > 0 });

    private static (string Id, JsonObject Properties) FunctionGroup(SynthesisedEnvironment environment) => GroupOf(environment, "NetworkFunctions");

    private static (string Id, JsonObject Properties) EndpointGroup(SynthesisedEnvironment environment) => GroupOf(environment, "NetworkEndpoints");

    private static (string Id, JsonObject Properties) GroupOf(SynthesisedEnvironment environment, string start)
    {
        var (id, group) = environment.PipelineJson.OfType("AWS::EC2::SecurityGroup").Single(group => group.Key.StartsWith(start, StringComparison.Ordinal));
        return (id, group.Properties());
    }

    private static string Group(JsonNode? reference) => reference is JsonObject ? (string)reference["Fn::GetAtt"]![0]! : (string)reference!;

    private static string Service(JsonObject endpoint) => endpoint["ServiceName"].Texts()[0].Split('.')[^1].Trim('"', ']', '}');

    private static string Words(JsonObject rule)
    {
        var place = rule["CidrIp"] ?? rule["CidrIpv6"] ?? rule["DestinationPrefixListId"] ?? rule["DestinationSecurityGroupId"];
        return $"{Group(place)} {rule["IpProtocol"]} {rule["FromPort"]}-{rule["ToPort"]}";
    }
}
