using System.Net;

namespace Influx;

/// <summary>Reads a token: of 2.x and 3 the token, of 1.x <c>user:password</c>, null for a server with authentication off.</summary>
/// <param name="refused">The one that the server has just answered 401 to, so that a cache is passed by; null for the first time.</param>
/// <param name="cancellationToken">Cancels.</param>
public delegate ValueTask<Secret?> TokenReader(Secret? refused, CancellationToken cancellationToken);

/// <summary>Where a server is and how to get in.</summary>
public sealed record ServerOptions
{
    /// <summary>Scheme, host and port, such as <c>https://influx.example.com:8086</c>; a path before InfluxDB's own is kept.</summary>
    public required Uri Url { get; init; }

    /// <summary>Reads the token; called again once when the server answers 401, since a token can be rotated in the middle of a run.</summary>
    public TokenReader ReadToken { get; init; } = (_, _) => new((Secret?)null);

    /// <summary>
    /// Whether the token is <c>user:password</c> of a 2.x server, which is signed in with for a session: never sent along, and never
    /// read again on a 401.
    /// </summary>
    public bool SignsIn { get; init; }

    /// <summary>A PEM file with the certificates of the authorities to trust instead of the system's.</summary>
    public string? CaFile { get; init; }

    /// <summary>The same certificates as text in PEM, where they come from no file.</summary>
    public string? CaPem { get; init; }

    /// <summary>Whether the server's certificate goes unchecked.</summary>
    public bool SkipVerify { get; init; }

    /// <summary>
    /// Makes each connection, and may refuse to with a <see cref="RejectedException"/>; null for the system's way, through the
    /// environment's proxy where there is one.
    /// </summary>
    public Func<DnsEndPoint, CancellationToken, ValueTask<Stream>>? Connect { get; init; }

    /// <summary>
    /// How long a server may take for the head of a query's answer while it still answers /ping, since a count reads all that it counts;
    /// nothing else may take longer either.
    /// </summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>The limits of everything else.</summary>
    public HttpLimits Limits { get; init; } = new();

    /// <summary>How requests whose answer is small are tried again; by default not at all. Writes and streams of points are left to the caller.</summary>
    public RetryPolicy Retry { get; init; } = RetryPolicy.None;

    /// <summary>Told, once a query, that a server takes long for it but is there.</summary>
    public Action<string>? OnSlow { get; init; }

    /// <summary>What a person calls the server in messages: <c>source</c> or <c>destination</c>.</summary>
    public string Role { get; init; } = "server";

    /// <summary>Where a person sets the token, such as <c>INFLUX_SRC_TOKEN</c>, for messages; empty to name none.</summary>
    public string TokenName { get; init; } = "";

    /// <summary>Reads a URL as people type it.</summary>
    /// <param name="text">The text.</param>
    /// <param name="url">The URL.</param>
    /// <returns>What is wrong with it as a sentence, or null.</returns>
    public static string? TryParseUrl(string text, out Uri? url)
    {
        if (!Uri.TryCreate(text, UriKind.Absolute, out url) || url.Scheme is not ("http" or "https") || url.Host.Length == 0)
            return $"'{text}' is no URL of a server: give scheme, host and port, such as https://influx.example.com:8086";
        if (!text.Contains($":{url.Port}", StringComparison.Ordinal))
            return $"'{text}' has no port: give scheme, host and port, such as {url.Scheme}://{url.Host}:8086";
        if (url.UserInfo.Length > 0)
            return "a URL must not hold a user or a password: tokens come from INFLUX_SRC_TOKEN and INFLUX_DEST_TOKEN";
        return url.Query.Length > 0 || url.Fragment.Length > 0 ? $"'{text}' must end with the port or a path" : null;
    }
}
