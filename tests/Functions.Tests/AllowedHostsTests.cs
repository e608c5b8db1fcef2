using System.Net;
using System.Net.Sockets;
using Influx;
using TestServers;

namespace Functions.Tests;

public sealed class AllowedHostsTests
{
    [Theory]
    [InlineData("influx.example.com", "https://influx.example.com:8086")]
    [InlineData("influx.example.com:8086", "https://influx.example.com:8086")]
    [InlineData("other.example.com,INFLUX.example.com:8086", "https://influx.EXAMPLE.com:8086/below")]
    [InlineData("influx.example.com", "https://influx.example.com.:8086")]
    [InlineData("büro.example.com", "https://xn--bro-hoa.example.com:8086")]
    [InlineData("10.20.0.5:8086", "https://10.20.0.5:8086")]
    [InlineData("http://10.20.0.5:8086", "http://10.20.0.5:8086")]
    [InlineData("http://10.20.0.5", "http://10.20.0.5:8086")]
    [InlineData("https://10.20.0.5:8086", "https://10.20.0.5:8086")]
    [InlineData("10.20.0.5:8086,HTTP://10.20.0.5:8086", "http://10.20.0.5:8086")]
    [InlineData("http://[fd12:0::5]:8086", "http://[fd12::5]:8086")]
    [InlineData("*", "http://203.0.113.9:1234")]
    [InlineData("http://127.0.0.1", "http://127.0.0.1:8086")]
    [InlineData("[::1]:8086", "https://[::1]:8086")]
    public void A_host_that_is_listed_may_be_connected_to(string list, string url) =>
        Assert.Null(AllowedHosts.Parse(list).Problem(new Uri(url)));

    [Theory]
    [InlineData("influx.example.com", "https://influx.example.org:8086", "'influx.example.org:8086' is none of the hosts that this environment allows (influx.example.com)")]
    [InlineData("influx.example.com:8086", "https://influx.example.com:8087", "(influx.example.com:8086): correct the URL, or add it to the environment's allowedHosts")]
    [InlineData("example.com", "https://influx.example.com:8086", "is none of the hosts")]
    [InlineData("influx.example.com", "https://influx.example.com.attacker.example:8086", "is none of the hosts")]
    [InlineData("10.20.0.5", "http://10.20.0.6:8086", "is none of the hosts")]
    [InlineData("10.20.0.5", "http://10.20.0.5:8086", "'http://10.20.0.5:8086' is asked for over http, over which this environment allows no such host (10.20.0.5)")]
    [InlineData("https://10.20.0.5:8086", "http://10.20.0.5:8086", "correct the URL, or give the server a certificate")]
    [InlineData("http://10.20.0.5:8086,10.20.0.6", "http://10.20.0.6:8086", "over http, over which this environment allows no such host (http://10.20.0.5:8086, 10.20.0.6)")]
    [InlineData("http://10.20.0.5:8086", "https://10.20.0.5:8086", "or write the host without http:// into allowedHosts")]
    [InlineData("*", "http://127.0.0.1:8086", "'127.0.0.1' is a loopback address")]
    [InlineData("*", "http://2130706433:8086", "is a loopback address")]
    [InlineData("*", "http://0x7f.1:8086", "is a loopback address")]
    [InlineData("*", "http://[::1]:8086", "is a loopback address")]
    [InlineData("127.0.0.1", "http://[::ffff:127.0.0.1]:8086", "is a loopback address")]
    [InlineData("127.0.0.1:1", "http://127.0.0.1:8086", "is a loopback address")]
    [InlineData("127.0.0.1", "http://127.0.0.2:8086", "is a loopback address")]
    [InlineData("169.254.169.254", "http://169.254.169.254:80", "is a link-local address")]
    public void Any_other_is_refused_with_what_to_do(string list, string url, string problem) =>
        Assert.Contains(problem, AllowedHosts.Parse(list).Problem(new Uri(url)), StringComparison.Ordinal);

    public static TheoryData<string, string> Refused => new()
    {
        { "127.0.0.1", "loopback" },
        { "127.255.0.3", "loopback" },
        { "::1", "loopback" },
        { "::ffff:127.0.0.1", "loopback" },
        { "64:ff9b::7f00:1", "loopback" },
        { "169.254.169.254", "link-local" },
        { "169.254.0.1", "link-local" },
        { "::ffff:169.254.169.254", "link-local" },
        { "64:ff9b::a9fe:a9fe", "link-local" },
        { "fe80::1", "link-local" },
        { "febf::1", "link-local" },
        { "fd00:ec2::254", "metadata" },
        { "0.0.0.0", "unspecified" },
        { "0.1.2.3", "unspecified" },
        { "::", "unspecified" },
        { "::169.254.169.254", "unspecified" },
        { "224.0.0.1", "multicast" },
        { "239.255.255.255", "multicast" },
        { "ff02::1", "multicast" },
        { "255.255.255.255", "broadcast" },
    };

    [Theory]
    [MemberData(nameof(Refused))]
    public async Task A_name_that_leads_to_the_machine_its_link_or_metadata_is_refused_before_a_connection(string address, string kind)
    {
        var lookUps = 0;
        var hosts = With("influx.example.com", () =>
        {
            lookUps++;
            // One good address does not make up for a bad one.
            return [IPAddress.Parse("203.0.113.9"), IPAddress.Parse(address)];
        });

        var refused = await Assert.ThrowsAsync<RejectedException>(() => ConnectAsync(hosts, "influx.example.com"));

        Assert.Equal((RejectionKind.NotAllowed, 1), (refused.Kind, lookUps));
        Assert.Contains($"'influx.example.com' leads to {IPAddress.Parse(address)}, a {kind} address", refused.Message, StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Refused))]
    public async Task An_address_that_is_refused_is_refused_as_a_URL_as_an_entry_and_in_a_connection(string address, string kind)
    {
        var host = address.Contains(':', StringComparison.Ordinal) ? $"[{address}]" : address;

        Assert.Contains($"a {kind} address", AllowedHosts.Any.Problem(new Uri($"http://{host}:8086")), StringComparison.Ordinal);
        Assert.Contains($"a {kind} address", AllowedHosts.Problem(host, out _, out _), StringComparison.Ordinal);
        var refused = await Assert.ThrowsAsync<RejectedException>(() => ConnectAsync(AllowedHosts.Any, address));
        Assert.Contains($"a {kind} address", refused.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("10.20.0.5")]
    [InlineData("172.31.255.255")]
    [InlineData("128.0.0.1")]
    [InlineData("170.254.1.1")]
    [InlineData("fd12::5")]
    [InlineData("fec0::1")]
    [InlineData("2001:db8::1")]
    public void An_address_of_a_network_is_fine(string address) =>
        Assert.Null(AllowedHosts.Any.Problem(new Uri($"http://{(address.Contains(':', StringComparison.Ordinal) ? $"[{address}]" : address)}:8086")));

    [Fact]
    public async Task A_name_that_is_changed_after_the_URL_was_checked_is_refused_by_the_client()
    {
        await using var server = await InfluxdProcess.StartAsync();
        var hosts = With("influx.example.com", () => [IPAddress.Loopback]);
        var options = new ServerOptions { Url = new Uri($"http://influx.example.com:{server.Url.Port}"), Connect = hosts.ConnectAsync, Role = "source" };

        var refused = await Assert.ThrowsAsync<RejectedException>(() => ServerDetector.ConnectAsync(options, TimeProvider.System, CancellationToken.None));

        Assert.Equal(RejectionKind.NotAllowed, refused.Kind);
        Assert.Contains("the source: 'influx.example.com' leads to 127.0.0.1, a loopback address", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_name_localhost_is_refused_also_where_it_is_listed()
    {
        await using var server = await InfluxdProcess.StartAsync();
        await using var proxy = await FaultProxy.StartAsync(server.Url);
        var options = new ServerOptions { Url = new Uri($"http://localhost:{proxy.Url.Port}"), Connect = AllowedHosts.Parse("localhost,127.0.0.1").ConnectAsync };

        await Assert.ThrowsAsync<RejectedException>(() => ServerDetector.ConnectAsync(options, TimeProvider.System, CancellationToken.None));

        Assert.Equal(0, proxy.Requests);
    }

    [Fact]
    public async Task A_server_that_is_listed_is_connected_to_and_one_that_is_not_never_hears_of_it()
    {
        await using var server = await InfluxdProcess.StartAsync();
        await using var proxy = await FaultProxy.StartAsync(server.Url);
        var options = new ServerOptions { Url = proxy.Url, ReadToken = (_, _) => throw new InvalidOperationException("no token is read for it") };

        var refused = await Assert.ThrowsAsync<RejectedException>(() => ServerDetector.ConnectAsync(
            options with { Connect = AllowedHosts.Parse("127.0.0.1:1,influx.example.com").ConnectAsync }, TimeProvider.System, CancellationToken.None));
        var before = proxy.Requests;
        using var client = await ServerDetector.ConnectAsync(
            options with { Connect = AllowedHosts.Parse("127.0.0.1").ConnectAsync, ReadToken = (_, _) => new((Secret?)null) }, TimeProvider.System, CancellationToken.None);

        Assert.Equal((RejectionKind.NotAllowed, 0), (refused.Kind, before));
        Assert.Equal(ServerFamily.V1, client.Version.Family);
    }

    [Fact]
    public async Task A_name_that_is_unknown_is_told_as_ever()
    {
        var hosts = With("influx.example.com", () => throw new SocketException((int)SocketError.HostNotFound));
        var options = new ServerOptions { Url = new Uri("http://influx.example.com:8086"), Connect = hosts.ConnectAsync, Role = "source" };

        var unknown = await Assert.ThrowsAsync<TransientException>(() => ServerDetector.ConnectAsync(options, TimeProvider.System, CancellationToken.None));

        Assert.Contains("the host 'influx.example.com' of the source is unknown", unknown.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData("*")]
    [InlineData("*.example.com")]
    [InlineData("ftp://influx.example.com:8086")]
    [InlineData("https://")]
    [InlineData("http://http://influx.example.com:8086")]
    [InlineData("https://influx.example.com:8086/")]
    [InlineData("influx.example.com:8086/path")]
    [InlineData("influx.example.com:0")]
    [InlineData("influx.example.com:70000")]
    [InlineData("influx.example.com:")]
    [InlineData("me@influx.example.com")]
    [InlineData("two hosts")]
    [InlineData("fd12::5")]
    [InlineData("[fd12::5")]
    public void What_is_no_host_is_no_entry(string entry)
    {
        Assert.Contains("is no host: write influx.example.com", AllowedHosts.Problem(entry, out _, out _), StringComparison.Ordinal);
        Assert.Throws<FormatException>(() => AllowedHosts.Parse($"influx.example.com,{entry}"));
    }

    [Fact]
    public void An_entry_tells_its_address_and_port()
    {
        Assert.Null(AllowedHosts.Problem("[fd12::5]:8181", out var address, out var port));

        Assert.Equal((IPAddress.Parse("fd12::5"), 8181), (address, port));
    }

    [Fact]
    public void No_entries_stand_for_any_host()
    {
        Assert.Null(AllowedHosts.Parse(AllowedHosts.Write([])).Problem(new Uri("https://influx.example.com:8086")));
        Assert.NotNull(AllowedHosts.Parse(AllowedHosts.Write(["a.example.com", "b.example.com:1"])).Problem(new Uri("https://influx.example.com:8086")));
    }

    private static AllowedHosts With(string list, Func<IPAddress[]> resolve)
    {
        var parsed = AllowedHosts.Parse(list);
        return parsed.With((_, _) => Task.FromResult(resolve()));
    }

    private static async Task ConnectAsync(AllowedHosts hosts, string host)
    {
        await using var stream = await hosts.ConnectAsync(new DnsEndPoint(host, 8086), CancellationToken.None);
    }
}
