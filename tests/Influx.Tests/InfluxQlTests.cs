namespace Influx.Tests;

public sealed class InfluxQlTests
{
    [Theory]
    [InlineData("a\rb")]
    [InlineData("a\0")]
    public void A_field_that_can_not_be_named_is_refused_where_fields_are_counted_by_name(string field)
    {
        var schema = new FieldSchema();
        schema.Add(ByteKey.From(field), FieldType.Float);
        schema.Add(ByteKey.From("v"), FieldType.Float);
        var byAll = InfluxQl.CountColumns(schema);
        schema.Add(ByteKey.From("v"), FieldType.String);

        var refused = Assert.Throws<RejectedException>(() => InfluxQl.CountColumns(schema));

        Assert.Equal("count(*::field)", byAll);
        Assert.Equal(InfluxQl.UncountableReason(schema), refused.Message);
    }
}
