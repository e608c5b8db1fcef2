using Influx;

namespace Functions.Rotation;

internal sealed partial class Influx2Rotation
{
    // Every org has it, no migration writes it, and its name is found without a right: a write of nothing tells who could.
    private const string ForeignBucket = "_tasks";

    public async Task TestAsync(SecretVersions versions, RotatedSecret pending, CancellationToken cancellationToken)
    {
        var entry = (await ListAsync(cancellationToken)).FirstOrDefault(token => IsOf(token, pending))
            ?? throw Wrong(pending, "its token is not at the server any more");
        if (!entry.Active)
            throw Wrong(pending, "its token is inactive");
        TokenScopeRule.Check(pending, entry.Permissions);
        using var itself = new Influx2Tokens(options with { ReadToken = (_, _) => new(pending.Token), SignsIn = false, TokenName = "" }, grace.Time);
        var reads = Ids(entry, "read");
        var writes = Ids(entry, "write");
        foreach (var (id, name) in reads.Concat(writes).DistinctBy(bucket => bucket.Key))
        {
            if (reads.ContainsKey(id) && await itself.MayReadAsync(id, cancellationToken) == false)
                throw Wrong(pending, $"it can't read the bucket '{name}'");
            var written = await itself.MayWriteAsync(entry.OrgId, id, cancellationToken);
            if (written is { } does && does != (writes.ContainsKey(id) || HasAll(entry, "write")))
                throw Wrong(pending, does ? $"it can write the bucket '{name}'" : $"it can't write the bucket '{name}'");
        }
        if (!HasAll(entry, "write") && await itself.MayWriteAsync(entry.OrgId, ForeignBucket, cancellationToken) == true)
            throw Wrong(pending, $"it can write other buckets than its own, such as '{ForeignBucket}'");
        var visible = await itself.VisibleBucketsAsync(cancellationToken);
        if (!HasAll(entry, "read") && visible.FirstOrDefault(id => !reads.ContainsKey(id)) is { } foreign)
            throw Wrong(pending, $"it can read other buckets than its own, such as {foreign}");
    }

    private static Dictionary<string, string> Ids(TokenEntry entry, string action) => entry.Permissions
        .Where(right => right.Action == action && right.Type == "buckets" && right.Id is not null)
        .DistinctBy(right => right.Id, StringComparer.Ordinal).ToDictionary(right => right.Id!, right => right.Name ?? right.Id!, StringComparer.Ordinal);

    private static bool HasAll(TokenEntry entry, string action) =>
        entry.Permissions.Any(right => right.Action == action && right.Type == "buckets" && right.Id is null);

    private static NamedException Wrong(RotatedSecret secret, string what) => TokenScopeRule.Wrong(secret, what);
}
