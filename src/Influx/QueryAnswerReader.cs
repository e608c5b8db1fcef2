using System.Buffers;

namespace Influx;

/// <summary>
/// Reads the chunked msgpack answer of <c>/query</c> as a stream, in memory that one row bounds. The answer is a sequence
/// of documents <c>{results:[{statement_id,series:[{name,tags,columns,values,partial}],partial}]}</c>; the last one has
/// no <c>partial</c> in its result, and only that is the end (docs/influxdb.md).
/// </summary>
/// <param name="source">The answer's body.</param>
/// <param name="sink">What takes the rows.</param>
/// <param name="bufferSize">The first size of the buffer in bytes; it grows to what one row needs.</param>
internal sealed partial class QueryAnswerReader(Stream source, IQuerySink sink, int bufferSize = 256 * 1024)
{
    // A row is one point with all its fields, which were written in bodies of some megabytes; more is no answer of an InfluxDB.
    private const int MaxBuffer = 1 << 27;

    // What is cut is parsed anew from its start: only once there is notably more of it.
    private const int LargeRest = 1 << 20;

    private const int ShownBytes = 512;

    private readonly Frame frame = new(sink);
    private byte[] buffer = [];
    private int start;
    private int end;

    /// <summary>Reads to the end of the answer.</summary>
    /// <exception cref="TransientException">The answer ends before its end marker, or the connection was cut.</exception>
    /// <exception cref="QueryTooLargeException">The server gave the query up in mid-stream, or a row limit cut it.</exception>
    /// <exception cref="RejectedException">The statement failed for another reason.</exception>
    /// <exception cref="NoQueryAnswerException">It is something else.</exception>
    public async Task ReadAsync(CancellationToken cancellationToken)
    {
        buffer = ArrayPool<byte>.Shared.Rent(bufferSize);
        try
        {
            while (await FillAsync(cancellationToken))
                await ParseAsync(cancellationToken);
            if (frame.IsNothing && end == start)
                throw NoAnswer("it has no result", null);
            if (end > start || !frame.AtEnd)
                throw new TransientException("the answer ended before its end marker");
            if (frame.CutSeries)
                throw new QueryTooLargeException("the server cut the answer (partial: a row limit)");
        }
        catch (InvalidDataException other) when (!frame.Seen)
        {
            throw NoAnswer(other.Message, other);
        }
        catch (InvalidDataException broken)
        {
            throw new TransientException(broken.Message, inner: broken);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
        await sink.DrainAsync(cancellationToken);
    }

    private NoQueryAnswerException NoAnswer(string why, Exception? inner) =>
        new(why, buffer.AsSpan(start, Math.Min(end - start, ShownBytes)).ToArray(), inner);

    private async Task ParseAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            var step = frame.Parse(buffer.AsSpan(start, end - start), out var used);
            start += used;
            if (step == Step.NeedMore)
                return;
            await sink.DrainAsync(cancellationToken);
        }
    }

    /// <summary>Reads on; false at the end of the answer.</summary>
    private async Task<bool> FillAsync(CancellationToken cancellationToken)
    {
        var rest = end - start;
        do
        {
            if (!await ReadOnAsync(cancellationToken))
                return false;
        }
        while (rest > LargeRest && end - start < rest + (rest / 4));
        return true;
    }

    private async Task<bool> ReadOnAsync(CancellationToken cancellationToken)
    {
        if (start > 0)
        {
            buffer.AsSpan(start, end - start).CopyTo(buffer);
            end -= start;
            start = 0;
        }
        if (end == buffer.Length)
        {
            if (buffer.Length >= MaxBuffer)
                throw new InvalidDataException("one row of the answer exceeds 128 MiB");
            var larger = ArrayPool<byte>.Shared.Rent(buffer.Length * 2);
            buffer.AsSpan(0, end).CopyTo(larger);
            ArrayPool<byte>.Shared.Return(buffer);
            buffer = larger;
        }
        int read;
        try
        {
            read = await source.ReadAsync(buffer.AsMemory(end), cancellationToken);
        }
        catch (Exception cut) when (cut is IOException or HttpRequestException)
        {
            throw new TransientException("the connection was cut in the middle of the answer", inner: cut);
        }
        end += read;
        return read > 0;
    }

    private enum Step
    {
        NeedMore,
        Drain,
    }
}

/// <summary>What came is no answer to a query, but something else under its media type.</summary>
internal sealed class NoQueryAnswerException(string message, ReadOnlyMemory<byte> beginning, Exception? inner) : Exception(message, inner)
{
    /// <summary>The first bytes.</summary>
    public ReadOnlyMemory<byte> Beginning => beginning;
}
