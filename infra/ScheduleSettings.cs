using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Functions;

namespace Infra;

/// <summary>A migration that starts by the clock.</summary>
public sealed record ScheduleSettings
{
    // Two runs may fail before somebody is told that the destination lags.
    private const int ToleratedIntervals = 3;

    /// <summary>Its name, one of its kind in the environment.</summary>
    public string Name { get; init; } = "";

    /// <summary><c>rate(…)</c> or <c>cron(…)</c>.</summary>
    public string Expression { get; init; } = "";

    /// <summary>The zone that a cron expression means.</summary>
    public string TimeZone { get; init; } = "UTC";

    /// <summary>Minutes within which a run may start; 0 for at once.</summary>
    public int FlexibleMinutes { get; init; }

    /// <summary>Minutes that the destination may be behind; null for three intervals and the run's own lag.</summary>
    public int? LagAlarmMinutes { get; init; }

    /// <summary>What an operator would paste, as in <c>events/</c>.</summary>
    public JsonElement Input { get; init; }

    /// <summary>How far the destination may be behind; null where neither the entry nor the expression tells.</summary>
    public TimeSpan? LagAlarm => LagAlarmMinutes is { } minutes
        ? TimeSpan.FromMinutes(minutes)
        : Interval() * ToleratedIntervals + TimeSpan.FromSeconds(MigrationInput.TryParse(JsonSerializer.SerializeToElement(ExecutionInput()), new InputRules()).Input?.LagSeconds ?? 0);

    /// <summary>The mark that it moves.</summary>
    public string Mark => (string)ExecutionInput()[Property(nameof(MigrationInput.Mark))]!;

    /// <summary>The chunks at a time that its input asks for; null where it says nothing.</summary>
    public int? MaxConcurrency => Input.ValueKind == JsonValueKind.Object && Input.TryGetProperty(Property(nameof(MigrationInput.MaxConcurrency)), out var asked) && asked.ValueKind == JsonValueKind.Number && asked.TryGetInt32(out var number)
        ? number
        : null;

    /// <summary>The input of the executions that it starts: incremental, with a mark of the schedule's name unless one is named.</summary>
    public JsonObject ExecutionInput()
    {
        var input = JsonObject.Create(Input)!;
        input[Property(nameof(MigrationInput.Incremental))] = true;
        input[Property(nameof(MigrationInput.Mark))] ??= Name;
        return input;
    }

    // The longest time from one start to the next: a cron expression of every day is taken for one a day.
    private TimeSpan? Interval()
    {
        var parts = Expression.Split('(', ' ', ')');
        return parts switch
        {
            ["rate", var number, var unit, ""] => int.Parse(number, CultureInfo.InvariantCulture) * unit.TrimEnd('s') switch
            {
                "minute" => TimeSpan.FromMinutes(1),
                "hour" => TimeSpan.FromHours(1),
                _ => TimeSpan.FromDays(1),
            },
            ["cron", _, _, "*" or "?", "*", "*" or "?", "*", ""] => TimeSpan.FromDays(1),
            _ => null,
        };
    }

    private static string Property(string name) => JsonNamingPolicy.CamelCase.ConvertName(name);
}
