namespace TestServers;

/// <summary>How an <see cref="Influx2Server"/> is set up; the defaults are a fresh 2.7.1 after onboarding.</summary>
public sealed record Influx2Options
{
    /// <summary>What the server says it is. Answers that differ by version follow it: 2.3, 2.4, 2.5, 2.7.5, 2.7.12 and 2.9 are borders.</summary>
    public string Version { get; init; } = "v2.7.1";

    /// <summary>False for a server that waits for its POST /api/v2/setup.</summary>
    public bool Onboarded { get; init; } = true;

    /// <summary>The first user.</summary>
    public string User { get; init; } = "admin";

    /// <summary>The first user's password.</summary>
    public string Password { get; init; } = "password1";

    /// <summary>The first org.</summary>
    public string Org { get; init; } = "org1";

    /// <summary>The first bucket; it keeps points for ever.</summary>
    public string Bucket { get; init; } = "bucket1";

    /// <summary>A body above this many bytes gets 413, as a proxy in front would do; null for none, as the real server.</summary>
    public long? MaxBodyBytes { get; init; }

    /// <summary>Fixes ids and tokens, for comparing with recordings: given kind and name it returns one, or null for a random one.</summary>
    public Func<string, string, string?>? Identity { get; init; }
}

/// <summary>A request that a test server has answered. Passwords and tokens are masked.</summary>
/// <param name="Method">The method.</param>
/// <param name="Target">Path and query.</param>
/// <param name="Status">The status of the answer.</param>
public sealed record ReceivedRequest(string Method, string Target, int Status);
