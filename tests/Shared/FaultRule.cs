using Microsoft.AspNetCore.Http;

namespace TestServers;

/// <summary>What <see cref="FaultProxy"/> does to the requests that fit; without an action it only counts them.</summary>
public sealed class FaultRule
{
    private readonly Func<HttpRequest, bool> fits;
    private readonly int skip;
    private readonly int times;
    private Func<bool> drawn = () => true;
    private int seen;
    private long sentBytes;

    internal FaultRule(Func<HttpRequest, bool> fits, int skip, int times)
    {
        this.fits = fits;
        this.skip = skip;
        this.times = times;
    }

    /// <summary>How many requests it was applied to.</summary>
    public int Hits => Math.Clamp(Volatile.Read(ref seen) - skip, 0, times);

    /// <summary>How many bytes of endless bodies were taken off it: all that a client can have kept, and what the network holds.</summary>
    public long SentBytes => Interlocked.Read(ref sentBytes);

    internal bool Before { get; private set; }

    internal bool After { get; private set; }

    internal Func<HttpContext, Task>? Own { get; private set; }

    internal long? KeptBytes { get; private set; }

    internal TimeSpan Delay { get; private set; }

    internal Func<Task>? Meanwhile { get; private set; }

    internal TimeSpan PieceDelay { get; private set; }

    internal bool Corrupts { get; private set; }

    internal Func<string, byte[], byte[]>? Rewriting { get; private set; }

    /// <summary>Closes the connection before the upstream sees the request.</summary>
    public FaultRule CutBefore() => Do(() => Before = true);

    /// <summary>Lets the upstream do the work and loses its answer.</summary>
    public FaultRule CutAfter() => Do(() => After = true);

    /// <summary>Answers in the upstream's place.</summary>
    public FaultRule Answer(int status, string body = "", params (string Name, string Value)[] headers) => Answer(context =>
    {
        foreach (var (name, value) in headers)
            context.Response.Headers[name] = value;
        context.Response.StatusCode = status;
        return context.Response.WriteAsync(body);
    });

    /// <summary>Answers in the upstream's place in a way of its own; see <see cref="FaultBodies"/>.</summary>
    public FaultRule Answer(Func<HttpContext, Task> answer) => Do(() => Own = answer);

    /// <summary>Lets the upstream answer, and sends another body with its head.</summary>
    public FaultRule Change(Func<byte[], byte[]> change) => Rewrite((_, body) => change(body));

    /// <summary>Takes only a share of the requests that fit, drawn in an order that the seed repeats; the others pass and are not counted.</summary>
    public FaultRule Sometimes(double share, int seed) => Do(() =>
    {
        var random = new Random(seed);
        drawn = () =>
        {
            lock (random)
                return random.NextDouble() < share;
        };
    });

    /// <summary>Cuts the connection after so many bytes of the answer's body, without a terminator.</summary>
    public FaultRule Truncate(long afterBytes) => Do(() => KeptBytes = afterBytes);

    /// <summary>Holds the answer back, and each piece of its body.</summary>
    public FaultRule Slow(TimeSpan beforeAnswer, TimeSpan perPiece = default) => Do(() => (Delay, PieceDelay) = (beforeAnswer, perPiece));

    /// <summary>Passes the request on after something else has happened.</summary>
    public FaultRule PassAfter(Func<Task> happens) => Do(() => Meanwhile = happens);

    /// <summary>Turns bytes of the answer's body over behind the gzip header, and says that it is gzip.</summary>
    public FaultRule CorruptGzip() => Do(() => Corrupts = true);

    /// <summary>Changes the answer's body, by the request's decoded one: what comes of it is well formed if the rule makes it so.</summary>
    public FaultRule Rewrite(Func<string, byte[], byte[]> body) => Do(() => Rewriting = body);

    internal void AddSent(long bytes) => Interlocked.Add(ref sentBytes, bytes);

    internal bool Takes(HttpRequest request)
    {
        if (!fits(request) || !drawn())
            return false;
        var number = Interlocked.Increment(ref seen);
        return number > skip && number <= (long)skip + times;
    }

    private FaultRule Do(Action set)
    {
        set();
        return this;
    }
}
