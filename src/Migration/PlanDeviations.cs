using Influx;

namespace Migration;

/// <summary>What the source held less or more of than when the plan was made, as the report's warnings say it.</summary>
internal sealed class PlanDeviations
{
    private readonly Sum fewer = new();
    private readonly Sum more = new();

    /// <summary>Takes in a receipt's.</summary>
    public void Add(string measurement, IEnumerable<PlanDifference> differences)
    {
        foreach (var difference in differences)
            (difference.Found < difference.Planned ? fewer : more).Add(measurement, difference);
    }

    /// <summary>Nothing where the plan's counts held.</summary>
    public IEnumerable<string> Sentences()
    {
        if (fewer.Windows > 0)
            yield return $"{fewer.Text}: the source itself counts no more than was read, so points were deleted or expired after the plan was made";
        if (more.Windows > 0)
            yield return $"{more.Text}: the source was written to after the plan was made";
    }

    private sealed class Sum
    {
        private (string Measurement, PlanDifference Difference)? first;
        private long planned;
        private long found;

        public int Windows { get; private set; }

        public string Text => first is not var (measurement, one)
            ? ""
            : $"{(Windows == 1 ? "1 window has" : $"{Windows} windows have")} {found} field values where the plan counted {planned} "
                + $"('{measurement}' {new TimeRange(one.Start, one.Stop)}: planned {one.Planned}, found {one.Found}{(Windows == 1 ? "" : ", and others")})";

        public void Add(string measurement, PlanDifference difference)
        {
            first ??= (measurement, difference);
            Windows++;
            planned += difference.Planned;
            found += difference.Found;
        }
    }
}
