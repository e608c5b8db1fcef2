using Amazon.CDK;
using Amazon.CDK.AWS.EC2;
using Amazon.CDK.AWS.IAM;
using Constructs;

namespace Infra;

/// <summary>The functions' way out: to the servers that are named, to AWS's endpoints, and nowhere else.</summary>
internal sealed class Network : Construct
{
    /// <summary>Builds the security groups, the endpoints that the VPC lacks, and the NAT gateways that are asked for.</summary>
    public Network(Construct scope, string id, VpcSettings settings, EnvironmentSettings environment, DataStack data)
        : base(scope, id)
    {
        Vpc = Amazon.CDK.AWS.EC2.Vpc.FromVpcAttributes(this, "Vpc", new VpcAttributes
        {
            VpcId = settings.Id,
            AvailabilityZones = [.. settings.AvailabilityZones],
            PrivateSubnetIds = [.. settings.Subnets],
        });
        // Route tables matter to constructs that ask a subnet for its own; routes here name theirs.
        Annotations.Of(this).AcknowledgeWarning("@aws-cdk/aws-ec2:noSubnetRouteTableId");
        Subnets = new SubnetSelection { SubnetType = SubnetType.PRIVATE_WITH_EGRESS };
        SecurityGroup = new SecurityGroup(this, "Functions", new SecurityGroupProps
        {
            Vpc = Vpc,
            AllowAllOutbound = false,
            Description = "Functions of influx-migrate: out to the named servers and to AWS endpoints, nothing in",
        });
        foreach (var cidr in environment.AllowedCidrs)
        {
            var peer = cidr.Contains(':', StringComparison.Ordinal) ? Peer.Ipv6(cidr) : Peer.Ipv4(cidr);
            foreach (var port in environment.AllowedPorts)
                SecurityGroup.AddEgressRule(peer, Port.Tcp(port), $"InfluxDB at {cidr}");
        }
        SecurityGroup.AddEgressRule(Peer.PrefixList(settings.S3PrefixList), Port.Tcp(443), "S3 by its gateway endpoint");
        AddS3(settings, data);
        AddInterfaces(settings, environment, data);
        for (var i = 0; i < settings.Nat.Count; i++)
            AddNat(i, settings.Nat[i], [.. environment.NatCidrs], data.NatAddresses[i]);
    }

    /// <summary>The VPC.</summary>
    public IVpc Vpc { get; }

    /// <summary>The functions' subnets.</summary>
    public SubnetSelection Subnets { get; }

    /// <summary>The functions' security group.</summary>
    public SecurityGroup SecurityGroup { get; }

    private void AddS3(VpcSettings settings, DataStack data)
    {
        if (settings.RouteTables.Count == 0)
            return;
        _ = new CfnVPCEndpoint(this, "S3", new CfnVPCEndpointProps
        {
            VpcId = settings.Id,
            ServiceName = $"com.amazonaws.{Amazon.CDK.Stack.Of(this).Region}.s3",
            VpcEndpointType = "Gateway",
            RouteTableIds = [.. settings.RouteTables],
            PolicyDocument = new PolicyDocument(new PolicyDocumentProps { Statements = [EndpointPolicies.S3(this, data)] }),
        });
    }

    private void AddNat(int index, NatSettings settings, IReadOnlyList<string> cidrs, CfnEIP address)
    {
        var gateway = new CfnNatGateway(this, $"Nat{index + 1}", new CfnNatGatewayProps
        {
            SubnetId = settings.PublicSubnet,
            AllocationId = address.AttrAllocationId,
        });
        foreach (var table in settings.RouteTables)
        {
            foreach (var cidr in cidrs)
            {
                _ = new CfnRoute(this, $"Nat{index + 1}-{table}-{cidr}", new CfnRouteProps
                {
                    RouteTableId = table,
                    DestinationCidrBlock = cidr,
                    NatGatewayId = gateway.AttrNatGatewayId,
                });
            }
        }
    }

    private void AddInterfaces(VpcSettings settings, EnvironmentSettings environment, DataStack data)
    {
        if (settings.EndpointSecurityGroup is { } existing)
        {
            var group = Amazon.CDK.AWS.EC2.SecurityGroup.FromSecurityGroupId(this, "ExistingEndpoints", existing);
            SecurityGroup.Connections.AllowTo(group, Port.Tcp(443), "AWS endpoints of the VPC");
        }
        if (settings.InterfaceEndpoints.Count == 0)
            return;
        var endpoints = new SecurityGroup(this, "Endpoints", new SecurityGroupProps
        {
            Vpc = Vpc,
            AllowAllOutbound = false,
            Description = "AWS endpoints of influx-migrate: in from its functions only",
        });
        endpoints.Connections.AllowFrom(SecurityGroup, Port.Tcp(443), "From the functions");
        foreach (var service in settings.InterfaceEndpoints)
        {
            var endpoint = new InterfaceVpcEndpoint(this, $"Endpoint-{service}", new InterfaceVpcEndpointProps
            {
                Vpc = Vpc,
                Subnets = Subnets,
                Service = new InterfaceVpcEndpointAwsService(service),
                SecurityGroups = [endpoints],
                Open = false,
                PrivateDnsEnabled = true,
            });
            endpoint.AddToPolicy(EndpointPolicies.Of(service, this, environment, data));
        }
    }
}
