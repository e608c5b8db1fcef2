using Influx;

namespace Migration;

/// <summary>What is known of a measurement while its windows are found, answer for answer, so that the search can go on later.</summary>
public sealed record WindowScan
{
    /// <summary>The measurement.</summary>
    public required string Measurement { get; init; }

    /// <summary>What is counted where everything is: the measurement's fields. With others the search begins anew.</summary>
    public required string Columns { get; init; }

    /// <summary>Whether the first and the last row are known.</summary>
    public bool HasEdges { get; set; }

    /// <summary>The time of the measurement's first row in nanoseconds; null where there is none.</summary>
    public long? First { get; set; }

    /// <summary>The time of its last row, or the nearest that is known.</summary>
    public long? Last { get; set; }

    /// <summary>The fields that have a value in the first row.</summary>
    public IReadOnlyList<string> FirstFields { get; set; } = [];

    /// <summary>The fields that have a value in the last row; empty where it was not asked for.</summary>
    public IReadOnlyList<string> LastFields { get; set; } = [];

    /// <summary>How many windows the next query counts where a deadline must be met, by the time that those before took.</summary>
    public long WindowsAtOnce { get; set; } = 64;

    /// <summary>The ranges that are counted, or begun.</summary>
    public IReadOnlyList<CountedRange> Counted { get; set; } = [];

    /// <summary>Takes a row for the first or the last, if it is; columns that are no fields are tags.</summary>
    internal void AddEdge(QueryRow row, bool isLast, FieldSchema schema)
    {
        var time = (long)row.Values[0]!;
        IEnumerable<string> fields = row.Columns.Where((_, column) => column > 0 && row.Values[column] is not null && schema.TypesOf(row.Columns[column]).Count > 0).Select(field => field.ToString());
        if (isLast)
            (Last, LastFields) = (Math.Max(Last ?? time, time), [.. LastFields, .. fields]);
        else
            (First, FirstFields) = (Math.Min(First ?? time, time), [.. FirstFields, .. fields]);
    }

    /// <summary>How far a range is counted.</summary>
    internal CountedRange Of(string columns, TimeRange range)
    {
        var known = Counted.FirstOrDefault(counted => counted.Start == range.Start && counted.Columns == columns);
        if (known is null)
            Counted = [.. Counted, known = new CountedRange { Columns = columns, Start = range.Start, Stop = range.Start }];
        return known;
    }
}

/// <summary>The windows of a time range, as far as they are counted.</summary>
public sealed record CountedRange
{
    /// <summary>What was counted.</summary>
    public required string Columns { get; init; }

    /// <summary>Nanoseconds, included.</summary>
    public long Start { get; init; }

    /// <summary>How far it is counted; nanoseconds, excluded.</summary>
    public long Stop { get; set; }

    /// <summary>The windows that hold values.</summary>
    public IReadOnlyList<PlannedWindow> Windows { get; set; } = [];
}
