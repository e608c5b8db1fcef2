using Influx;

namespace Migration;

/// <summary>Finds out what is to be moved, and cuts it into chunks of one measurement over some windows.</summary>
/// <param name="source">The source.</param>
/// <param name="destination">The destination.</param>
/// <param name="request">What is asked for.</param>
/// <param name="time">The clock.</param>
/// <param name="isLaterRun"><see cref="RunContext.IsLaterRun"/>.</param>
/// <param name="partial">What an earlier call found before its deadline came; null to begin.</param>
public sealed class Planner(
    IInfluxClient source, IInfluxClient destination, MigrationRequest request, TimeProvider time, bool isLaterRun = false, MigrationPlan? partial = null)
{
    // A chunk's plan and receipt stay small when a sparse measurement has thousands of windows.
    private const int MaxWindowsPerChunk = 500;

    private readonly DateTimeOffset created = partial?.Created ?? time.GetUtcNow();
    private readonly List<Chunk> chunks = [.. partial?.Chunks ?? []];
    private readonly List<PlanRemark> remarks = [.. partial?.Remarks ?? []];
    private readonly RequestFilters filters = new(request, partial?.Position?.Matched ?? []);
    private readonly Dictionary<int, BucketSurvey> surveys = [];
    private readonly HashSet<string> planned = new(partial?.Position?.Planned ?? [], StringComparer.Ordinal);
    private IReadOnlyList<BucketPair>? pairs = partial?.Buckets;
    private int bucket = partial?.Position?.Bucket ?? 0;
    private WindowScan? scan = partial?.Position?.Scan;

    /// <summary>What stops a run of the plan, each a sentence.</summary>
    public IReadOnlyList<string> Conflicts { get; private set; } = [];

    /// <summary>What was found so far, for a planner of the same run that goes on.</summary>
    public MigrationPlan Partial(string? run) => Plan() with { Position = new PlanPosition { Run = run, Bucket = bucket, Planned = [.. planned], Scan = scan, Matched = [.. filters.Matched] } };

    /// <summary>Makes the plan; reads from both servers and writes nothing. After an error it goes on where it was.</summary>
    public async Task<MigrationPlan> PlanAsync(CancellationToken cancellationToken) =>
        await PlanAsync(stopBy: null, cancellationToken) ?? throw new InvalidOperationException("without a deadline everything is planned");

    /// <summary>The same in several calls.</summary>
    /// <returns>Null when the deadline came first: <see cref="Partial(string?)"/> has what was found.</returns>
    public async Task<MigrationPlan?> PlanAsync(DateTimeOffset? stopBy, CancellationToken cancellationToken)
    {
        if (source.Version.Family == ServerFamily.V3)
            throw new RejectedException(RejectionKind.Unsupported, $"the source is an InfluxDB {source.Version}: sources are InfluxDB 1.x and 2.x");
        pairs ??= await BucketPairs.FindAsync(source, request, cancellationToken);
        var preflight = new ScopePreflight(request);
        await preflight.CheckSourceAsync(source, pairs, cancellationToken);
        await preflight.CheckDestinationAsync(destination, pairs, resumed: isLaterRun, cancellationToken);
        Conflicts = await FindConflictsAsync(pairs, cancellationToken);
        if (partial is null && request.Measurements.Any(MigrationRequest.IsName))
            await CheckNamesAsync(pairs, cancellationToken);
        for (var pace = new WindowPace(stopBy, time); bucket < pairs.Count; bucket++)
        {
            if (!await PlanBucketAsync(pairs[bucket], pace, cancellationToken))
                return null;
            planned.Clear();
        }
        var unreadable = remarks.Where(remark => remark.Hidden == HiddenPart.Bucket).ToList();
        if (unreadable.Count > 0 && unreadable.Count == pairs.Count)
            throw new RejectedException(RejectionKind.Unmapped, $"no bucket of the source can be read, and of the first: {unreadable[0].Text}");
        return Plan() with { Warnings = preflight.Warnings, Unmatched = filters.Unmatched(chunks.Count > 0) };
    }

    private MigrationPlan Plan() => new()
    {
        Created = created,
        Request = request,
        Source = new PlannedServer(request.Source.Url, source.Version.ToString()),
        Destination = new PlannedServer(request.Destination.Url, destination.Version.ToString()),
        Dialect = destination.Dialect,
        Buckets = pairs ?? [],
        Chunks = chunks,
        Remarks = remarks,
        Conflicts = Conflicts,
    };

    private async Task<IReadOnlyList<string>> FindConflictsAsync(IReadOnlyList<BucketPair> all, CancellationToken cancellationToken)
    {
        List<string> found = destination.Version.Family == ServerFamily.V2 ? [.. ShadowedNames(all)] : [];
        foreach (var pair in all)
        {
            var there = await destination.FindBucketAsync(pair.DestinationOrg, pair.DestinationName, cancellationToken) is not null;
            if (DestinationBuckets.Refusal(pair, there, isOwn: false, destination.Dialect, request) is { } refusal)
                found.Add(refusal);
        }
        return found;
    }

    // To InfluxQL, through which a destination is read back, a bucket without a policy in its name has the policy autogen.
    private static IEnumerable<string> ShadowedNames(IReadOnlyList<BucketPair> all)
    {
        const string Policy = "/autogen";
        var names = all.Select(pair => (pair.DestinationOrg, pair.DestinationName)).ToHashSet();
        return all
            .Where(pair => pair.DestinationName.EndsWith(Policy, StringComparison.Ordinal) && names.Contains((pair.DestinationOrg, pair.DestinationName[..^Policy.Length])))
            .Select(pair => $"InfluxQL has one name for the destination's buckets '{pair.DestinationName}' and '{pair.DestinationName[..^Policy.Length]}', so that the first can't be "
                + "read back: give it another name with --bucket-map");
    }

    /// <summary>Plans the measurements of a bucket that are not planned yet; false when the deadline comes first.</summary>
    private async Task<bool> PlanBucketAsync(BucketPair pair, WindowPace pace, CancellationToken cancellationToken)
    {
        if (!surveys.Remove(pair.Index, out var survey))
            survey = await BucketSurvey.TryMakeAsync(source, pair.Source, request, remarks, cancellationToken);
        if (survey is null)
            return true;
        filters.See(survey.Names);
        // A call that goes on surveys the bucket again.
        remarks.AddRange(survey.Remarks.Except(remarks));
        if (survey.Readable.Count == 0)
            return true;
        var grid = await BucketGrid.FindAsync(source, pair.Source, cancellationToken);
        foreach (var (measurement, schema) in survey.Readable)
        {
            var name = measurement.ToString();
            if (planned.Contains(name))
                continue;
            if (!pace.Allows)
                return false;
            try
            {
                if (await FindWindowsAsync(pair, schema, name, grid, pace, cancellationToken) is not { } windows)
                    return false;
                var hidden = await survey.LookCloserAsync(measurement, schema, found: windows.Count > 0, cancellationToken);
                var tagKeys = await TagKeysAsync(pair.Source, schema, name, windows, cancellationToken);
                remarks.AddRange([.. hidden, .. SchemaRemarks.Of(pair.Source.Name, name, schema, tagKeys, destination.Dialect)]);
                AddChunks(pair, name, windows);
            }
            catch (RejectedException refused) when (refused.Kind == RejectionKind.Invalid)
            {
                // One measurement that the server does not answer for never stops the others.
                remarks.Add(survey.Refused(measurement, refused));
            }
            planned.Add(name);
            scan = null;
        }
        return true;
    }

    // Of the first and the last window: a tag that came and went in between is told when its points are rejected.
    private async Task<IReadOnlyCollection<ByteKey>> TagKeysAsync(
        Bucket bucket, FieldSchema schema, string measurement, List<PlannedWindow> windows, CancellationToken cancellationToken)
    {
        var keys = new SortedSet<ByteKey>();
        foreach (var window in windows.Count > 1 ? [windows[0], windows[^1]] : windows)
            keys.UnionWith(await source.TagKeysAsync(bucket, measurement, InfluxQl.FieldColumns(schema), window.Range, InfluxQl.TagCondition(request.Tags), cancellationToken));
        return keys;
    }

    private async Task<List<PlannedWindow>?> FindWindowsAsync(
        BucketPair pair, FieldSchema schema, string measurement, BucketGrid grid, WindowPace pace, CancellationToken cancellationToken)
    {
        if (scan is null || scan.Measurement != measurement || scan.Columns != InfluxQl.CountColumns(schema))
            scan = WindowFinder.NewScan(measurement, schema);
        var finder = new WindowFinder(source, pair.Source, InfluxQl.TagCondition(request.Tags), request.Range);
        return await finder.FindAsync(schema, grid.For(schema), grid.Stop, scan, pace, cancellationToken);
    }

    /// <summary>Looks into all buckets for the measurements that are asked for by name, before the first is planned.</summary>
    private async Task CheckNamesAsync(IReadOnlyList<BucketPair> all, CancellationToken cancellationToken)
    {
        foreach (var pair in all)
        {
            if (await BucketSurvey.TryMakeAsync(source, pair.Source, request, remarks, cancellationToken) is not { } survey)
                continue;
            surveys[pair.Index] = survey;
            filters.See(survey.Names);
        }
        filters.CheckNames([.. surveys.Values.SelectMany(survey => survey.Names).Distinct(StringComparer.Ordinal)]);
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
                Id = Chunk.IdOf(pair.Index, chunks.Count),
                Bucket = pair.Index,
                Measurement = measurement,
                Windows = gathered.ToArray(),
            });
            gathered.Clear();
            values = 0;
        }
    }
}
