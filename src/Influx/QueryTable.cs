using System.Buffers.Binary;

namespace Influx;

/// <summary>A row of a small answer.</summary>
/// <param name="Series">The name of the series that it stands in.</param>
/// <param name="Columns">The names of the columns.</param>
/// <param name="Values">Per column null, bool, long, double or <see cref="ByteKey"/>.</param>
public sealed record QueryRow(ByteKey Series, IReadOnlyList<ByteKey> Columns, IReadOnlyList<object?> Values)
{
    /// <summary>A string column's text; empty where it is null or not there.</summary>
    public string Text(string column) => Find(column) is ByteKey text ? text.ToString() : "";

    /// <summary>A column's value; null where it is not there.</summary>
    public object? Find(string column)
    {
        for (var i = 0; i < Columns.Count; i++)
        {
            if (Columns[i] == ByteKey.From(column))
                return Values[i];
        }
        return null;
    }
}

/// <summary>Keeps all rows of a small answer.</summary>
internal sealed class QueryTable : IQuerySink
{
    // The counts of 40,000 windows of 100 fields are half of it.
    private const long MostMemory = 256_000_000;
    private const int RowMemory = 100;
    private const int ValueMemory = 32;

    private readonly List<QueryRow> rows = [];
    private SeriesHeader? header;
    private long memory;

    public IReadOnlyList<QueryRow> Rows => rows;

    public void OnSeries(SeriesHeader series)
    {
        header = series;
        Count(RowMemory + series.Name.Span.Length + series.Tags.Sum(tag => ValueMemory + tag.Key.Span.Length + tag.Value.Span.Length)
            + series.Columns.Sum(column => ValueMemory + column.Span.Length));
    }

    public bool OnRow(ReadOnlySpan<byte> row)
    {
        var position = 0;
        if (!Msgpack.TryReadArray(row, ref position, out var count) || count != header!.Columns.Count)
            throw new InvalidDataException("the answer has a row that does not fit its columns");
        Count(RowMemory + ((long)count * ValueMemory) + row.Length);
        var values = new object?[count];
        for (var i = 0; i < count; i++)
            values[i] = Read(row, ref position);
        rows.Add(new QueryRow(header.Name, header.Columns, values));
        return false;
    }

    public ValueTask DrainAsync(CancellationToken cancellationToken) => ValueTask.CompletedTask;

    // By what the rows take up here, which for small values is many times what came.
    private void Count(long bytes)
    {
        memory += bytes;
        if (memory > MostMemory)
            throw new RejectedException(
                RejectionKind.NotInflux,
                $"the list of '{SmallAnswer.Excerpt(header!.Name.ToString())}' takes more than {MostMemory / 1_000_000} MB, which no InfluxDB's does; is there a proxy before the server?");
    }

    private static object? Read(ReadOnlySpan<byte> row, ref int position)
    {
        switch (row[position])
        {
            case Msgpack.Nil:
                position++;
                return null;
            case Msgpack.False or Msgpack.True:
                return row[position++] == Msgpack.True;
            case Msgpack.Float64:
                position += 9;
                return BinaryPrimitives.ReadDoubleBigEndian(row[(position - 8)..]);
            case <= 0x7f or >= 0xe0 or (>= 0xcc and <= 0xd3):
                return Msgpack.ReadInteger(row, ref position, out _);
            default:
                Msgpack.TryReadString(row, ref position, out var text);
                return ByteKey.Copy(text);
        }
    }
}
