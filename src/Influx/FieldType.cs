namespace Influx;

/// <summary>The type of a field's values. The numbers are part of the content digest.</summary>
public enum FieldType : byte
{
    /// <summary>A 64-bit float.</summary>
    Float = 0,

    /// <summary>A signed 64-bit integer.</summary>
    Integer = 1,

    /// <summary>A boolean.</summary>
    Boolean = 2,

    /// <summary>A string of raw bytes, usually UTF-8.</summary>
    String = 3,

    /// <summary>An unsigned 64-bit integer; 2.x and 3 only.</summary>
    Unsigned = 4,
}

/// <summary>Names of field types as SHOW FIELD KEYS and InfluxQL casts write them.</summary>
public static class FieldTypes
{
    /// <summary>The name.</summary>
    public static string Name(this FieldType type) => type switch
    {
        FieldType.Float => "float",
        FieldType.Integer => "integer",
        FieldType.Boolean => "boolean",
        FieldType.String => "string",
        _ => "unsigned",
    };

    /// <summary>The type of a name.</summary>
    public static bool TryParse(string name, out FieldType type)
    {
        type = name switch
        {
            "float" => FieldType.Float,
            "integer" => FieldType.Integer,
            "boolean" => FieldType.Boolean,
            "string" => FieldType.String,
            _ => FieldType.Unsigned,
        };
        return type != FieldType.Unsigned || name == "unsigned";
    }
}
