using System.Net;

namespace Infra;

public sealed partial record EnvironmentSettings
{
    // What the internet does not carry: RFC 1918 and RFC 6598.
    private static readonly IPNetwork[] PrivateNetworks =
        [IPNetwork.Parse("10.0.0.0/8"), IPNetwork.Parse("172.16.0.0/12"), IPNetwork.Parse("192.168.0.0/16"), IPNetwork.Parse("100.64.0.0/10")];

    // Without them no function has a token, and validate can't ask which executions run.
    private static readonly string[] NeededEndpoints = ["secretsmanager", "states"];

    /// <summary>The hosts as the functions read them.</summary>
    internal string HostList => Functions.AllowedHosts.Write(AllowedHosts);

    /// <summary>The servers' networks that lie in the internet: what a NAT gateway is for. It carries IPv4 only.</summary>
    internal IEnumerable<string> NatCidrs => AllowedCidrs.Where(cidr =>
        IPNetwork.TryParse(cidr, out var network) && network.BaseAddress.AddressFamily == System.Net.Sockets.AddressFamily.InterNetwork
        && !PrivateNetworks.Any(known => known.Contains(network.BaseAddress)));

    private IEnumerable<string> NetworkProblems()
    {
        if (Vpc is null && AllowedCidrs.Count > 0)
            yield return "allowedCidrs: without a vpc nothing can hold the functions to them: name a vpc or leave them out";
        foreach (var cidr in AllowedCidrs.Where(cidr => !IPNetwork.TryParse(cidr, out var network) || network.ToString() != cidr))
            yield return $"allowedCidrs: '{cidr}' is no network: the address before the slash must be its first";
        foreach (var cidr in AllowedCidrs.Where(cidr => Production && cidr.EndsWith("/0", StringComparison.Ordinal)))
            yield return $"allowedCidrs: '{cidr}' is the whole internet: a production environment names its servers' networks";
        foreach (var problem in (Vpc is null ? [] : VpcProblems(Vpc)).Concat(HostProblems()))
            yield return problem;
    }

    private IEnumerable<string> VpcProblems(VpcSettings vpc)
    {
        if (AllowedCidrs.Count == 0)
            yield return "allowedCidrs: in a vpc nothing is reached that isn't named here: name the servers' addresses";
        if (vpc.Subnets.Count != vpc.AvailabilityZones.Count)
            yield return "vpc.subnets: name one subnet for each of vpc.availabilityZones, in their order";
        var missing = NeededEndpoints.Except(vpc.InterfaceEndpoints, StringComparer.Ordinal).ToList();
        if (vpc.EndpointSecurityGroup is null && missing.Count > 0)
            yield return $"vpc.interfaceEndpoints: {string.Join(" and ", missing)} can't be reached: name them here, or in vpc.endpointSecurityGroup the group of the endpoints that are there";
        if (Rotation is null && vpc.InterfaceEndpoints.Contains("timestream-influxdb", StringComparer.Ordinal))
            yield return "vpc.interfaceEndpoints: only a rotation asks timestream-influxdb for anything: leave it out";
        if (vpc.Nat.Count > 0 && !NatCidrs.Any())
            yield return "vpc.nat: none of allowedCidrs is an IPv4 network of the internet, so nothing would go through it: leave it out, or name the servers' addresses";
        foreach (var nat in vpc.Nat.Where(nat => vpc.Subnets.Contains(nat.PublicSubnet, StringComparer.Ordinal)))
            yield return $"vpc.nat.publicSubnet: {nat.PublicSubnet} is one of the functions' own: name one whose route table leads to an internet gateway";
        foreach (var twice in vpc.Nat.SelectMany(nat => nat.RouteTables).GroupBy(table => table, StringComparer.Ordinal).Where(group => group.Count() > 1))
            yield return $"vpc.nat.routeTables: {twice.Key} is served twice: name it at one gateway";
    }

    private IEnumerable<string> HostProblems()
    {
        if (Production && AllowedHosts.Count == 0)
            yield return "allowedHosts: a production environment names its servers: list the host of every URL, such as influx.example.com:8086";
        if (AllowPlainHttp && AllowedHosts.Count > 0 && !AllowedHosts.Any(Functions.AllowedHosts.IsPlain))
            yield return "allowPlainHttp: none of allowedHosts is reached over http: write http:// before the one that is, or leave allowPlainHttp out";
        foreach (var host in AllowedHosts.Where(host => !AllowPlainHttp && Functions.AllowedHosts.IsPlain(host)))
            yield return $"allowedHosts: '{host}' is plain http, where token and points travel in the clear: give the server a certificate, or set allowPlainHttp";
        foreach (var host in AllowedHosts)
        {
            if (Functions.AllowedHosts.Problem(host, out var address, out var port) is { } problem)
                yield return $"allowedHosts: {problem}";
            else if (Vpc is not null && port is { } closed && !AllowedPorts.Contains(closed))
                yield return $"allowedHosts: '{host}' can't be reached: add {closed} to allowedPorts";
            else if (Vpc is not null && address is not null && !AllowedCidrs.Any(cidr => IPNetwork.TryParse(cidr, out var network) && network.Contains(address)))
                yield return $"allowedHosts: '{host}' can't be reached: it lies in none of allowedCidrs";
        }
    }
}
