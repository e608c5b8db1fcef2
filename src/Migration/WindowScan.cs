using Influx;

namespace Migration;

/// <summary>What is known of a measurement while its windows are found, answer for answer, so that the search can go on later.</summary>
public sealed record WindowScan
{
    /// <summary>The measurement.</summary>
    public required string Measurement { get; init; }

    /// <summary>What is counted where everything is: the measurement's fields. With others the search begins anew.</summary>
    public required string Columns { get; init; }

    /// <summary>The first row of the measurement and the last; null until both are known.</summary>
    public IReadOnlyList<WindowEdge>? Edges { get; set; }

    /// <summary>The ranges that are counted, or begun.</summary>
    public IReadOnlyList<CountedRange> Counted { get; set; } = [];

    /// <summary>How far a range is counted.</summary>
    internal CountedRange Of(string columns, TimeRange range)
    {
        var known = Counted.FirstOrDefault(counted => counted.Start == range.Start && counted.Columns == columns);
        if (known is null)
            Counted = [.. Counted, known = new CountedRange { Columns = columns, Start = range.Start, Stop = range.Start }];
        return known;
    }
}

/// <summary>The first or the last row of a measurement.</summary>
/// <param name="Time">Its time in nanoseconds, or the nearest that is known; null where there is no row.</param>
/// <param name="Fields">The fields that have a value in it.</param>
public sealed record WindowEdge(long? Time, IReadOnlyList<string> Fields)
{
    /// <summary>The first of two, or the last.</summary>
    internal WindowEdge With(QueryRow row, bool isLast)
    {
        var found = (long)row.Values[0]!;
        return new WindowEdge(
            Time is not { } known ? found : isLast ? Math.Max(known, found) : Math.Min(known, found),
            [.. Fields, .. row.Columns.Where((_, column) => column > 0 && row.Values[column] is not null).Select(field => field.ToString())]);
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
