using System.Text;

namespace Influx;

internal sealed partial class QueryAnswerReader
{
    /// <summary>Where in the documents the reader stands; each step takes a whole key with its value, or one row.</summary>
    private sealed class Frame(IQuerySink sink)
    {
        // Real answers have one result a document, and name at most some ten thousand columns.
        private const int MaxNames = 1 << 20;
        private const int MaxEmptyDocuments = 100_000;

        private int documentKeys;
        private int emptyDocuments;
        private int results;
        private int resultKeys;
        private int series;
        private int seriesKeys;
        private int rows;
        private bool inDocument;
        private bool resultPartial;
        private bool seriesPartial;
        private bool hasColumns;
        private bool hasResult;
        private ByteKey name;
        private IReadOnlyList<SeriesTag> tags = [];
        private IReadOnlyList<ByteKey> absentTags = [];

        /// <summary>A result has begun: what comes is an answer to a query.</summary>
        public bool Seen { get; private set; }

        /// <summary>Not even a document has begun.</summary>
        public bool IsNothing => !Seen && !inDocument;

        /// <summary>A whole document was the last one and it did not announce another.</summary>
        public bool AtEnd => Seen && !inDocument && !resultPartial;

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
            EndDocument();
            if (!Msgpack.TryReadMap(data, ref position, out documentKeys))
                return false;
            inDocument = true;
            return true;
        }

        private void EndDocument()
        {
            if (inDocument && !hasResult)
                throw new InvalidDataException("a document of the answer has no result");
            if (emptyDocuments > MaxEmptyDocuments)
                throw new InvalidDataException($"{MaxEmptyDocuments} documents of the answer in a row have no values");
            inDocument = false;
            hasResult = false;
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
            emptyDocuments++;
            hasResult = true;
            Seen = true;
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
            absentTags = [];
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
                if (rows > 0)
                    emptyDocuments = 0;
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

        // Absent tags come as empty values; the order of the map changes from answer to answer (docs/influxdb.md).
        private bool TryReadTags(ReadOnlySpan<byte> data, ref int position)
        {
            if (!Msgpack.TryReadMap(data, ref position, out var count))
                return false;
            Check(count, "tags");
            // A count is only what the answer says: memory follows what has come.
            var found = new List<SeriesTag>();
            List<ByteKey>? absent = null;
            for (var i = 0; i < count; i++)
            {
                if (!Msgpack.TryReadString(data, ref position, out var key)
                    || !Msgpack.TryReadString(data, ref position, out var value))
                    return false;
                if (value.IsEmpty)
                    (absent ??= []).Add(ByteKey.Copy(key));
                else
                    found.Add(new SeriesTag(ByteKey.Copy(key), ByteKey.Copy(value)));
            }
            absentTags = absent ?? [];
            found.Sort(static (a, b) => a.Key.CompareTo(b.Key));
            tags = found;
            return true;
        }

        // Every server seen sends name and tags before the columns, and the columns before the values.
        private bool TryReadColumns(ReadOnlySpan<byte> data, ref int position)
        {
            if (!Msgpack.TryReadArray(data, ref position, out var count))
                return false;
            Check(count, "columns");
            var columns = new List<ByteKey>();
            for (var i = 0; i < count; i++)
            {
                if (!Msgpack.TryReadString(data, ref position, out var column))
                    return false;
                columns.Add(ByteKey.Copy(column));
            }
            hasColumns = true;
            sink.OnSeries(new SeriesHeader(name, tags, columns) { AbsentTags = absentTags });
            return true;
        }

        private static void Check(int count, string what)
        {
            if (count > MaxNames)
                throw new InvalidDataException($"a series of the answer announces {count} {what}");
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
