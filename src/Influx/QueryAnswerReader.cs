using System.Buffers;
using System.Text;

namespace Influx;

/// <summary>
/// Reads the chunked msgpack answer of <c>/query</c> as a stream, in memory that one row bounds. The answer is a sequence
/// of documents <c>{results:[{statement_id,series:[{name,tags,columns,values,partial}],partial}]}</c>; the last one has
/// no <c>partial</c> in its result, and only that is the end (CONTRACTS section 2).
/// </summary>
/// <param name="source">The answer's body.</param>
/// <param name="sink">What takes the rows.</param>
/// <param name="bufferSize">The first size of the buffer in bytes; it grows to what one row needs.</param>
internal sealed class QueryAnswerReader(Stream source, IQuerySink sink, int bufferSize = 256 * 1024)
{
    // A row holds at most some hundred strings of at most 1 MiB; more is no answer of an InfluxDB.
    private const int MaxBuffer = 1 << 30;

    private readonly Frame frame = new(sink);
    private byte[] buffer = [];
    private int start;
    private int end;

    /// <summary>Reads to the end of the answer.</summary>
    /// <exception cref="TransientException">The answer ends before its end marker, or the connection was cut.</exception>
    /// <exception cref="QueryTooLargeException">The server gave the query up in mid-stream, or a row limit cut it.</exception>
    /// <exception cref="RejectedException">The statement failed for another reason.</exception>
    public async Task ReadAsync(CancellationToken cancellationToken)
    {
        buffer = ArrayPool<byte>.Shared.Rent(bufferSize);
        try
        {
            while (await FillAsync(cancellationToken))
                await ParseAsync(cancellationToken);
            if (end > start || !frame.AtEnd)
                throw new TransientException("the answer ended before its end marker");
            if (frame.CutSeries)
                throw new QueryTooLargeException("the server cut the answer (partial: a row limit)");
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

    private async Task<bool> FillAsync(CancellationToken cancellationToken)
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
                throw new InvalidDataException("one row of the answer exceeds 1 GiB");
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

    /// <summary>Where in the documents the reader stands; each step takes a whole key with its value, or one row.</summary>
    private sealed class Frame(IQuerySink sink)
    {
        private int documentKeys;
        private int results;
        private int resultKeys;
        private int series;
        private int seriesKeys;
        private int rows;
        private bool inDocument;
        private bool resultPartial;
        private bool seriesPartial;
        private bool hasColumns;
        private bool seen;
        private ByteKey name;
        private IReadOnlyList<SeriesTag> tags = [];

        /// <summary>A whole document was the last one and it did not announce another.</summary>
        public bool AtEnd => seen && !inDocument && !resultPartial;

        /// <summary>The last series says that it goes on, but nothing follows.</summary>
        public bool CutSeries => seriesPartial;

        public Step Parse(ReadOnlySpan<byte> data, out int used)
        {
            used = 0;
            while (true)
            {
                if (rows > 0)
                {
                    var drain = false;
                    while (rows > 0 && !drain)
                    {
                        var at = used;
                        if (!Msgpack.TrySkip(data, ref at))
                            return Step.NeedMore;
                        drain = sink.OnRow(data[used..at]);
                        used = at;
                        rows--;
                    }
                    if (drain)
                        return Step.Drain;
                }
                var position = used;
                if (!Advance(data, ref position))
                    return Step.NeedMore;
                used = position;
            }
        }

        private bool Advance(ReadOnlySpan<byte> data, ref int position)
        {
            if (seriesKeys > 0)
                return SeriesKey(data, ref position);
            if (series > 0)
                return SeriesStart(data, ref position);
            if (resultKeys > 0)
                return ResultKey(data, ref position);
            if (results > 0)
                return ResultStart(data, ref position);
            if (documentKeys > 0)
                return DocumentKey(data, ref position);
            inDocument = false;
            if (!Msgpack.TryReadMap(data, ref position, out documentKeys))
                return false;
            inDocument = true;
            seen = true;
            return true;
        }

        private bool DocumentKey(ReadOnlySpan<byte> data, ref int position)
        {
            if (!Msgpack.TryReadString(data, ref position, out var key))
                return false;
            if (key.SequenceEqual("results"u8))
            {
                if (!Msgpack.TryReadArray(data, ref position, out results))
                    return false;
            }
            else if (!ErrorOrSkip(key, data, ref position))
            {
                return false;
            }
            documentKeys--;
            return true;
        }

        private bool ResultStart(ReadOnlySpan<byte> data, ref int position)
        {
            if (!Msgpack.TryReadMap(data, ref position, out resultKeys))
                return false;
            results--;
            resultPartial = false;
            return true;
        }

        private bool ResultKey(ReadOnlySpan<byte> data, ref int position)
        {
            if (!Msgpack.TryReadString(data, ref position, out var key))
                return false;
            if (key.SequenceEqual("series"u8))
            {
                if (!Msgpack.TryReadArray(data, ref position, out series))
                    return false;
            }
            else if (key.SequenceEqual("partial"u8))
            {
                if (!Msgpack.TryReadBoolean(data, ref position, out resultPartial))
                    return false;
            }
            else if (!ErrorOrSkip(key, data, ref position))
            {
                return false;
            }
            resultKeys--;
            return true;
        }

        private bool SeriesStart(ReadOnlySpan<byte> data, ref int position)
        {
            if (!Msgpack.TryReadMap(data, ref position, out seriesKeys))
                return false;
            series--;
            seriesPartial = false;
            hasColumns = false;
            name = default;
            tags = [];
            return true;
        }

        private bool SeriesKey(ReadOnlySpan<byte> data, ref int position)
        {
            if (!Msgpack.TryReadString(data, ref position, out var key))
                return false;
            bool whole;
            if (key.SequenceEqual("name"u8))
            {
                whole = Msgpack.TryReadString(data, ref position, out var text);
                if (whole)
                    name = ByteKey.Copy(text);
            }
            else if (key.SequenceEqual("tags"u8))
            {
                whole = TryReadTags(data, ref position);
            }
            else if (key.SequenceEqual("columns"u8))
            {
                whole = TryReadColumns(data, ref position);
            }
            else if (key.SequenceEqual("values"u8))
            {
                if (!hasColumns)
                    throw new InvalidDataException("the answer has values without columns");
                whole = Msgpack.TryReadArray(data, ref position, out var count);
                if (whole)
                    rows = count;
            }
            else if (key.SequenceEqual("partial"u8))
            {
                whole = Msgpack.TryReadBoolean(data, ref position, out seriesPartial);
            }
            else
            {
                whole = Msgpack.TrySkip(data, ref position);
            }
            if (whole)
                seriesKeys--;
            return whole;
        }

        // Absent tags come as empty values; the order of the map changes from answer to answer (OBSERVED 6.5).
        private bool TryReadTags(ReadOnlySpan<byte> data, ref int position)
        {
            if (!Msgpack.TryReadMap(data, ref position, out var count))
                return false;
            // A count is only what the answer says: memory follows what has come.
            var found = new List<SeriesTag>();
            for (var i = 0; i < count; i++)
            {
                if (!Msgpack.TryReadString(data, ref position, out var key)
                    || !Msgpack.TryReadString(data, ref position, out var value))
                    return false;
                if (!value.IsEmpty)
                    found.Add(new SeriesTag(ByteKey.Copy(key), ByteKey.Copy(value)));
            }
            found.Sort(static (a, b) => a.Key.CompareTo(b.Key));
            tags = found;
            return true;
        }

        // Every server seen sends name and tags before the columns, and the columns before the values.
        private bool TryReadColumns(ReadOnlySpan<byte> data, ref int position)
        {
            if (!Msgpack.TryReadArray(data, ref position, out var count))
                return false;
            var columns = new List<ByteKey>();
            for (var i = 0; i < count; i++)
            {
                if (!Msgpack.TryReadString(data, ref position, out var column))
                    return false;
                columns.Add(ByteKey.Copy(column));
            }
            hasColumns = true;
            sink.OnSeries(new SeriesHeader(name, tags, columns));
            return true;
        }

        private static bool ErrorOrSkip(ReadOnlySpan<byte> key, ReadOnlySpan<byte> data, ref int position)
        {
            if (!key.SequenceEqual("error"u8))
                return Msgpack.TrySkip(data, ref position);
            if (!Msgpack.TryReadString(data, ref position, out var error))
                return false;
            throw QueryError.From(Encoding.UTF8.GetString(error));
        }
    }
}

/// <summary>The kinds of error texts in a result, which come under status 200.</summary>
internal static class QueryError
{
    public static Exception From(string text)
    {
        if (text.Contains("max-concurrent-queries", StringComparison.Ordinal))
            return new TransientException($"the server answered the query with: {text}");
        if (Failure.IsTooLarge(text))
            return new QueryTooLargeException($"the server gave the query up: {text}");
        var kind = text.Contains("not found", StringComparison.Ordinal) ? RejectionKind.NotFound
            : text.Contains("authoriz", StringComparison.Ordinal) || text.Contains("permission", StringComparison.Ordinal) ? RejectionKind.Token
            : RejectionKind.Invalid;
        return new RejectedException(kind, $"the server answered the query with: {text}");
    }
}
