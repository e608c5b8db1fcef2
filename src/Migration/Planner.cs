using Influx;

namespace Migration;

/// <summary>Finds out what is to be moved, and cuts it into chunks of one measurement over some windows.</summary>
/// <param name="source">The source.</param>
/// <param name="destination">The destination.</param>
/// <param name="request">What is asked for.</param>
/// <param name="time">The clock.</param>
/// <param name="isLaterRun"><see cref="RunContext.IsLaterRun"/>.</param>
public sealed class Planner(IInfluxClient source, IInfluxClient destination, MigrationRequest request, TimeProvider time, bool isLaterRun = false)
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
        var pairs = await BucketPairs.FindAsync(source, request, cancellationToken);
        var preflight = new ScopePreflight(request);
        await preflight.CheckSourceAsync(source, pairs, cancellationToken);
        await preflight.CheckDestinationAsync(destination, pairs, resumed: isLaterRun, cancellationToken);
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
            Warnings = preflight.Warnings,
        };
    }

    private async Task PlanBucketAsync(BucketPair pair, CancellationToken cancellationToken)
    {
        var schemas = await source.FieldKeysAsync(pair.Source, measurement: null, cancellationToken);
        if (schemas.Count == 0)
            return;
        var grid = await BucketGrid.FindAsync(source, pair.Source, cancellationToken);
        var tagKeys = await source.TagKeysAsync(pair.Source, cancellationToken);
        var windows = new WindowFinder(source, pair.Source, InfluxQl.TagCondition(request.Tags), request.Range);
        foreach (var (measurement, schema) in schemas)
        {
            var name = measurement.ToString();
            if (!request.Takes(name))
                continue;
            BucketPairs.CheckName(pair.Source, measurement);
            Remark(pair.Source.Name, name, schema, tagKeys.GetValueOrDefault(measurement) ?? []);
            AddChunks(pair, name, await windows.FindAsync(name, schema, grid.For(schema), grid.Stop, cancellationToken));
        }
    }

    private void AddChunks(BucketPair pair, string measurement, IEnumerable<PlannedWindow> windows)
    {
        var gathered = new List<PlannedWindow>();
        var values = 0L;
        foreach (var window in windows.SelectMany(window => window.Cut(request.ChunkFieldValues)))
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
