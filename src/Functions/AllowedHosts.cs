using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Influx;

namespace Functions;

/// <summary>
/// Where the functions may connect to: the hosts that they were told, or any, and in no case an address of the machine itself, of its
/// link or of AWS's metadata. A name is looked up once a connection, and what is checked is what is connected to. A host is one of
/// https unless its entry says http.
/// </summary>
public sealed class AllowedHosts
{
    /// <summary>The list that stands for any host.</summary>
    public const string AnyHost = "*";

    private const char Separator = ',';
    private const string Loopback = "loopback";

    // The first that holds an address names it. ::/96 was for IPv4 addresses in IPv6 ones, which some systems still connect to.
    private static readonly (IPNetwork Network, string Kind)[] Refused =
    [
        (IPNetwork.Parse("127.0.0.0/8"), Loopback),
        (IPNetwork.Parse("::1/128"), Loopback),
        (IPNetwork.Parse("169.254.0.0/16"), "link-local"),
        (IPNetwork.Parse("fe80::/10"), "link-local"),
        (IPNetwork.Parse("fd00:ec2::/32"), "metadata"),
        (IPNetwork.Parse("0.0.0.0/8"), "unspecified"),
        (IPNetwork.Parse("::/96"), "unspecified"),
        (IPNetwork.Parse("224.0.0.0/4"), "multicast"),
        (IPNetwork.Parse("ff00::/8"), "multicast"),
        (IPNetwork.Parse("255.255.255.255/32"), "broadcast"),
    ];

    // RFC 6052: a translator on the way makes the IPv4 address of it that its last four bytes are.
    private static readonly IPNetwork Translated = IPNetwork.Parse("64:ff9b::/96");

    private readonly List<Entry> entries;
    private readonly Func<string, CancellationToken, Task<IPAddress[]>> resolve;

    private AllowedHosts(List<Entry> entries, Func<string, CancellationToken, Task<IPAddress[]>> resolve) =>
        (this.entries, this.resolve) = (entries, resolve);

    /// <summary>Any host but those that are always refused.</summary>
    public static AllowedHosts Any { get; } = new([], Dns.GetHostAddressesAsync);

    /// <summary>Reads a list as <see cref="Write"/> makes it.</summary>
    /// <exception cref="FormatException">An entry is no host.</exception>
    public static AllowedHosts Parse(string list) => list == AnyHost
        ? Any
        : new([.. list.Split(Separator).Select(entry => Entry.TryParse(entry) ?? throw new FormatException($"'{entry}' is no host"))], Dns.GetHostAddressesAsync);

    /// <summary>The same hosts, looked up otherwise.</summary>
    internal AllowedHosts With(Func<string, CancellationToken, Task<IPAddress[]>> otherwise) => new(entries, otherwise);

    /// <summary>A list for <see cref="Parse"/>; any host where it is empty.</summary>
    public static string Write(IReadOnlyCollection<string> entries) => entries.Count == 0 ? AnyHost : string.Join(Separator, entries);

    /// <summary>Whether an entry of a list is one of plain http.</summary>
    public static bool IsPlain(string entry) => Entry.TryParse(entry) is { IsPlain: true };

    /// <summary>What is wrong with an entry of a list for functions on AWS, or null.</summary>
    /// <param name="entry">A host, with a port or for all of them, and with a scheme or for https.</param>
    /// <param name="address">The address that it names; null for a name.</param>
    /// <param name="port">Its port; null for all.</param>
    public static string? Problem(string entry, out IPAddress? address, out int? port)
    {
        (address, port) = (null, null);
        if (Entry.TryParse(entry) is not { } read)
            return $"'{entry}' is no host: write influx.example.com, influx.example.com:8086, 10.20.0.5:8086, [fd12::5]:8086 or, without TLS, http://10.20.0.5:8086";
        port = read.Port;
        return IPAddress.TryParse(read.Host, out address) && KindOf(address) is { } kind
            ? $"'{entry}' is a {kind} address, which functions on AWS never connect to: leave it out"
            : null;
    }

    /// <summary>Why there is no connecting to a URL, as a sentence that says what to do, or null. A name is not looked up.</summary>
    public string? Problem(Uri url)
    {
        if (Problem(url.IdnHost, url.Port) is { } problem)
            return problem;
        var (host, isPlain) = (url.IdnHost.TrimEnd('.'), url.Scheme == Uri.UriSchemeHttp);
        return entries.Count == 0 || entries.Exists(entry => entry.Has(host, url.Port) && entry.IsPlain == isPlain)
            ? null
            : $"'{new Entry(host, url.Port, isPlain)}' is asked for over {url.Scheme}, over which this environment allows no such host ({string.Join(", ", entries)}): "
                + $"correct the URL, or {(isPlain ? "give the server a certificate" : "write the host without http:// into allowedHosts and deploy again")}";
    }

    /// <summary>Connects; for <see cref="ServerOptions.Connect"/>.</summary>
    /// <exception cref="RejectedException">The place is none that is allowed, or an address that its name leads to is one that is always refused.</exception>
    /// <exception cref="SocketException">The host is unknown, or nobody answers.</exception>
    public async ValueTask<Stream> ConnectAsync(DnsEndPoint place, CancellationToken cancellationToken)
    {
        if (Problem(place.Host, place.Port) is { } problem)
            throw new RejectedException(RejectionKind.NotAllowed, problem);
        var isAddress = IPAddress.TryParse(place.Host, out var literal);
        var addresses = isAddress ? [literal!] : await resolve(place.Host, cancellationToken);
        foreach (var address in addresses)
        {
            if (!isAddress && KindOf(address) is { } kind)
                throw new RejectedException(
                    RejectionKind.NotAllowed,
                    $"'{place.Host}' leads to {address}, a {kind} address, which the functions never connect to: give the server's own name, or correct it in DNS");
        }
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(addresses, place.Port, cancellationToken);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    private static string? KindOf(IPAddress address)
    {
        if (address.IsIPv4MappedToIPv6)
            address = address.MapToIPv4();
        else if (Translated.Contains(address))
            address = new IPAddress(address.GetAddressBytes().AsSpan(12));
        foreach (var (network, kind) in Refused)
        {
            if (network.Contains(address))
                return kind;
        }
        return null;
    }

    private string? Problem(string name, int port)
    {
        // A name may end in the dot of the root, which means the same.
        var host = name.TrimEnd('.');
        if (IPAddress.TryParse(host, out var address) && KindOf(address) is { } kind && !(kind == Loopback && IsListed(host, port)))
            return $"'{host}' is a {kind} address, which the functions never connect to: give the server's own name or address";
        return entries.Count == 0 || IsListed(host, port)
            ? null
            : $"'{new Entry(host, port, IsPlain: false)}' is none of the hosts that this environment allows ({string.Join(", ", entries)}): correct the URL, or add it to the environment's allowedHosts and deploy again";
    }

    private bool IsListed(string host, int port) => entries.Exists(entry => entry.Has(host, port));

    private sealed record Entry(string Host, int? Port, bool IsPlain)
    {
        private const string Plain = "http://";
        private const string Tls = "https://";

        public bool Has(string host, int port) => string.Equals(Host, host, StringComparison.OrdinalIgnoreCase) && (Port ?? port) == port;

        public static Entry? TryParse(string text)
        {
            var isPlain = text.StartsWith(Plain, StringComparison.OrdinalIgnoreCase);
            if (isPlain || text.StartsWith(Tls, StringComparison.OrdinalIgnoreCase))
                text = text[(isPlain ? Plain : Tls).Length..];
            var colon = text.IndexOf(':', text.LastIndexOf(']') + 1);
            int? port = null;
            if (colon >= 0)
            {
                if (!int.TryParse(text.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var number) || number is < 1 or > 65535)
                    return null;
                port = number;
            }
            var host = colon < 0 ? text : text[..colon];
            // Both as a URL writes it, so that the two can be compared.
            return Uri.CheckHostName(host.Trim('[', ']')) != UriHostNameType.Unknown && Uri.TryCreate($"http://{host}/", UriKind.Absolute, out var url)
                ? new Entry(url.IdnHost.TrimEnd('.'), port, isPlain)
                : null;
        }

        public override string ToString() => (IsPlain ? Plain : "") + (Host.Contains(':', StringComparison.Ordinal) ? $"[{Host}]" : Host) + (Port is { } port ? $":{port}" : "");
    }
}
