using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace TestServers;

/// <summary>
/// One write. As on 2.x one line that can't be parsed refuses the whole body with 400; conflicts and points beyond retention refuse
/// those points only, with 422. That is settled by the backend, except for what 1.6.7 does otherwise: conflicts inside one batch,
/// unsigned fields, strings above 1 MiB, and the words of later versions.
/// </summary>
internal sealed partial class WriteBatch(Influx2State state, Backend backend, SchemaShadow schema, Bucket bucket, string precision)
{
    private const int LongestString = 1_048_576;
    private const string Failure = "failure writing points to database: partial write: ";

    private readonly Dictionary<(long Group, string Measurement, string Field), FieldType> fresh = [];
    private readonly HashSet<long> brokenGroups = [];
    private readonly long now = (DateTime.UtcNow - DateTime.UnixEpoch).Ticks * 100;
    private string? ownReason;
    private int ownDrops;

    internal async Task WriteAsync(ReadOnlyMemory<byte> body)
    {
        var unit = precision switch { "u" => 1000L, "ms" => 1_000_000L, "s" => 1_000_000_000L, _ => 1L };
        var lines = LineScanner.Scan(body, unit);
        await RefuseBadLinesAsync(lines);
        var kept = lines.FindAll(Fits);
        kept.RemoveAll(line => brokenGroups.Contains(GroupOf(line)));
        if (kept.Count > 0)
        {
            foreach (var line in kept.Where(line => !BeyondRetention(line)))
                Learn(line);
            Judge(lines, await backend.WriteAsync(bucket.Id, Forwarded(kept), precision));
        }
        if (brokenGroups.Count > 0)
            throw new ApiError("internal error", "unexpected error writing points to database: field type conflict", compact: true);
        if (ownReason is not null)
            throw Partial($"{ownReason} dropped={ownDrops}");
        if (state.AtLeast(2, 9, 0) && lines.Find(line => line.Fields.Any(field => field.Name == "time")) is { } stripped)
        {
            throw Partial($"invalid field name: input field \"time\" on measurement \"{stripped.Measurement}\" is invalid. Field \"time\" has been stripped from point. dropped=0{Place}");
        }
    }

    private string Place => $" for database: {bucket.Id} for retention policy: autogen";

    private static ApiError Partial(string reason) => new("unprocessable entity", Failure + reason, compact: true);

    private static string TypeName(FieldType type) => type.ToString().ToLowerInvariant();

    private long GroupOf(ScannedLine line) => SchemaShadow.GroupOf(bucket, line.Time ?? now);

    private bool BeyondRetention(ScannedLine line) =>
        bucket.RetentionSeconds > 0 && line.Time is { } time && time < now - ((Int128)bucket.RetentionSeconds * 1_000_000_000);

    /// <summary>Sends each bad line to the backend by itself, for its words: <c>unable to parse '…': …</c>.</summary>
    private async Task RefuseBadLinesAsync(List<ScannedLine> lines)
    {
        var texts = new List<string>();
        foreach (var line in lines.Where(line => line.Problem is not null))
        {
            var text = line.Problem!.Length > 0
                ? $"unable to parse '{Encoding.UTF8.GetString(line.Text.Span)}': {line.Problem}"
                : await backend.WriteAsync(Backend.Scratch, line.Text, precision);
            texts.Add(text ?? throw new InvalidOperationException($"the backend takes '{Encoding.UTF8.GetString(line.Text.Span)}', which LineScanner refuses"));
        }
        if (texts.Count > 0)
            throw new ApiError("invalid", string.Join('\n', texts), compact: true);
    }

    /// <summary>Whether the backend can be asked about a line; else it is dropped here, or its shard group fails.</summary>
    private bool Fits(ScannedLine line)
    {
        if (BeyondRetention(line))
            return true;
        var group = GroupOf(line);
        foreach (var field in line.Fields.Where(field => field.Name != "time"))
        {
            if (field.Type == FieldType.String && field.Value.End.Value - field.Value.Start.Value - 2 > LongestString)
            {
                var length = field.Value.End.Value - field.Value.Start.Value - 2;
                return Drop($"input field \"{field.Name}\" on measurement \"{line.Measurement}\" is too long, {length} > {LongestString}");
            }
            var known = schema.Find(bucket.Id, group, line.Measurement, field.Name);
            var key = (group, line.Measurement, field.Name);
            if (known is null && fresh.TryGetValue(key, out var earlier) && earlier != field.Type)
            {
                if (!state.AtLeast(2, 9, 0))
                    return !brokenGroups.Add(group) && false;
                known = earlier;
            }
            fresh.TryAdd(key, field.Type);
            if (known is not null && known != field.Type && Stored(known.Value) == Stored(field.Type))
            {
                return Drop($"field type conflict: input field \"{field.Name}\" on measurement \"{line.Measurement}\" is type {TypeName(field.Type)}, already exists as type {TypeName(known.Value)}");
            }
        }
        return true;
    }

    private static FieldType Stored(FieldType type) => type == FieldType.Unsigned ? FieldType.String : type;

    private bool Drop(string reason)
    {
        ownReason ??= reason;
        ownDrops++;
        return false;
    }

    private void Learn(ScannedLine line)
    {
        foreach (var field in line.Fields.Where(field => field.Name != "time"))
            schema.Learn(bucket.Id, GroupOf(line), line.Measurement, field.Name, field.Type);
    }

    private byte[] Forwarded(List<ScannedLine> lines)
    {
        using var body = new MemoryStream();
        foreach (var line in lines)
        {
            var from = 0;
            foreach (var field in line.Fields.Where(field => field.Type == FieldType.Unsigned))
            {
                body.Write(line.Text.Span[from..field.Value.Start.Value]);
                body.Write(UnsignedValues.Stored(line.Text.Span[field.Value]));
                from = field.Value.End.Value;
            }
            body.Write(line.Text.Span[from..]);
            body.WriteByte((byte)'\n');
        }
        return body.ToArray();
    }

    private void Judge(List<ScannedLine> lines, string? error)
    {
        if (error is null)
            return;
        var partial = PartialWrite().Match(error);
        if (!partial.Success)
        {
            throw error == "timeout"
                ? new ApiError("internal error", "unexpected error writing points to database: timeout", compact: true)
                : new InvalidOperationException($"the backend refused what LineScanner takes: {error}");
        }
        var reason = partial.Groups["reason"].Value;
        var dropped = int.Parse(partial.Groups["dropped"].Value, CultureInfo.InvariantCulture) + ownDrops;
        if (brokenGroups.Count > 0)
            return;
        if (reason == "points beyond retention policy")
            throw Partial(RetentionReason(lines, reason, dropped));
        throw Partial($"{RealTypes(lines, reason)} dropped={dropped}");
    }

    /// <summary>From 2.7.12 on the oldest and the newest dropped point are named.</summary>
    private string RetentionReason(List<ScannedLine> lines, string reason, int dropped)
    {
        var beyond = lines.FindAll(BeyondRetention);
        if (!state.AtLeast(2, 7, 12) || beyond.Count == 0)
            return $"{reason} dropped={dropped}";
        var bound = Rfc3339(now - (bucket.RetentionSeconds * 1_000_000_000));
        return $"dropped {dropped} points outside retention policy of duration {bucket.RetentionSeconds / 3600}h{bucket.RetentionSeconds / 60 % 60}m{bucket.RetentionSeconds % 60}s"
            + $" - oldest point {Named(beyond.MinBy(line => line.Time)!)}, newest point {Named(beyond.MaxBy(line => line.Time)!)} dropped={dropped}{Place}";

        string Named(ScannedLine line) =>
            $"{line.Measurement} at {Rfc3339(line.Time!.Value)} dropped because it violates a Retention Policy Lower Bound at {bound}";
    }

    private static string Rfc3339(long nanoseconds)
    {
        var seconds = Math.DivRem(nanoseconds, 1_000_000_000, out var rest);
        if (rest < 0)
            (seconds, rest) = (seconds - 1, rest + 1_000_000_000);
        var text = DateTime.UnixEpoch.AddSeconds(seconds).ToString("yyyy-MM-dd'T'HH:mm:ss", CultureInfo.InvariantCulture);
        return rest == 0 ? text + "Z" : $"{text}.{$"{rest:d9}".TrimEnd('0')}Z";
    }

    /// <summary>Where the backend says string of a field that holds unsigned values, the client must read unsigned.</summary>
    private string RealTypes(List<ScannedLine> lines, string reason)
    {
        var conflict = Conflict().Match(reason);
        if (!conflict.Success)
            return reason;
        var (field, measurement) = (conflict.Groups["field"].Value, conflict.Groups["measurement"].Value);
        var sent = lines.Where(line => line.Measurement == measurement).SelectMany(line => line.Fields).Where(one => one.Name == field).Select(one => one.Type).ToHashSet();
        var kept = schema.TypesOf(bucket.Id, measurement, field);
        if (sent.Contains(FieldType.Unsigned) && !sent.Contains(FieldType.String))
            reason = reason.Replace("is type string", "is type unsigned", StringComparison.Ordinal);
        if (kept.Contains(FieldType.Unsigned) && !kept.Contains(FieldType.String))
            reason = reason.Replace("already exists as type string", "already exists as type unsigned", StringComparison.Ordinal);
        return reason;
    }

    [GeneratedRegex(@"\Apartial write: (?<reason>.*) dropped=(?<dropped>\d+)\z", RegexOptions.ExplicitCapture | RegexOptions.Singleline, matchTimeoutMilliseconds: 1000)]
    private static partial Regex PartialWrite();

    [GeneratedRegex("input field \"(?<field>.*)\" on measurement \"(?<measurement>.*)\" is type", RegexOptions.ExplicitCapture | RegexOptions.Singleline, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Conflict();
}
