using Functions;
using Functions.Logs;

namespace Infra.Tests;

/// <summary>Whether one execution that goes wrong is enough for an alarm.</summary>
public sealed class AlarmTests(SynthesisedStacks stacks)
{
    [Fact]
    public void A_function_that_fails_for_good_is_an_alarm_before_its_retries_are_over() => Assert.All(stacks.All, environment =>
    {
        var machine = new StateMachineJson(environment.PipelineJson);
        foreach (var rights in FunctionRights.All)
        {
            var alarm = Alarm(environment, $"{rights.Id}Errors");
            var state = machine.AllStates.First(state => state.Invokes && ((string)state.Json["Parameters"]!["FunctionName"]!).EndsWith($":{rights.Id}FunctionArn", StringComparison.Ordinal));

            Assert.Equal((1, "Sum", "notBreaching"), ((int)alarm["EvaluationPeriods"]!, (string)alarm["Statistic"]!, (string)alarm["TreatMissingData"]!));
            // One that answers with an error at once, and one that is cut at its time limit each time.
            Assert.All(
                [(Error: "Transient", Seconds: 0), (Error: "Lambda.Unknown", Seconds: rights.Minutes * 60)],
                fault => Assert.True(Errors(state, fault.Error, fault.Seconds, (int)alarm["Period"]!) >= (int)alarm["Threshold"]!, $"{rights.Id} {fault}"));
        }
    });

    [Fact]
    public void One_execution_that_ends_badly_one_point_that_is_left_out_and_one_message_in_a_queue_is_an_alarm() => Assert.All(stacks.All, environment =>
    {
        string[] always = ["ExecutionsFailed", "ExecutionsTimedOut", "PointsRejected", "PointsQuarantined", "PointsRefusedAgain", "EndsUntold"];
        var more = new[] { (environment.Settings.Schedules.Count > 0, "FailedStarts"), (environment.Settings.Rotation is not null, "FailedCleanups"), (environment.Settings.Rotation is not null, "RotateErrors") };

        Assert.All(always.Concat(more.Where(one => one.Item1).Select(one => one.Item2)), name =>
        {
            var alarm = Alarm(environment, name);
            Assert.Equal((1, 1, "GreaterThanOrEqualToThreshold"), ((int)alarm["Threshold"]!, (int)alarm["EvaluationPeriods"]!, (string)alarm["ComparisonOperator"]!));
        });
    });

    [Theory]
    [InlineData("PointsRejected", MetricNames.PointsRejected, HandlerNames.Export)]
    [InlineData("PointsQuarantined", MetricNames.PointsQuarantined, HandlerNames.Import)]
    [InlineData("PointsRefusedAgain", MetricNames.PointsQuarantined, HandlerNames.Verify)]
    public void What_is_left_out_is_watched_at_the_stage_that_leaves_it_out(string alarm, string metric, string stage) => Assert.All(stacks.All, environment =>
    {
        // With a label, CDK writes a list of one metric.
        var watched = Assert.Single(Alarm(environment, alarm)["Metrics"]!.AsArray())!["MetricStat"]!["Metric"]!;

        Assert.Equal(metric, (string)watched["MetricName"]!);
        Assert.Equal(
            [("environment", environment.Settings.Name), ("stage", stage)],
            watched["Dimensions"]!.AsArray().Select(dimension => ((string)dimension!["Name"]!, (string)dimension["Value"]!)));
    });

    private static System.Text.Json.Nodes.JsonObject Alarm(SynthesisedEnvironment environment, string name) =>
        environment.PipelineJson.OfType("AWS::CloudWatch::Alarm").Single(alarm => alarm.Key.StartsWith($"Observability{name}", StringComparison.Ordinal)).Value.Properties();

    // The errors of one call from its first on, with the longest waits that the jitter gives.
    private static int Errors(AslState state, string error, int seconds, int period)
    {
        var retry = state.Retries.Single(retry => retry["ErrorEquals"].Texts().Contains(error));
        var (errors, time) = (1, 0.0);
        for (var attempt = 0; attempt < (int)retry["MaxAttempts"]!; attempt++)
        {
            time += seconds + Math.Min((int)retry["MaxDelaySeconds"]!, (int)retry["IntervalSeconds"]! * Math.Pow((double)retry["BackoffRate"]!, attempt));
            if (time > period)
                break;
            errors++;
        }
        return errors;
    }
}
