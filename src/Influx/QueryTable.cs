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
    private readonly List<QueryRow> rows = [];
    private SeriesHeader? header;

    public IReadOnlyList<QueryRow> Rows => rows;

    public void OnSeries(SeriesHeader series) => header = series;

    public bool OnRow(ReadOnlySpan<byte> row)
    {
        var position = 0;
        if (!Msgpack.TryReadArray(row, ref position, out var count) || count != header!.Columns.Count)
            throw new InvalidDataException("the answer has a row that does not fit its columns");
        var values = new object?[count];
        for (var i = 0; i < count; i++)
            values[i] = Read(row, ref position);
        rows.Add(new QueryRow(header.Name, header.Columns, values));
        return false;
    }

    public ValueTask DrainAsync(CancellationToken cancellationToken) => ValueTask.CompletedTask;

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
