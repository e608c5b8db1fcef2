using Influx;
using Microsoft.Extensions.Logging;

namespace Migration;

/// <summary>A destination bucket that may be written into.</summary>
/// <param name="Bucket">The bucket, with the retention that it has now.</param>
/// <param name="HoldsMore">Whether it may hold more than this migration writes.</param>
public sealed record DestinationBucket(Bucket Bucket, bool HoldsMore);

/// <summary>
/// Creates the destination buckets, or finds those that may be written into. Deletes none. What it does is noted in the staging
/// store before it is done, so that a run that is killed in between, or another one at the same time, knows it as its own.
/// </summary>
/// <param name="destination">The destination.</param>
/// <param name="store">The staging store.</param>
/// <param name="plan">The plan.</param>
/// <param name="logger">The log.</param>
public sealed class DestinationBuckets(IInfluxClient destination, IStagingStore store, MigrationPlan plan, ILogger logger)
{
    /// <summary>Why a destination bucket stops a run; null when it does not.</summary>
    /// <param name="pair">Where it stands in the plan.</param>
    /// <param name="there">Whether it is there.</param>
    /// <param name="isOwn">Whether this migration made it.</param>
    /// <param name="dialect">The destination's.</param>
    /// <param name="request">What is asked for.</param>
    public static string? Refusal(BucketPair pair, bool there, bool isOwn, Dialect dialect, MigrationRequest request)
    {
        var name = ShownText.Line(pair.DestinationName);
        if (there)
        {
            return isOwn || request.Existing == ExistingBucket.Reuse ? null
                : $"the destination already has a bucket '{name}': name another one ({Renaming(pair, request)}), or write into it with --existing reuse";
        }
        return BucketNames.Reason(dialect, pair.DestinationName) is { } reason
            ? $"the destination can't have a bucket '{name}': {reason}. Name another one: {Renaming(pair, request)}"
            : null;
    }

    /// <summary>Makes all of them ready, in the order of the plan's buckets; none before it is known that nothing stops one of them.</summary>
    /// <exception cref="RejectedException">Some are there and may not be written into, or can't be made.</exception>
    public async Task<IReadOnlyList<DestinationBucket>> PrepareAsync(CancellationToken cancellationToken)
    {
        var looks = new List<(BucketPair Pair, Bucket? Found, DestinationRecord? Record)>(plan.Buckets.Count);
        foreach (var pair in plan.Buckets)
        {
            // In this order: a bucket that another run has made since has its record by then.
            var found = await destination.WithGrantAdviceAsync(
                pair.DestinationName, write: true, () => destination.FindBucketAsync(pair.DestinationOrg, pair.DestinationName, cancellationToken));
            looks.Add((pair, found, await RecordAsync(store, pair.Index, cancellationToken)));
        }
        // Under whatever pair: a changed --bucket-map may give one bucket's name to another.
        var own = looks.SelectMany(look => MadeNames(look.Pair, look.Record).Select(name => (look.Pair.DestinationOrg, name))).ToHashSet();
        var refusals = new List<string>();
        foreach (var (pair, found, record) in looks)
        {
            var isOwn = own.Contains((pair.DestinationOrg, pair.DestinationName)) || (record is not null && IsOf(pair, record));
            if ((await WrittenAsync(pair, record, cancellationToken) ?? Refusal(pair, found is not null, isOwn, destination.Dialect, plan.Request)) is { } refusal)
                refusals.Add(refusal);
        }
        if (refusals.Count > 0)
            throw new RejectedException(RejectionKind.Invalid, string.Join('\n', refusals));
        var ready = new List<DestinationBucket>(plan.Buckets.Count);
        foreach (var (pair, found, record) in looks)
        {
            var isOwn = own.Contains((pair.DestinationOrg, pair.DestinationName));
            ready.Add(await destination.WithGrantAdviceAsync(
                pair.DestinationName, write: true, () => PrepareAsync(pair, found, record, isOwn, cancellationToken)));
        }
        return ready;
    }

    /// <summary>What <see cref="PrepareAsync(CancellationToken)"/> and <see cref="WidenAsync(IReadOnlyList{DestinationBucket}, CancellationToken)"/> noted of a bucket, without asking the server.</summary>
    /// <exception cref="StagingException">It was not prepared.</exception>
    public static async Task<DestinationBucket> FindAsync(IStagingStore store, int pair, CancellationToken cancellationToken)
    {
        var record = await RecordAsync(store, pair, cancellationToken);
        if (record?.Bucket is not { } bucket)
            throw new StagingException($"'{StagingLayout.Destination(pair)}' is missing in {store.Location}: run the migration again", StagingFault.Unfinished);
        return new DestinationBucket(
            record.RetentionToPutBackSeconds is null ? bucket : bucket with { Retention = TimeSpan.Zero }, !record.CreatedByThisRun);
    }

    /// <summary>Whether some bucket's widened retention is still to be put back.</summary>
    public static async Task<bool> AnyWidenedAsync(IStagingStore store, MigrationPlan plan, CancellationToken cancellationToken)
    {
        foreach (var pair in plan.Buckets)
        {
            if (await RecordAsync(store, pair.Index, cancellationToken) is { RetentionToPutBackSeconds: not null })
                return true;
        }
        return false;
    }

    /// <summary>Lifts the retention for the load where that is asked for.</summary>
    public async Task<IReadOnlyList<DestinationBucket>> WidenAsync(IReadOnlyList<DestinationBucket> ready, CancellationToken cancellationToken)
    {
        if (plan.Request.Retention != RetentionMode.Widen)
            return ready;
        var widened = new List<DestinationBucket>(ready.Count);
        for (var i = 0; i < ready.Count; i++)
            widened.Add(ready[i] with { Bucket = await WidenAsync(plan.Buckets[i], ready[i].Bucket, cancellationToken) });
        return widened;
    }

    /// <summary>Puts every widened retention back; does nothing where none was widened.</summary>
    public async Task PutBackAsync(CancellationToken cancellationToken)
    {
        foreach (var pair in plan.Buckets)
            await PutBackAsync(pair, cancellationToken);
    }

    private async Task<DestinationBucket> PrepareAsync(
        BucketPair pair, Bucket? found, DestinationRecord? record, bool isOwn, CancellationToken cancellationToken)
    {
        if (record is null || !IsOf(pair, record))
        {
            var fresh = new DestinationRecord { Name = pair.DestinationName, Earlier = MadeNames(pair, record), CreatedByThisRun = found is null || isOwn };
            var replace = record is not null;
            record = await store.WriteJsonAsync(StagingLayout.Destination(pair.Index), fresh, MigrationJson.Default.DestinationRecord, replace, cancellationToken)
                ? fresh
                : await RecordAsync(store, pair.Index, cancellationToken) ?? fresh;
        }
        if (record.Bucket is { } known)
            found = await SameAsync(pair, known, found, cancellationToken);
        if (found is null)
        {
            found = await CreateAsync(pair, cancellationToken);
            logger.BucketCreated(found.Name);
            record = record with { Bucket = null };
        }
        // Not written again when it is known: that could undo what the widening noted meanwhile.
        if (record.Bucket is null)
            await WriteAsync(pair, record with { Bucket = found }, cancellationToken);
        return new DestinationBucket(found, !record.CreatedByThisRun);
    }

    // The receipts of import and verification speak of the bucket that was there when they were written.
    private async Task<Bucket> SameAsync(BucketPair pair, Bucket known, Bucket? found, CancellationToken cancellationToken)
    {
        // Another run may have made it since the look.
        found ??= await destination.FindBucketAsync(pair.DestinationOrg, pair.DestinationName, cancellationToken);
        if (found is not null && found.Id == known.Id)
            return found;
        throw new StagingException(
            $"the destination's bucket '{known.Name}', which this migration has written into, {(found is null ? "is gone" : "is another one now")}: what the receipts in {store.Location} say "
            + $"went with it. To write all of it again, remove 'receipts/import', 'receipts/verify' and '{StagingLayout.Destination(pair.Index)}' there, and run again");
    }

    // What to put back is noted first, so that a resumed run puts it back too.
    private async Task<Bucket> WidenAsync(BucketPair pair, Bucket bucket, CancellationToken cancellationToken)
    {
        var record = await RecordAsync(store, pair.Index, cancellationToken)
            ?? throw new StagingException($"'{StagingLayout.Destination(pair.Index)}' is missing in {store.Location}");
        if (record.RetentionToPutBackSeconds is null && bucket.Retention == TimeSpan.Zero)
            return bucket;
        if (record.RetentionToPutBackSeconds is null)
            await WriteAsync(pair, record with { RetentionToPutBackSeconds = bucket.Retention.TotalSeconds }, cancellationToken);
        await destination.SetRetentionAsync(bucket, TimeSpan.Zero, cancellationToken);
        logger.RetentionSet(bucket.Name, "for ever during the load");
        return bucket with { Retention = TimeSpan.Zero };
    }

    private async Task PutBackAsync(BucketPair pair, CancellationToken cancellationToken)
    {
        var record = await RecordAsync(store, pair.Index, cancellationToken);
        if (record is not { RetentionToPutBackSeconds: { } seconds, Bucket: { } bucket })
            return;
        var retention = TimeSpan.FromSeconds(seconds);
        await destination.SetRetentionAsync(bucket, retention, cancellationToken);
        await WriteAsync(pair, record with { RetentionToPutBackSeconds = null }, cancellationToken);
        logger.RetentionSet(bucket.Name, retention.ToString());
    }

    // Receipts of an import say nothing of the name that it went to, so that under another one the points would be missing.
    private async Task<string?> WrittenAsync(BucketPair pair, DestinationRecord? record, CancellationToken cancellationToken)
    {
        if (record is null || IsOf(pair, record))
            return null;
        var written = record.RetentionToPutBackSeconds is not null;
        await foreach (var _ in store.ListAsync($"{StagingLayout.ImportReceipts}{Chunk.IdStart(pair.Index)}", cancellationToken))
        {
            written = true;
            break;
        }
        return written
            ? $"'{ShownText.Line(pair.Source.Name)}' went to '{ShownText.Line(NameOf(pair, record))}' when an earlier run wrote points of it there, so that name can't be changed any more: "
                + "leave it as it was, or begin anew with another --dir-name"
            : null;
    }

    private static string Renaming(BucketPair pair, MigrationRequest request) => request.Full
        ? ShellWords.Join(ShellWords.Option("--bucket-map", $"{PairText.Key(pair.Source.Name)}=NAME"))
        : "--dest-bucket NAME";

    private static string NameOf(BucketPair pair, DestinationRecord record) => record.Name ?? record.Bucket?.Name ?? pair.DestinationName;

    private static bool IsOf(BucketPair pair, DestinationRecord record) => NameOf(pair, record) == pair.DestinationName;

    private static IReadOnlyList<string> MadeNames(BucketPair pair, DestinationRecord? record) =>
        record is null ? [] : record.CreatedByThisRun ? [.. record.Earlier, NameOf(pair, record)] : record.Earlier;

    private static Task<DestinationRecord?> RecordAsync(IStagingStore store, int pair, CancellationToken cancellationToken) =>
        store.ReadJsonAsync(StagingLayout.Destination(pair), MigrationJson.Default.DestinationRecord, cancellationToken);

    private Task<bool> WriteAsync(BucketPair pair, DestinationRecord record, CancellationToken cancellationToken) =>
        store.WriteJsonAsync(StagingLayout.Destination(pair.Index), record, MigrationJson.Default.DestinationRecord, replace: true, cancellationToken);

    private async Task<Bucket> CreateAsync(BucketPair pair, CancellationToken cancellationToken)
    {
        var source = pair.Source;
        var policy = plan.Source.Version.StartsWith('1') ? source.RetentionPolicy : "autogen";
        var made = await MakeOrFindAsync(
            new BucketPlan(pair.DestinationName, pair.DestinationOrg, policy, source.Retention, source.ShardGroupDuration), cancellationToken);
        if (destination.Version.Family != ServerFamily.V3
            && (made.Retention != source.Retention || made.ShardGroupDuration != source.ShardGroupDuration))
            throw new RejectedException(
                RejectionKind.Unsupported,
                $"the destination made the bucket '{made.Name}' with retention {made.Retention} and shard group duration {made.ShardGroupDuration}, "
                + $"but {source.Retention} and {source.ShardGroupDuration} were asked for: nothing was written");
        return made;
    }

    private async Task<Bucket> MakeOrFindAsync(BucketPlan wanted, CancellationToken cancellationToken)
    {
        try
        {
            return await destination.CreateBucketAsync(wanted, cancellationToken);
        }
        catch (RejectedException)
        {
            // Another run of this migration may have made it since the look.
            if (await destination.FindBucketAsync(wanted.Org, wanted.Name, cancellationToken) is { } found)
                return found;
            throw;
        }
    }
}
