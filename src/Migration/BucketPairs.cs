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
        var twice = pairs.GroupBy(pair => (pair.DestinationOrg, pair.DestinationName)).FirstOrDefault(group => group.Count() > 1);
        if (twice is not null)
            throw new RejectedException(
                RejectionKind.Invalid,
                $"{twice.Count()} source buckets would go to '{twice.Key.DestinationName}' of one org: leave --dest-org out, or move them one by one with --src-org and --dest-bucket");
        return pairs;
    }

    private static BucketPair Pair(MigrationRequest request, int index, Bucket bucket, string? org, string? destinationName) => new()
    {
        Index = index,
        Source = bucket,
        DestinationOrg = org,
        DestinationName = destinationName ?? request.BucketMap.GetValueOrDefault(bucket.Name, bucket.Name),
    };

    /// <summary>A measurement's name as InfluxQL can ask for it.</summary>
    /// <exception cref="RejectedException">It is no UTF-8.</exception>
    public static void CheckName(Bucket bucket, ByteKey measurement)
    {
        var name = measurement.ToString();
        if (ByteKey.From(name) != measurement)
            throw new RejectedException(
                RejectionKind.Unsupported,
                $"the measurement '{name}' of '{bucket.Name}' has a name that is no UTF-8, which InfluxQL can't ask for: choose the others with --measurement");
    }
}
