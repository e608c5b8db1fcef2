using System.Collections.Concurrent;
using Influx;

namespace Migration;

/// <summary>Compares two live servers window by window, and moves nothing.</summary>
/// <param name="source">The source.</param>
/// <param name="destination">The destination.</param>
/// <param name="request">What is compared.</param>
/// <param name="retry">How transient failures are tried again.</param>
/// <param name="time">The clock.</param>
/// <param name="progress">What is counted: plan and verify.</param>
public sealed class Comparison(
    IInfluxClient source, IInfluxClient destination, MigrationRequest request, RetryPolicy retry, TimeProvider time, MigrationProgress progress)
{
    private readonly string? condition = InfluxQl.TagCondition(request.Tags);
    private readonly WindowReader sourceReader = new(source, InfluxQl.TagCondition(request.Tags));
    private readonly WindowReader destinationReader = new(destination, InfluxQl.TagCondition(request.Tags));

    /// <summary>Compares all that the request names.</summary>
    /// <exception cref="RejectedException">A server refuses, or a bucket is at one end only.</exception>
    public async Task<ComparisonReport> CompareAsync(CancellationToken cancellationToken)
    {
        progress.Plan.Start(time, 0, 0);
        var (measurements, hidden, filters) = await retry.RunAsync(PlanAsync, cancellationToken);
        progress.Plan.Stop(time);
        var windows = measurements.SelectMany(measurement => measurement.Windows.Select(window => (Measurement: measurement, Window: window))).ToList();
        progress.Verify.Start(time, windows.Count, windows.Sum(window => window.Window.FieldValues));
        var found = new ConcurrentBag<(ComparedMeasurement Measurement, WindowAnswer Answer)>();
        await Parallel.ForEachAsync(
            windows,
            new ParallelOptions { MaxDegreeOfParallelism = Math.Min(request.Concurrency, 2), CancellationToken = cancellationToken },
            async (window, token) =>
            {
                var answer = await CompareAsync(window.Measurement, window.Window.Range, token);
                found.Add((window.Measurement, answer));
                progress.Verify.Add(0, answer.SourceValues);
                progress.Verify.ChunkDone();
            });
        progress.Verify.Stop(time);
        var answers = found.ToLookup(one => one.Measurement, one => one.Answer);
        return new ComparisonReport
        {
            Request = request,
            Source = new PlannedServer(request.Source.Url, source.Version.ToString()),
            Destination = new PlannedServer(request.Destination.Url, destination.Version.ToString()),
            SourceRemarks = hidden[0],
            DestinationRemarks = hidden[1],
            Unmatched = filters.Unmatched(measurements.Any(measurement => measurement.Windows.Count > 0)),
            Measurements = [.. measurements.Select(measurement => new MeasurementComparison
            {
                SourceBucket = measurement.Source.Name,
                DestinationBucket = measurement.Destination.Name,
                Measurement = measurement.Name,
                Windows = measurement.Windows.Count,
                SourceFieldValues = answers[measurement].Sum(answer => answer.SourceValues),
                DestinationFieldValues = answers[measurement].Sum(answer => answer.DestinationValues),
                Differences = [.. answers[measurement].SelectMany(answer => answer.Differences).OrderBy(difference => difference.Start)],
            })],
        };
    }

    private async Task<(List<ComparedMeasurement> Measurements, List<PlanRemark>[] Hidden, RequestFilters Filters)> PlanAsync(CancellationToken cancellationToken)
    {
        var measurements = new List<ComparedMeasurement>();
        List<PlanRemark>[] hidden = [[], []];
        var filters = new RequestFilters(request, matched: []);
        var names = new HashSet<string>(StringComparer.Ordinal);
        foreach (var pair in await BucketPairs.FindAsync(source, request, cancellationToken))
        {
            var other = await destination.FindBucketAsync(pair.DestinationOrg, pair.DestinationName, cancellationToken)
                ?? throw new RejectedException(
                    RejectionKind.NotFound,
                    $"the destination shows no bucket '{pair.DestinationName}': it does not exist, or the token may not read it, which InfluxDB does not tell apart. "
                    + $"To let a token read it: {destination.GrantAdvice(pair.DestinationName, write: false)}");
            if (await BucketSurvey.TryMakeAsync(source, pair.Source, request, hidden[0], cancellationToken) is not { } ofSource
                || await BucketSurvey.TryMakeAsync(destination, other, request, hidden[1], cancellationToken) is not { } ofDestination)
                continue;
            BucketSurvey[] surveys = [ofSource, ofDestination];
            foreach (var survey in surveys)
            {
                filters.See(survey.Names);
                names.UnionWith(survey.Names);
            }
            await PlanBucketAsync(pair.Source, other, surveys, measurements, hidden, cancellationToken);
        }
        filters.CheckNames(names);
        return (measurements, hidden, filters);
    }

    private async Task PlanBucketAsync(
        Bucket from, Bucket to, BucketSurvey[] surveys, List<ComparedMeasurement> measurements, List<PlanRemark>[] hidden, CancellationToken cancellationToken)
    {
        for (var end = 0; end < 2; end++)
            hidden[end].AddRange(surveys[end].Remarks);
        var (sourceGrid, destinationGrid) = (await BucketGrid.FindAsync(source, from, cancellationToken), await BucketGrid.FindAsync(destination, to, cancellationToken));
        var grids = new[] { sourceGrid.CutBy(destinationGrid), destinationGrid.CutBy(sourceGrid) };
        var finders = new[] { new WindowFinder(source, from, condition, request.Range), new WindowFinder(destination, to, condition, request.Range) };
        foreach (var measurement in surveys[0].Readable.Keys.Union(surveys[1].Readable.Keys).Order())
        {
            var own = surveys.Select(survey => survey.Readable.GetValueOrDefault(measurement)).ToArray();
            // One grid for both ends, fine enough for either.
            var grid = own.OfType<FieldSchema>().Select(grids[0].For).MinBy(one => one.Duration);
            var windows = new SortedDictionary<long, PlannedWindow>();
            var refused = false;
            for (var end = 0; end < 2; end++)
            {
                if (own[end] is not { } schema)
                    continue;
                try
                {
                    var found = await finders[end].FindAsync(measurement.ToString(), schema, grid, grids[end].Stop, cancellationToken);
                    hidden[end].AddRange(await surveys[end].LookCloserAsync(measurement, schema, found: found.Count > 0, cancellationToken));
                    foreach (var window in found)
                        Add(window);
                }
                catch (RejectedException no) when (no.Kind == RejectionKind.Invalid)
                {
                    hidden[end].Add(surveys[end].Refused(measurement, no));
                    refused = true;
                }
            }
            if (!refused)
                measurements.Add(new ComparedMeasurement(from, to, measurement.ToString(), [.. windows.Values.SelectMany(window => window.Cut(request.ChunkFieldValues))]));

            void Add(PlannedWindow window)
            {
                // Each end cuts the first and the last window to its own points.
                var place = grid.WindowOf(window.Start).Start;
                windows[place] = windows.TryGetValue(place, out var known)
                    ? new PlannedWindow(Math.Min(known.Start, window.Start), Math.Max(known.Stop, window.Stop), Math.Max(known.FieldValues, window.FieldValues))
                    : window;
            }
        }
    }

    private async Task<WindowAnswer> CompareAsync(ComparedMeasurement measurement, TimeRange window, CancellationToken cancellationToken)
    {
        var parts = new WindowParts(window);
        return await parts.ReadAsync(() => retry.RunAsync(
            token => request.Verify == VerifyMode.Counts ? CountAsync(measurement, parts, token) : ReadAsync(measurement, parts, token),
            cancellationToken));
    }

    private async Task<WindowAnswer> CountAsync(ComparedMeasurement measurement, WindowParts parts, CancellationToken cancellationToken)
    {
        var counts = await CountBothAsync(measurement, parts, cancellationToken);
        if (!counts[0].IsSame(counts[1]) || counts[0].FieldValues == 0)
        {
            var again = await CountBothAsync(measurement, parts, cancellationToken);
            counts = [Fuller(measurement, parts, counts[0], again[0]), Fuller(measurement, parts, counts[1], again[1])];
        }
        var (missing, extra) = counts[0].Against(counts[1]);
        if ((missing, extra) == (0, 0))
            return new WindowAnswer(counts[0].FieldValues, counts[1].FieldValues, []);
        return Answer(measurement, parts.Window, counts[0].FieldValues, counts[1].FieldValues, missing, extra, changed: 0, examples: []);
    }

    private async Task<WindowAnswer> ReadAsync(ComparedMeasurement measurement, WindowParts parts, CancellationToken cancellationToken)
    {
        var (expected, found) = (new ContentTally(), new ContentTally());
        await Task.WhenAll(
            sourceReader.ReadAsync(measurement.Source, measurement.Name, parts.Ranges, expected, cancellationToken),
            destinationReader.ReadAsync(measurement.Destination, measurement.Name, parts.Ranges, found, cancellationToken));
        if (expected.Digest == found.Digest && expected.FieldValues == found.FieldValues && found.FieldValues > 0)
            return new WindowAnswer(expected.FieldValues, found.FieldValues, []);
        var counts = await CountBothAsync(measurement, parts, cancellationToken);
        var diff = new WindowDiff();
        await sourceReader.ReadAsync(measurement.Source, measurement.Name, parts.Ranges, diff.Expected, cancellationToken);
        await destinationReader.ReadAsync(measurement.Destination, measurement.Name, parts.Ranges, diff.Found, cancellationToken);
        // Only what an end shows of all that it counts may be called a difference.
        if (!diff.ExpectedCounts.HasAllOf(counts[0]))
            throw Short("source", measurement, parts, counts[0], diff.ExpectedCounts);
        if (!diff.FoundCounts.HasAllOf(counts[1]))
            throw Short("destination", measurement, parts, counts[1], diff.FoundCounts);
        // Live servers may have become equal since.
        if (diff.SameSums)
            return new WindowAnswer(diff.FoundSum.FieldValues, diff.FoundSum.FieldValues, []);
        if (diff.HasMissing)
            await sourceReader.ReadAsync(measurement.Source, measurement.Name, parts.Ranges, diff.Missing, cancellationToken);
        return Answer(
            measurement, parts.Window, diff.ExpectedCounts.FieldValues, diff.FoundCounts.FieldValues, diff.MissingBesides(new WindowContent()), diff.Extra, diff.Changed, diff.Examples);
    }

    private Task<FieldCounts[]> CountBothAsync(ComparedMeasurement measurement, WindowParts parts, CancellationToken cancellationToken) => Task.WhenAll(
        sourceReader.CountAsync(measurement.Source, measurement.Name, parts.Ranges, cancellationToken),
        destinationReader.CountAsync(measurement.Destination, measurement.Name, parts.Ranges, cancellationToken));

    // An answer can lack something and be well formed, but none has what is not there.
    private static FieldCounts Fuller(ComparedMeasurement measurement, WindowParts parts, FieldCounts first, FieldCounts second) =>
        second.HasAllOf(first) ? second
        : first.HasAllOf(second) ? first
        : throw new TransientException($"'{measurement.Name}' {parts.Window}: two counts differ, {first.FieldValues} and {second.FieldValues} field values");

    private static TransientException Short(string end, ComparedMeasurement measurement, WindowParts parts, FieldCounts counted, FieldCounts read) => new(
        $"'{measurement.Name}' {parts.Window}: the {end}'s answer has {read.FieldValues} field values, but it counts {counted.FieldValues}: "
        + $"part of an answer is lost on its way, look for a proxy before the {end}");

    private static WindowAnswer Answer(
        ComparedMeasurement measurement, TimeRange window, long sourceValues, long destinationValues, long missing, long extra, long changed, IReadOnlyList<string> examples) =>
        new(sourceValues, destinationValues, [new WindowDifference
        {
            Bucket = measurement.Destination.Name,
            Measurement = measurement.Name,
            Start = window.Start,
            Stop = window.Stop,
            Missing = missing,
            Extra = extra,
            Changed = changed,
            Examples = missing + extra + changed > 0 ? examples : ["the digests differ, though no field value does: an answer had some of them more than once"],
        }]);

    private sealed record ComparedMeasurement(Bucket Source, Bucket Destination, string Name, IReadOnlyList<PlannedWindow> Windows);

    private sealed record WindowAnswer(long SourceValues, long DestinationValues, IReadOnlyList<WindowDifference> Differences);
}
