using Influx;

namespace Migration;

/// <summary>
/// Tests before anything is written that each token can do what the migration needs of it, and not much more. A token that can
/// is refused, or where the request allows it noted among the warnings.
/// </summary>
/// <param name="request">What is asked for.</param>
public sealed class ScopePreflight(MigrationRequest request)
{
    private readonly HashSet<string> warnings = new(StringComparer.Ordinal);

    /// <summary>What the report repeats.</summary>
    public IReadOnlyList<string> Warnings => [.. warnings];

    /// <summary>Checks the source's token: it reads the buckets of the plan.</summary>
    /// <exception cref="RejectedException">It can do much more.</exception>
    public async Task CheckSourceAsync(IInfluxClient source, IReadOnlyList<BucketPair> pairs, CancellationToken cancellationToken)
    {
        if (pairs.Count == 0)
            return;
        var need = new TokenNeed(TokenRole.Source, [.. pairs.Select(pair => pair.Source)], CreatesIn: []);
        Judge(await source.ScopeAsync(need, cancellationToken), need.Role, Advice("source", request.Source.Url, request.Source.Org, pairs.Select(pair => pair.Source.Name)));
    }

    /// <summary>Checks the destination's token: it reads and writes the buckets that are there, and makes the others.</summary>
    /// <param name="destination">The destination.</param>
    /// <param name="pairs">The buckets of the plan.</param>
    /// <param name="resumed">Whether an earlier run may have made some of them.</param>
    /// <param name="cancellationToken">Cancels.</param>
    /// <exception cref="RejectedException">It lacks a right, or can do much more.</exception>
    public async Task CheckDestinationAsync(
        IInfluxClient destination, IReadOnlyList<BucketPair> pairs, bool resumed, CancellationToken cancellationToken)
    {
        if (pairs.Count == 0)
            return;
        var there = new List<Bucket>();
        var absent = new List<BucketPair>();
        foreach (var pair in pairs)
        {
            var found = await destination.WithGrantAdviceAsync(
                pair.DestinationName, write: true, () => destination.FindBucketAsync(pair.DestinationOrg, pair.DestinationName, cancellationToken));
            if (found is null)
                absent.Add(pair);
            else
                there.Add(found);
        }
        if (there.Count == 0 && absent.Count > 0 && await destination.BlindReasonAsync(cancellationToken) is { } blind && blind.Contains("inactive", StringComparison.Ordinal))
            throw new RejectedException(RejectionKind.Token, blind);
        // A bucket that is there and may not be written into stops the plan by itself, whatever the token.
        var need = new TokenNeed(
            TokenRole.Destination,
            resumed || request.Existing == ExistingBucket.Reuse ? there : [],
            [.. absent.Select(pair => pair.DestinationOrg).Distinct(StringComparer.Ordinal)],
            resumed || (there.Count > 0 && request.Existing == ExistingBucket.Fail));
        var scope = await destination.WithGrantAdviceAsync(pairs[0].DestinationName, write: true, () => destination.ScopeAsync(need, cancellationToken));
        var advice = Advice("destination", request.Destination.Url, request.Destination.Org, pairs.Select(pair => pair.DestinationName));
        Judge(
            scope,
            need.Role,
            absent.Count == 0 ? advice
                : destination.Version.Family == ServerFamily.V1 ? $"make the databases as an admin, as no other user may, then {advice} and migrate with --existing reuse"
                : advice + " --create-buckets");
    }

    private void Judge(TokenScope scope, TokenRole role, string advice)
    {
        warnings.UnionWith(scope.Remarks);
        if (scope.Excess.Count == 0)
            return;
        var sentence = $"the {role.ToString().ToLowerInvariant()}'s token can do much more than this migration needs: it {string.Join("; it ", scope.Excess)}";
        if (!request.AllowBroadToken)
            throw new RejectedException(
                RejectionKind.Token,
                $"{sentence}. Make one that fits, with the admin's token in the environment: {advice}; or go on with this one: --allow-broad-token");
        warnings.Add(sentence + " (--allow-broad-token)");
    }

    private static string Advice(string role, string url, string? org, IEnumerable<string> buckets) =>
        ShellWords.Join([
            "influx-migrate", "token", "create", "--print", "--role", role, "--host", url,
            .. org is null ? [] : ShellWords.Option("--org", org), .. buckets.SelectMany(bucket => ShellWords.Option("--bucket", bucket)),
        ]);
}
