using Influx;
using Microsoft.Extensions.Logging;

namespace Migration;

/// <summary>Creates the destination buckets, or finds those that may be written into. Deletes none.</summary>
internal sealed class DestinationBuckets(IInfluxClient destination, IStagingStore store, MigrationPlan plan, ILogger logger)
{
    /// <summary>Why a bucket that is there stops a run.</summary>
    public static string ExistsReason(string bucket) =>
        $"the destination already has a bucket '{bucket}': name another one, or write into it with --existing reuse";

    /// <summary>Makes a pair's destination ready.</summary>
    /// <returns>The bucket, and whether it may hold more than this run writes.</returns>
    public async Task<(Bucket Bucket, bool HoldsMore)> PrepareAsync(BucketPair pair, CancellationToken cancellationToken)
    {
        var key = StagingLayout.Destination(pair.Index);
        var record = await store.ReadJsonAsync(key, MigrationJson.Default.DestinationRecord, cancellationToken);
        var found = await destination.FindBucketAsync(pair.DestinationOrg, pair.DestinationName, cancellationToken);
        if (found is not null && record is null && plan.Request.Existing == ExistingBucket.Fail)
            throw new RejectedException(RejectionKind.Invalid, ExistsReason(pair.DestinationName));
        record ??= new DestinationRecord { CreatedByThisRun = found is null };
        // Written before the bucket is made, so that a run killed in between knows it as its own.
        await store.WriteJsonAsync(key, record, MigrationJson.Default.DestinationRecord, replace: true, cancellationToken);
        if (found is null)
        {
            found = await CreateAsync(pair, cancellationToken);
            logger.BucketCreated(found.Name);
        }
        await store.WriteJsonAsync(key, record with { Bucket = found }, MigrationJson.Default.DestinationRecord, replace: true, cancellationToken);
        return (found, !record.CreatedByThisRun);
    }

    /// <summary>Lifts the retention for the load; what to put back is noted first, so that a resumed run puts it back too.</summary>
    public async Task<Bucket> WidenAsync(BucketPair pair, Bucket bucket, CancellationToken cancellationToken)
    {
        if (plan.Request.Retention != RetentionMode.Widen)
            return bucket;
        var key = StagingLayout.Destination(pair.Index);
        var record = await store.ReadJsonAsync(key, MigrationJson.Default.DestinationRecord, cancellationToken)
            ?? throw new StagingException($"'{key}' is missing in {store.Location}");
        if (record.RetentionToPutBackSeconds is null && bucket.Retention == TimeSpan.Zero)
            return bucket;
        if (record.RetentionToPutBackSeconds is null)
            await store.WriteJsonAsync(key, record with { RetentionToPutBackSeconds = bucket.Retention.TotalSeconds }, MigrationJson.Default.DestinationRecord, replace: true, cancellationToken);
        await destination.SetRetentionAsync(bucket, TimeSpan.Zero, cancellationToken);
        logger.RetentionSet(bucket.Name, "for ever during the load");
        return bucket with { Retention = TimeSpan.Zero };
    }

    /// <summary>Puts a widened retention back; does nothing where none was widened.</summary>
    public async Task PutBackAsync(BucketPair pair, CancellationToken cancellationToken)
    {
        var key = StagingLayout.Destination(pair.Index);
        var record = await store.ReadJsonAsync(key, MigrationJson.Default.DestinationRecord, cancellationToken);
        if (record is not { RetentionToPutBackSeconds: { } seconds, Bucket: { } bucket })
            return;
        var retention = TimeSpan.FromSeconds(seconds);
        await destination.SetRetentionAsync(bucket, retention, cancellationToken);
        await store.WriteJsonAsync(key, record with { RetentionToPutBackSeconds = null }, MigrationJson.Default.DestinationRecord, replace: true, cancellationToken);
        logger.RetentionSet(bucket.Name, retention.ToString());
    }

    private async Task<Bucket> CreateAsync(BucketPair pair, CancellationToken cancellationToken)
    {
        var source = pair.Source;
        var policy = plan.Source.Version.StartsWith('1') ? source.RetentionPolicy : "autogen";
        var made = await destination.CreateBucketAsync(
            new BucketPlan(pair.DestinationName, pair.DestinationOrg, policy, source.Retention, source.ShardGroupDuration), cancellationToken);
        if (destination.Version.Family != ServerFamily.V3
            && (made.Retention != source.Retention || made.ShardGroupDuration != source.ShardGroupDuration))
            throw new RejectedException(
                RejectionKind.Unsupported,
                $"the destination made the bucket '{made.Name}' with retention {made.Retention} and shard group duration {made.ShardGroupDuration}, "
                + $"but {source.Retention} and {source.ShardGroupDuration} were asked for: nothing was written");
        return made;
    }
}
