using Influx;
using Migration;

namespace Functions;

/// <summary>What an environment lets an execution's input ask for.</summary>
public sealed record InputRules
{
    /// <summary>Whether the servers' certificates may go unchecked.</summary>
    public bool AllowSkipVerify { get; init; }

    /// <summary>Whether a server may be reached over http, where its token and points travel in the clear.</summary>
    public bool AllowPlainHttp { get; init; }

    /// <summary>Where the functions may connect to.</summary>
    public AllowedHosts Hosts { get; init; } = AllowedHosts.Any;

    /// <summary>
    /// Chunks at a time, at most: as many as the functions have reserved invocations. More would only be throttled, and chunks that
    /// wait so find no place while new ones begin.
    /// </summary>
    public int MostConcurrency { get; init; } = MigrationInput.MostConcurrency;

    /// <summary>What a request asks for that it may not, each a sentence.</summary>
    public IEnumerable<string> Problems(MigrationRequest request)
    {
        foreach (var (role, server) in new[] { ("source", request.Source), ("destination", request.Destination) })
        {
            // What is no URL at all is another one's problem.
            if (ServerOptions.TryParseUrl(server.Url, out var url) is null && Problem(url!) is { } problem)
                yield return $"the {role}: {problem}";
        }
        if (request.SkipVerify && !AllowSkipVerify)
            yield return "'skipVerify' is not allowed in this environment: put the authority's certificate into the server's secret as caCertificate";
    }

    /// <summary>Why a server may not be connected to, as a sentence that says what to do, or null.</summary>
    public string? Problem(Uri url) => Hosts.Problem(url) ?? (url.Scheme == Uri.UriSchemeHttp && !AllowPlainHttp
        ? $"'{ServerOrigin.Of(url)}' is plain http, where token and points travel in the clear, which this environment does not allow: give an https URL, "
            + "or set the environment's allowPlainHttp and deploy again"
        : null);

    /// <summary>Refuses a request that asks for what it may not: an earlier execution's, when the environment allowed more.</summary>
    /// <exception cref="Exception">Named <see cref="ErrorNames.InvalidInput"/>; all problems are in its message.</exception>
    public void Check(MigrationRequest request) => Refuse([.. Problems(request)]);

    internal static void Refuse(IReadOnlyList<string> problems)
    {
        if (problems.Count > 0)
            throw new NamedException(
                ErrorNames.InvalidInput, problems.Count == 1 ? problems[0] : $"{problems.Count} problems: {string.Join("; ", problems)}");
    }
}
