using Influx;

namespace Migration;

/// <summary>
/// The largest body that a destination takes, found once and kept for all batches of a run. InfluxDB counts the bytes of the unzipped
/// body and most proxies those of the zipped one; what was refused says neither which, nor where the limit is. So a body that is as
/// long or longer in both ways is not sent again, and others are cut so that they are shorter than all that were refused.
/// </summary>
internal sealed class BodyLimit
{
    /// <summary>No server has a reason to refuse a line of fewer bytes: then it is the limit that is wrong, not the line.</summary>
    public const int OrdinaryLine = 64 * 1024;

    // Of more lines than this, most of the data may be such lines.
    private const int MostRefusedLines = 100;

    private const int RefusedKept = 16;

    private readonly Lock gate = new();
    private readonly List<(int Zipped, long Unzipped)> refused = [];
    private long target = long.MaxValue;
    private int refusedLines;

    /// <summary>The most unzipped bytes that a body should have now.</summary>
    public long Target
    {
        get
        {
            lock (gate)
                return target;
        }
    }

    /// <summary>Whether a body would surely be refused.</summary>
    public bool Refuses(int zipped, long unzipped)
    {
        lock (gate)
            return refused.Exists(known => zipped >= known.Zipped && unzipped >= known.Unzipped);
    }

    /// <summary>Notes that a body was refused.</summary>
    /// <param name="zipped">Its bytes as they were sent.</param>
    /// <param name="unzipped">Its bytes as they are meant.</param>
    /// <param name="lines">Its lines; one that is alone says little about bodies of others.</param>
    /// <exception cref="RejectedException">The limit is below what lines have.</exception>
    public void AddRefused(int zipped, long unzipped, int lines)
    {
        lock (gate)
        {
            refused.RemoveAll(known => known.Zipped >= zipped && known.Unzipped >= unzipped);
            refused.Add((zipped, unzipped));
            // The oldest are the largest, and whatever they would still tell costs one request.
            if (refused.Count > RefusedKept)
                refused.RemoveAt(0);
            target = Math.Min(target, lines > 1 ? unzipped / 2 : unzipped - 1);
            if (lines > 1)
                return;
            refusedLines++;
            if (unzipped < OrdinaryLine || refusedLines > MostRefusedLines)
                throw TooSmall(unzipped);
        }
    }

    private RejectedException TooSmall(long line) => new(
        RejectionKind.Unsupported,
        (refusedLines > MostRefusedLines
            ? $"the destination refuses more than {MostRefusedLines} single lines as too large (413), the last of {line:N0} bytes"
            : $"the destination refuses a single line of {line:N0} bytes as too large (413)")
        + ": raise its limit, which is max-body-size in the [http] section of an InfluxDB 1.x, --max-http-request-size of an InfluxDB 3, "
        + "client_max_body_size of an nginx before it, or the like of another proxy");
}
