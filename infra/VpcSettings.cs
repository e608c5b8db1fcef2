namespace Infra;

/// <summary>Where the functions run when the servers aren't to be reached over the internet.</summary>
public sealed record VpcSettings
{
    /// <summary>The VPC's id.</summary>
    public string Id { get; init; } = "";

    /// <summary>Zones of the subnets, in their order.</summary>
    public IReadOnlyList<string> AvailabilityZones { get; init; } = [];

    /// <summary>Private subnets, one a zone.</summary>
    public IReadOnlyList<string> Subnets { get; init; } = [];

    /// <summary>The id of the region's prefix list of S3: what the functions may reach besides.</summary>
    public string S3PrefixList { get; init; } = "";

    /// <summary>Route tables that get a gateway endpoint for S3; empty where the VPC has one.</summary>
    public IReadOnlyList<string> RouteTables { get; init; } = [];

    /// <summary>Services that get an interface endpoint.</summary>
    public IReadOnlyList<string> InterfaceEndpoints { get; init; } = [];

    /// <summary>The security group of the endpoints that the VPC has already.</summary>
    public string? EndpointSecurityGroup { get; init; }

    /// <summary>Gateways to the internet to make; empty for none.</summary>
    public IReadOnlyList<NatSettings> Nat { get; init; } = [];
}

/// <summary>A NAT gateway with a fixed address.</summary>
public sealed record NatSettings
{
    /// <summary>The public subnet that it stands in.</summary>
    public string PublicSubnet { get; init; } = "";

    /// <summary>The route tables of the functions' subnets that it serves.</summary>
    public IReadOnlyList<string> RouteTables { get; init; } = [];
}
