using Influx;

namespace Migration;

/// <summary>The buckets of a request, each with where it goes.</summary>
internal static class BucketPairs
{
    /// <summary>Finds them at the source.</summary>
    /// <exception cref="RejectedException">There is no such bucket, or two would go to one.</exception>
    public static async Task<List<BucketPair>> FindAsync(
        IInfluxClient source, MigrationRequest request, CancellationToken cancellationToken)
    {
        if (!request.Full)
        {
            var name = request.Source.Bucket!;
            var bucket = await source.WithGrantAdviceAsync(name, write: false, () => source.FindBucketAsync(request.Source.Org, name, cancellationToken))
                ?? throw new RejectedException(
                    RejectionKind.NotFound,
                    (await source.BlindReasonAsync(cancellationToken) is { } reason ? reason + ". " : "") +
                    $"the source shows no bucket '{name}': it does not exist, or the token may not read it, which InfluxDB does not tell apart. "
                    + $"To let a token read it: {source.GrantAdvice(name, write: false)}");
            return [Pair(request, 0, bucket, request.Destination.Org, request.Destination.Bucket)];
        }
        var pairs = new List<BucketPair>();
        foreach (var bucket in await source.ListBucketsAsync(cancellationToken))
        {
            var org = request.Destination.Org;
            if (org is null && bucket.OrgId.Length > 0)
                org = await source.OrgNameAsync(bucket.OrgId, cancellationToken);
            pairs.Add(Pair(request, pairs.Count, bucket, org, destinationName: null));
        }
        if (pairs.Count == 0 && await source.BlindReasonAsync(cancellationToken) is { } blind)
            throw new RejectedException(RejectionKind.Token, $"{blind}. To let a token read a bucket: {source.GrantAdvice("<bucket>", write: false)}");
        // On 1.x the first bucket of a database makes its default retention policy, which a name without one stands for.
        pairs = [.. pairs.OrderBy(pair => pair.DestinationName.Contains('/', StringComparison.Ordinal)).Select((pair, index) => pair with { Index = index })];
        CheckNames(pairs);
        return pairs;
    }

    /// <summary>The pairs of a plan with the names that are asked for now.</summary>
    /// <exception cref="RejectedException">Two would go to one.</exception>
    public static IReadOnlyList<BucketPair> Rename(IReadOnlyList<BucketPair> pairs, MigrationRequest request)
    {
        var renamed = pairs.Select(pair => pair with { DestinationName = Name(request, pair.Source, request.Destination.Bucket) }).ToList();
        CheckNames(renamed);
        return renamed;
    }

    private static void CheckNames(IEnumerable<BucketPair> pairs)
    {
        var twice = pairs.GroupBy(pair => (pair.DestinationOrg, pair.DestinationName)).Where(group => group.Count() > 1)
            .Select(group => $"{group.Count()} source buckets would go to '{ShownText.Line(group.Key.DestinationName)}' of one org").ToList();
        if (twice.Count > 0)
            throw new RejectedException(
                RejectionKind.Invalid,
                $"{string.Join("; ", twice)}: leave --dest-org out, give other names with --bucket-map, or move them one by one with --src-org and --dest-bucket");
    }

    private static BucketPair Pair(MigrationRequest request, int index, Bucket bucket, string? org, string? destinationName) => new()
    {
        Index = index,
        Source = bucket,
        DestinationOrg = org,
        DestinationName = Name(request, bucket, destinationName),
    };

    private static string Name(MigrationRequest request, Bucket source, string? destinationName) =>
        destinationName ?? request.BucketMap.GetValueOrDefault(source.Name, source.Name);
}
