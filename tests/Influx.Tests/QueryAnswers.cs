using System.Text;

namespace Influx.Tests;

/// <summary>Reads of answers in pieces.</summary>
internal static class QueryAnswers
{
    /// <summary>Reads an answer that comes in pieces of the given sizes, the last of which repeats; the rows as text.</summary>
    public static async Task<string> RowsAsync(byte[] answer, params int[] pieces)
    {
        var rows = new RowText();
        await using var stream = new PieceStream(answer, pieces);
        await new QueryAnswerReader(stream, rows, bufferSize: 16).ReadAsync(CancellationToken.None);
        return rows.ToString();
    }

    private sealed class RowText : IQuerySink
    {
        private readonly StringBuilder text = new();

        public void OnSeries(SeriesHeader series) =>
            text.AppendLine($"{series.Name} {string.Join(',', series.Tags)} {string.Join(',', series.Columns)}");

        // Asks to drain now and then, so that the reader goes on in the middle of a buffer.
        public bool OnRow(ReadOnlySpan<byte> row)
        {
            text.AppendLine(Convert.ToHexString(row));
            return row.Length % 2 == 0;
        }

        public ValueTask DrainAsync(CancellationToken cancellationToken) => ValueTask.CompletedTask;

        public override string ToString() => text.ToString();
    }

    private sealed class PieceStream(byte[] bytes, int[] pieces) : MemoryStream(bytes)
    {
        private int number;

        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            var piece = pieces.Length == 0 ? buffer.Length : Math.Min(pieces[Math.Min(number++, pieces.Length - 1)], buffer.Length);
            return new ValueTask<int>(Read(buffer.Span[..piece]));
        }
    }
}

/// <summary>Writes the msgpack of answers that no server at hand gives.</summary>
internal static class Pack
{
    public static byte[] Map(params (string Key, byte[] Value)[] entries) =>
        [(byte)(0x80 | entries.Length), .. entries.SelectMany(entry => (byte[])[.. Text(entry.Key), .. entry.Value])];

    public static byte[] Array(params byte[][] items) => [(byte)(0x90 | items.Length), .. items.SelectMany(item => item)];

    public static byte[] Text(string text) => [0xd9, (byte)Encoding.UTF8.GetByteCount(text), .. Encoding.UTF8.GetBytes(text)];

    public static byte[] True => [0xc3];

    /// <summary>One document of an answer with one result.</summary>
    public static byte[] Document(params (string Key, byte[] Value)[] result) => Map(("results", Array(Map([("statement_id", [0]), .. result]))));

    /// <summary>A series <c>m</c> with one row.</summary>
    public static byte[] Series(params (string Key, byte[] Value)[] more) =>
        Array(Map([("name", Text("m")), ("columns", Array(Text("time"), Text("f"))), ("values", Array(Array([1], [2]))), .. more]));
}
