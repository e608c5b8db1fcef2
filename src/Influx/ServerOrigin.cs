namespace Influx;

/// <summary>Scheme, host and port of a server: what a token belongs to, whatever the path.</summary>
public static class ServerOrigin
{
    /// <summary>
    /// The origin in the one form in which two of them are compared: scheme and host in small letters, names in ASCII and without the dot
    /// of the root, addresses in their shortest form, and the port always there.
    /// </summary>
    public static string Of(Uri url)
    {
        var host = url.IdnHost.TrimEnd('.').ToLowerInvariant();
        return FormattableString.Invariant($"{url.Scheme}://{(url.HostNameType == UriHostNameType.IPv6 ? $"[{host}]" : host)}:{url.Port}");
    }

    /// <summary>Whether a token and points would leave this machine in the clear.</summary>
    /// <param name="url">The server; a text that is no URL leads nowhere.</param>
    public static bool IsExposed(string url) => Uri.TryCreate(url, UriKind.Absolute, out var read) && read.Scheme == Uri.UriSchemeHttp && !read.IsLoopback;
}
