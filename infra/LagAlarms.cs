using Amazon.CDK.AWS.CloudWatch;
using Amazon.CDK.AWS.CloudWatch.Actions;
using Amazon.CDK.AWS.SNS;
using Constructs;

namespace Infra;

/// <summary>
/// Two alarms of each schedule: a run that ends too far behind, and no run that ends at all. One alarm can't be both: between runs
/// nothing is written, which is neither good nor bad, until it lasts.
/// </summary>
internal sealed class LagAlarms : Construct
{
    // CloudWatch's: a period of at most a day, and no alarm that looks back further than a week.
    private static readonly TimeSpan LongestPeriod = TimeSpan.FromDays(1);
    private static readonly TimeSpan LongestLook = TimeSpan.FromDays(7);

    private readonly SnsAction tell;

    /// <summary>Builds them.</summary>
    public LagAlarms(Construct scope, string id, EnvironmentSettings settings, Topic topic)
        : base(scope, id)
    {
        tell = new SnsAction(topic);
        foreach (var schedule in settings.Schedules)
            Add(schedule, settings.Name);
    }

    private void Add(ScheduleSettings schedule, string environment)
    {
        var allowed = schedule.LagAlarm!.Value;
        Alarm($"{schedule.Name}Lag", new AlarmProps
        {
            AlarmDescription = $"{environment}: the schedule '{schedule.Name}' leaves the destination more than {Words(allowed)} behind: see why its runs fail, or do nothing",
            Metric = StageMetrics.LagOf(environment, schedule.Mark, "Maximum", TimeSpan.FromMinutes(5)),
            Threshold = allowed.TotalSeconds,
            EvaluationPeriods = 1,
            ComparisonOperator = ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
            // Stays as it is until the next run ends.
            TreatMissingData = TreatMissingData.IGNORE,
        });
        if (allowed > LongestLook)
            return;
        var periods = (int)Math.Ceiling(allowed / LongestPeriod);
        Alarm($"{schedule.Name}Silent", new AlarmProps
        {
            AlarmDescription = $"{environment}: no run of the schedule '{schedule.Name}' has moved its mark or found it for {Words(allowed)} (that counts before its first one, too): see whether it is on, and its executions",
            Metric = StageMetrics.LagOf(environment, schedule.Mark, "SampleCount", TimeSpan.FromMinutes(Math.Ceiling(allowed.TotalMinutes / periods))),
            Threshold = 1,
            EvaluationPeriods = periods,
            ComparisonOperator = ComparisonOperator.LESS_THAN_THRESHOLD,
            TreatMissingData = TreatMissingData.BREACHING,
        });
    }

    private void Alarm(string id, AlarmProps props) => new Alarm(this, id, props).AddAlarmAction(tell);

    private static string Words(TimeSpan span) => span.TotalHours >= 48 ? $"{span.TotalDays:0.#} days" : span.TotalMinutes >= 120 ? $"{span.TotalHours:0.#} hours" : $"{span.TotalMinutes:0} minutes";
}
