using System.IO.Enumeration;
using Influx;

namespace Migration;

/// <summary>Finds out what is to be moved, and cuts it into chunks of one measurement over some windows.</summary>
/// <param name="source">The source.</param>
/// <param name="destination">The destination.</param>
/// <param name="request">What is asked for.</param>
/// <param name="time">The clock.</param>
public sealed class Planner(IInfluxClient source, IInfluxClient destination, MigrationRequest request, TimeProvider time)
{
    // A chunk's plan and receipt stay small when a sparse measurement has thousands of windows.
    private const int MaxWindowsPerChunk = 500;

    private readonly List<Chunk> chunks = [];
    private readonly List<PlanRemark> remarks = [];
    private readonly List<string> conflicts = [];

    /// <summary>Makes the plan; reads from both servers and writes nothing.</summary>
    public async Task<MigrationPlan> PlanAsync(CancellationToken cancellationToken)
    {
        if (source.Version.Family == ServerFamily.V3)
            throw new RejectedException(RejectionKind.Unsupported, $"the source is an InfluxDB {source.Version}: sources are InfluxDB 1.x and 2.x");
        var pairs = await PairsAsync(cancellationToken);
        foreach (var pair in pairs)
        {
            if (request.Existing == ExistingBucket.Fail
                && await destination.FindBucketAsync(pair.DestinationOrg, pair.DestinationName, cancellationToken) is not null)
                conflicts.Add(DestinationBuckets.ExistsReason(pair.DestinationName));
            await PlanBucketAsync(pair, cancellationToken);
        }
        return new MigrationPlan
        {
            Created = time.GetUtcNow(),
            Request = request,
            Source = new PlannedServer(request.Source.Url, source.Version.ToString()),
            Destination = new PlannedServer(request.Destination.Url, destination.Version.ToString()),
            Dialect = destination.Dialect,
            Buckets = pairs,
            Chunks = chunks,
            Remarks = remarks,
            Conflicts = conflicts,
        };
    }

    private async Task<List<BucketPair>> PairsAsync(CancellationToken cancellationToken)
    {
        if (!request.Full)
        {
            var name = request.Source.Bucket!;
            var bucket = await source.WithGrantAdviceAsync(name, write: false, () => source.FindBucketAsync(request.Source.Org, name, cancellationToken))
                ?? throw new RejectedException(
                    RejectionKind.NotFound,
                    $"the source shows no bucket '{name}': it does not exist, or the token may not read it, which InfluxDB does not tell apart. "
                    + $"To let a token read it: {source.GrantAdvice(name, write: false)}");
            return [Pair(0, bucket, request.Destination.Org, request.Destination.Bucket)];
        }
        var pairs = new List<BucketPair>();
        foreach (var bucket in await source.ListBucketsAsync(cancellationToken))
        {
            var org = request.Destination.Org;
            if (org is null && bucket.OrgId.Length > 0)
                org = await source.OrgNameAsync(bucket.OrgId, cancellationToken);
            pairs.Add(Pair(pairs.Count, bucket, org, destinationName: null));
        }
        var twice = pairs.GroupBy(pair => (pair.DestinationOrg, pair.DestinationName)).FirstOrDefault(group => group.Count() > 1);
        if (twice is not null)
            throw new RejectedException(
                RejectionKind.Invalid,
                $"{twice.Count()} source buckets would go to '{twice.Key.DestinationName}' of one org: leave --dest-org out, or move them one by one with --src-org and --dest-bucket");
        return pairs;
    }

    private BucketPair Pair(int index, Bucket bucket, string? org, string? destinationName) => new()
    {
        Index = index,
        Source = bucket,
        DestinationOrg = org,
        DestinationName = destinationName ?? request.BucketMap.GetValueOrDefault(bucket.Name, bucket.Name),
    };

    private async Task PlanBucketAsync(BucketPair pair, CancellationToken cancellationToken)
    {
        var schemas = await source.FieldKeysAsync(pair.Source, measurement: null, cancellationToken);
        if (schemas.Count == 0)
            return;
        var grid = await GridAsync(pair.Source, cancellationToken);
        var tagKeys = await source.TagKeysAsync(pair.Source, cancellationToken);
        var windows = new WindowFinder(source, pair.Source, InfluxQl.TagCondition(request.Tags), request.Range);
        foreach (var (measurement, schema) in schemas)
        {
            var name = measurement.ToString();
            if (request.Measurements.Count > 0 && !request.Measurements.Any(glob => FileSystemName.MatchesSimpleExpression(glob, name, ignoreCase: false)))
                continue;
            if (ByteKey.From(name) != measurement)
                throw new RejectedException(
                    RejectionKind.Unsupported,
                    $"the measurement '{name}' of '{pair.Source.Name}' has a name that is no UTF-8, which InfluxQL can't ask for: choose the others with --measurement");
            Remark(pair.Source.Name, name, schema, tagKeys.GetValueOrDefault(measurement) ?? []);
            // Inside one shard group a field has one type; where the groups are not told, no group is shorter than an hour.
            var ownGrid = !schema.HasConflict || grid.Known ? grid.Grid : new ShardGrid(3_600_000_000_000);
            AddChunks(pair, name, await windows.FindAsync(name, schema, ownGrid, grid.Stop, cancellationToken));
        }
    }

    // Stop is that of the last group, past which no point lies; null where the groups don't tell.
    private async Task<(ShardGrid Grid, bool Known, long? Stop)> GridAsync(Bucket bucket, CancellationToken cancellationToken)
    {
        var grid = new ShardGrid((long)bucket.ShardGroupDuration.TotalMicroseconds * 1000);
        var groups = await source.ShardGroupsAsync(bucket, cancellationToken);
        // The groups at the ends of time are cut, and neither their length nor their stop says anything.
        var whole = groups?.Where(group => group.Start > Timestamp.Min && group.Stop < Timestamp.Max - 1_000_000_000 && group.Length > 0 && group.Length < long.MaxValue).ToList() ?? [];
        foreach (var group in whole)
            grid = grid.CommonWith((long)group.Length);
        return (grid, groups is not null, whole.Count > 0 && whole.Count == groups!.Count ? whole.Max(group => group.Stop) : null);
    }

    private void AddChunks(BucketPair pair, string measurement, IEnumerable<PlannedWindow> windows)
    {
        var gathered = new List<PlannedWindow>();
        var values = 0L;
        foreach (var window in windows.SelectMany(Cut))
        {
            if (gathered.Count > 0 && (values + window.FieldValues > request.ChunkFieldValues || gathered.Count == MaxWindowsPerChunk))
                Close();
            gathered.Add(window);
            values += window.FieldValues;
        }
        Close();

        void Close()
        {
            if (gathered.Count == 0)
                return;
            chunks.Add(new Chunk
            {
                Id = $"{pair.Index:D3}-{chunks.Count:D6}",
                Bucket = pair.Index,
                Measurement = measurement,
                Windows = gathered.ToArray(),
            });
            gathered.Clear();
            values = 0;
        }
    }

    // A dense window is cut evenly in time: a chunk is what a killed run does over.
    private IEnumerable<PlannedWindow> Cut(PlannedWindow window)
    {
        var parts = (window.FieldValues + request.ChunkFieldValues - 1) / request.ChunkFieldValues;
        if (parts <= 1 || window.Range.Length < parts)
        {
            yield return window;
            yield break;
        }
        for (var part = 0L; part < parts; part++)
        {
            var start = (long)(window.Start + (window.Range.Length * part / parts));
            var stop = (long)(window.Start + (window.Range.Length * (part + 1) / parts));
            yield return new PlannedWindow(start, stop, window.FieldValues / parts);
        }
    }

    private void Remark(string bucket, string measurement, FieldSchema schema, IReadOnlyList<ByteKey> tagKeys)
    {
        foreach (var (key, types) in schema.Fields)
        {
            if (types.Count > 1)
            {
                var names = string.Join(", ", types.Select(type => type.Name()));
                var oneForAll = destination.Dialect == Dialect.V3;
                Add($"the field '{key}' has {types.Count} types in different shards ({names}); {(oneForAll ? "InfluxDB 3 keeps the one that comes first and refuses the others" : "each window keeps its own")}", oneForAll);
            }
            if (tagKeys.Contains(key))
                Add($"'{key}' is a tag and a field", rejects: false);
            foreach (var type in types)
            {
                if (DialectLimits.FieldReason(destination.Dialect, key, type, [.. tagKeys.Select(tag => new SeriesTag(tag, tag))], 0) is { } reason)
                    Add($"{type.Name()} values of the field '{key}' will be rejected: {reason}", rejects: true);
            }
        }
        foreach (var tag in tagKeys)
        {
            if (DialectLimits.TagKeyReason(destination.Dialect, tag) is { } reason)
                Add($"points with the tag '{tag}' will be rejected: {reason}", rejects: true);
        }

        void Add(string text, bool rejects) => remarks.Add(new PlanRemark(bucket, measurement, text, rejects));
    }
}
