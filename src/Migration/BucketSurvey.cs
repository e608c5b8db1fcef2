using Influx;

namespace Migration;

/// <summary>What a bucket has, told apart by whether InfluxQL reads it.</summary>
internal sealed class BucketSurvey
{
    private const string FromFilesOnly = "it is not moved; its values can be had only from the server's files";

    // A statement stays short where other retention policies have thousands of measurements.
    private const int MeasurementsAtOnce = 200;

    private readonly IInfluxClient client;
    private readonly Bucket bucket;
    private readonly List<PlanRemark> remarks = [];
    private readonly SortedDictionary<ByteKey, FieldSchema> readable = [];

    private BucketSurvey(IInfluxClient client, Bucket bucket) => (this.client, this.bucket) = (client, bucket);

    /// <summary>The measurements that are asked for and can be read, with their readable fields.</summary>
    public IReadOnlyDictionary<ByteKey, FieldSchema> Readable => readable;

    /// <summary>What is asked for and can't be read.</summary>
    public IReadOnlyList<PlanRemark> Remarks => remarks;

    /// <summary>The names of all measurements that the bucket has, asked for or not.</summary>
    public IReadOnlySet<string> Names { get; private set; } = new HashSet<string>();

    /// <summary>Asks a server for it.</summary>
    public static async Task<BucketSurvey> MakeAsync(IInfluxClient client, Bucket bucket, MigrationRequest request, CancellationToken cancellationToken)
    {
        var survey = new BucketSurvey(client, bucket);
        var schemas = await client.FieldKeysAsync(bucket, measurement: null, cancellationToken);
        var bare = await survey.BareAsync(schemas, cancellationToken);
        survey.Names = schemas.Keys.Concat(bare).Select(measurement => measurement.ToString()).ToHashSet(StringComparer.Ordinal);
        foreach (var (measurement, schema) in schemas.Where(measurement => request.Takes(measurement.Key.ToString())))
            survey.Add(measurement, schema);
        foreach (var measurement in bare.Where(measurement => request.Takes(measurement.ToString())))
        {
            survey.Hide(measurement,
                "the server lists the measurement and shows no field of it, as it does with a backslash before a comma or a space in a name: " + FromFilesOnly);
        }
        return survey;
    }

    /// <summary>The same, but one bucket of all that can't be read never stops the others.</summary>
    /// <param name="client">The server.</param>
    /// <param name="bucket">The bucket.</param>
    /// <param name="request">What is asked for.</param>
    /// <param name="hidden">Gets a remark where the bucket can't be read.</param>
    /// <param name="cancellationToken">Cancels.</param>
    /// <returns>Null where it can't.</returns>
    public static async Task<BucketSurvey?> TryMakeAsync(
        IInfluxClient client, Bucket bucket, MigrationRequest request, List<PlanRemark> hidden, CancellationToken cancellationToken)
    {
        try
        {
            return await MakeAsync(client, bucket, request, cancellationToken);
        }
        catch (RejectedException refused) when (request.Full && (refused.Kind is RejectionKind.Unmapped or RejectionKind.NotFound or RejectionKind.Invalid))
        {
            var remark = new PlanRemark(bucket.Name, "", $"the bucket can't be read: {refused.Message}", Rejects: false, HiddenPart.Bucket);
            if (!hidden.Contains(remark))
                hidden.Add(remark);
            return null;
        }
    }

    /// <summary>What is hidden of a measurement that looks readable; empty where nothing is known to be.</summary>
    /// <param name="measurement">The measurement.</param>
    /// <param name="schema">Its fields.</param>
    /// <param name="found">Whether any value was found in it.</param>
    /// <param name="cancellationToken">Cancels.</param>
    public async Task<IReadOnlyList<PlanRemark>> LookCloserAsync(ByteKey measurement, FieldSchema schema, bool found, CancellationToken cancellationToken)
    {
        // Two names that differ by a backslash there are two in InfluxDB's files and one in its index.
        var isAmbiguous = measurement.Span.IndexOfAny(", =\"\\"u8) >= 0;
        if (found && !isAmbiguous)
            return [];
        var shown = new ShownSeries();
        await client.QueryAsync(bucket, InfluxQl.FirstValues(measurement.ToString(), schema, bySeries: isAmbiguous), shown, cancellationToken);
        if (shown.Count > 0 && !isAmbiguous)
            return [];
        var counted = (await SeriesAsync([measurement], cancellationToken)).Sum(series => series.Count);
        if (counted > 0 && shown.Count == 0)
            return [Remark(measurement, $"the server shows series and fields of the measurement, and no value: {FromFilesOnly}", HiddenPart.Measurement)];
        // A series may have values of fields that can't be read alone.
        if (counted > shown.Count && schema.Hidden.Count == 0)
        {
            return [Remark(
                measurement,
                $"the server counts {counted:N0} series of the measurement and shows values of {shown.Count:N0}: a name that differs from this one by a backslash only is the same to InfluxQL, "
                + "and what the server's files have under it may not be shown: only from there it can be moved",
                HiddenPart.Measurement)];
        }
        return schema.HasConflict ? [] : [.. schema.Fields.Where(field => !shown.Columns.Contains(ByteKey.From($"first_{field.Key}"))).Select(field => Remark(
            measurement,
            $"no value of the field '{field.Key}' is shown: a name that differs from this measurement's by a backslash only hides it, or all of its values were deleted; {FromFilesOnly}",
            HiddenPart.Field))];
    }

    /// <summary>The remark of a measurement that a server refuses to answer for.</summary>
    public PlanRemark Refused(ByteKey measurement, RejectedException refused) =>
        Remark(measurement, $"{refused.Message}: {FromFilesOnly}", HiddenPart.Measurement);

    private void Add(ByteKey measurement, FieldSchema schema)
    {
        var name = measurement.ToString();
        if (!measurement.IsUtf8)
            Hide(measurement, $"the measurement's name has bytes that are no UTF-8, which InfluxQL can't ask for: {FromFilesOnly}");
        else if (SystemNames.IsUnreadable(name))
            Hide(measurement, $"InfluxQL keeps the name '{name}' for itself and does not read a measurement of it: {FromFilesOnly}");
        else if (InfluxQl.UncountableReason(schema) is { } reason)
            Hide(measurement, $"{reason}: {FromFilesOnly}");
        else
        {
            remarks.AddRange(schema.Hidden.Select(field => Remark(
                measurement,
                $"the field '{field}' can't be read through this server's InfluxQL, which answers that name with words of its own and never with what is stored: {FromFilesOnly}",
                HiddenPart.Field)));
            if (schema.Count > 0)
                readable[measurement] = schema;
        }
    }

    private void Hide(ByteKey measurement, string reason) => remarks.Add(Remark(measurement, reason, HiddenPart.Measurement));

    private PlanRemark Remark(ByteKey measurement, string text, HiddenPart part) => new(bucket.Name, measurement.Readable(), text, Rejects: false, part);

    /// <summary>Measurements that are listed, that have series in this bucket, and of which no field is shown.</summary>
    private async Task<IReadOnlyList<ByteKey>> BareAsync(IReadOnlyDictionary<ByteKey, FieldSchema> schemas, CancellationToken cancellationToken)
    {
        // A 3 keeps tables of columns, and hides none.
        if (client.Version.Family == ServerFamily.V3)
            return [];
        var bare = new List<ByteKey>();
        try
        {
            // 1.x lists the measurements of all retention policies of a database, and counts series by retention policy.
            var listed = await client.MeasurementsAsync(bucket, cancellationToken);
            foreach (var some in listed.Where(measurement => !schemas.ContainsKey(measurement)).Chunk(MeasurementsAtOnce))
                bare.AddRange((await SeriesAsync(some, cancellationToken)).Select(series => series.Measurement));
        }
        catch (RejectedException refused) when (refused.Kind is RejectionKind.Invalid or RejectionKind.Unsupported)
        {
            remarks.Add(new PlanRemark(bucket.Name, "", $"whether the server hides measurements can't be told: {refused.Message}", Rejects: false));
        }
        return bare;
    }

    private async Task<List<(ByteKey Measurement, long Count)>> SeriesAsync(IEnumerable<ByteKey> measurements, CancellationToken cancellationToken) =>
        [.. (await client.ReadAsync(bucket, InfluxQl.CountSeries(measurements), cancellationToken))
            .Select(row => (row.Series, row.Find("count") as long? ?? 0)).Where(series => series.Item2 > 0)];
}
