using System.Buffers.Binary;

namespace Influx;

/// <summary>
/// Turns the rows of <c>SELECT *::field … GROUP BY *</c> into points. Nulls are absent fields; a field's type comes from the
/// schema, and where that names several, from the value's msgpack form.
/// </summary>
/// <param name="schema">The measurement's fields.</param>
/// <param name="unsignedPossible">Whether the server knows unsigned integers (2.x and 3).</param>
/// <param name="sink">What takes the points.</param>
public sealed class QueryPoints(FieldSchema schema, bool unsignedPossible, IPointSink sink) : IQuerySink
{
    private SeriesShape? shape;
    private IReadOnlyList<FieldType>[] types = [];
    private FieldValue[] values = [];

    /// <inheritdoc/>
    public void OnSeries(SeriesHeader series)
    {
        // The next slice of the series that is under way: the shape with its hashes stays.
        if (shape is not null && shape.Measurement == series.Name && shape.Tags.SequenceEqual(series.Tags)
            && shape.Fields.Select(field => field.Key).SequenceEqual(series.Columns.Skip(1)))
            return;
        shape = new SeriesShape(series.Name, series.Tags, [.. series.Columns.Skip(1)]);
        types = [.. shape.Fields.Select(field => schema.TypesOf(field.Key))];
        if (values.Length < types.Length)
            values = new FieldValue[types.Length];
    }

    /// <inheritdoc/>
    public bool OnRow(ReadOnlySpan<byte> row)
    {
        var position = 0;
        if (!Msgpack.TryReadArray(row, ref position, out var columns) || columns != types.Length + 1)
            throw new InvalidDataException($"the answer has a row of {columns} values under {types.Length + 1} columns");
        var time = Msgpack.ReadInteger(row, ref position, out _);
        var count = 0;
        for (var field = 0; field < types.Length; field++)
        {
            if (row[position] == Msgpack.Nil)
                position++;
            else
                values[count++] = ReadValue(row, ref position, field);
        }
        return count > 0 && sink.OnPoint(new PointView(shape!, time, values.AsSpan(0, count), row));
    }

    /// <inheritdoc/>
    public ValueTask DrainAsync(CancellationToken cancellationToken) => sink.DrainAsync(cancellationToken);

    private FieldValue ReadValue(ReadOnlySpan<byte> row, ref int position, int field)
    {
        switch (row[position])
        {
            case Msgpack.Float64:
                var bits = BinaryPrimitives.ReadInt64BigEndian(row[(position + 1)..]);
                position += 9;
                return new FieldValue(field, FieldType.Float, bits, 0);
            case Msgpack.False:
                position++;
                return new FieldValue(field, FieldType.Boolean, 0, 0);
            case Msgpack.True:
                position++;
                return new FieldValue(field, FieldType.Boolean, 1, 0);
            case <= 0x7f or >= 0xe0 or (>= 0xcc and <= 0xd3):
                var value = Msgpack.ReadInteger(row, ref position, out var marked);
                return new FieldValue(field, IntegerType(field, value, marked), value, 0);
            default:
                if (!Msgpack.TryReadString(row, ref position, out var text))
                    throw new InvalidDataException("a string of the answer has no end");
                return new FieldValue(field, FieldType.String, position - text.Length, text.Length);
        }
    }

    // Go's msgp writes an unsigned value below 128 exactly as a signed one, so the schema decides (docs/influxdb.md).
    private FieldType IntegerType(int field, long value, bool markedUnsigned)
    {
        var declared = types[field];
        var integer = declared.Contains(FieldType.Integer);
        var unsigned = declared.Contains(FieldType.Unsigned);
        if (integer != unsigned)
            return integer ? FieldType.Integer : FieldType.Unsigned;
        if (!unsignedPossible)
            return FieldType.Integer;
        if (markedUnsigned)
            return FieldType.Unsigned;
        if (value is < 0 or > 127)
            return FieldType.Integer;
        // The window had none when its type was asked for (IntegerTypes): a later try finds it.
        throw new TransientException(
            $"the field '{shape!.Fields[field].Key}' of '{shape.Measurement}' is an integer in some shards and unsigned in others, and got the value {value} while it was read");
    }
}
