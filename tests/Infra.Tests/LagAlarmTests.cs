using System.Text.Json;
using System.Text.Json.Nodes;
using Functions.Logs;

namespace Infra.Tests;

public sealed class LagAlarmTests(SynthesisedStacks stacks)
{
    [Fact]
    public void Each_schedule_has_an_alarm_on_the_lag_of_its_mark_that_keeps_its_state_between_runs() => Assert.All(stacks.All, environment =>
    {
        var alarms = AlarmsOf(environment).Where(alarm => (string)alarm["Statistic"]! == "Maximum").ToList();

        Assert.Equal(environment.Settings.Schedules.Count, alarms.Count);
        Assert.All(environment.Settings.Schedules.Zip(alarms), pair =>
        {
            var (schedule, alarm) = pair;
            Assert.Equal([("environment", environment.Settings.Name), (MetricNames.MarkDimension, schedule.Mark)], Dimensions(alarm));
            Assert.Equal((schedule.LagAlarm!.Value.TotalSeconds, "GreaterThanOrEqualToThreshold", "ignore"), ((double)alarm["Threshold"]!, (string)alarm["ComparisonOperator"]!, (string)alarm["TreatMissingData"]!));
            Assert.Equal((300, 1), ((int)alarm["Period"]!, (int)alarm["EvaluationPeriods"]!));
        });
    });

    [Fact]
    public void A_schedule_of_which_no_run_ends_is_an_alarm_too() => Assert.All(stacks.All, environment =>
    {
        var alarms = AlarmsOf(environment).Where(alarm => (string)alarm["Statistic"]! == "SampleCount").ToList();

        Assert.Equal(environment.Settings.Schedules.Count(schedule => schedule.LagAlarm <= TimeSpan.FromDays(7)), alarms.Count);
        Assert.All(environment.Settings.Schedules.Where(schedule => schedule.LagAlarm <= TimeSpan.FromDays(7)).Zip(alarms), pair =>
        {
            var (schedule, alarm) = pair;
            var look = TimeSpan.FromSeconds((int)alarm["Period"]! * (int)alarm["EvaluationPeriods"]!);
            Assert.Equal([("environment", environment.Settings.Name), (MetricNames.MarkDimension, schedule.Mark)], Dimensions(alarm));
            Assert.Equal((1, "LessThanThreshold", "breaching"), ((int)alarm["Threshold"]!, (string)alarm["ComparisonOperator"]!, (string)alarm["TreatMissingData"]!));
            Assert.InRange(look, schedule.LagAlarm!.Value, schedule.LagAlarm.Value + TimeSpan.FromMinutes(7));
            Assert.InRange((int)alarm["Period"]!, 60, 86_400);
            Assert.Equal(0, (int)alarm["Period"]! % 60);
        });
    });

    [Theory]
    [InlineData("rate(5 minutes)", 300, null, 20)]
    [InlineData("rate(1 hour)", 0, null, 180)]
    [InlineData("rate(2 days)", 600, null, 8_650)]
    [InlineData("cron(0 2 * * ? *)", 300, null, 4_325)]
    [InlineData("cron(0/15 * ? * * *)", 300, null, 4_325)]
    [InlineData("cron(0 2 ? * MON *)", 300, 20_160, 20_160)]
    [InlineData("cron(0 2 1 * ? *)", 300, null, null)]
    [InlineData("cron(0 2 * 6 ? *)", 300, null, null)]
    public void A_lag_is_too_long_after_three_intervals_unless_the_entry_says_otherwise(string expression, int lagSeconds, int? given, int? minutes)
    {
        var schedule = new ScheduleSettings
        {
            Name = "nightly",
            Expression = expression,
            LagAlarmMinutes = given,
            Input = JsonSerializer.SerializeToElement(new JsonObject { ["source"] = new JsonObject { ["bucket"] = "b" }, ["lagSeconds"] = lagSeconds }),
        };

        Assert.Equal(minutes, schedule.LagAlarm?.TotalMinutes);
    }

    private static IEnumerable<JsonObject> AlarmsOf(SynthesisedEnvironment environment) => environment.PipelineJson.OfType("AWS::CloudWatch::Alarm").Values
        .Select(alarm => alarm.Properties()).Where(alarm => (string?)alarm["MetricName"] == MetricNames.LagSeconds);

    private static IEnumerable<(string, string)> Dimensions(JsonObject alarm) =>
        alarm["Dimensions"]!.AsArray().Select(dimension => ((string)dimension!["Name"]!, (string)dimension["Value"]!)).OrderBy(dimension => dimension.Item1, StringComparer.Ordinal);
}
