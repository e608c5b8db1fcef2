using System.Text.Json.Nodes;
using Functions;

namespace Infra.Tests;

public sealed class RotationTests(SynthesisedStacks stacks)
{
    [Fact]
    public void A_secret_is_rotated_where_the_environment_names_its_admin_s_secret_and_nowhere_else() => Assert.All(stacks.All, environment =>
    {
        var schedules = environment.PipelineJson.OfType("AWS::SecretsManager::RotationSchedule").Values.Select(schedule => schedule.Properties()).ToList();

        var asked = environment.Settings.Rotation;
        Assert.Equal(new[] { asked?.SourceAdminSecretArn, asked?.DestinationAdminSecretArn }.Count(arn => arn is not null), schedules.Count);
        Assert.All(schedules, schedule => Assert.Equal(asked!.Days, (int)schedule["RotationRules"]!["AutomaticallyAfterDays"]!));
        Assert.All(schedules, schedule => Assert.False((bool)schedule["RotateImmediatelyOnUpdate"]!));
        Assert.Equal(schedules.Count, environment.PipelineJson.OfType("AWS::Lambda::Permission").Values.Count(permission =>
            (string?)permission.Properties()["Principal"] == "secretsmanager.amazonaws.com" && permission.Properties()["SourceArn"] is not null && permission.Properties()["SourceAccount"] is not null));
    });

    [Fact]
    public void Replaced_tokens_are_looked_for_every_day() => Assert.All(stacks.All.Where(environment => environment.Settings.Rotation is not null), environment =>
    {
        var templates = new DeployedTemplates(environment);
        var cleanups = environment.PipelineJson.OfType("AWS::Scheduler::Schedule").Where(schedule => schedule.Key.StartsWith("Rotation", StringComparison.Ordinal)).ToList();

        Assert.Equal(environment.PipelineJson.OfType("AWS::SecretsManager::RotationSchedule").Count, cleanups.Count);
        Assert.All(cleanups, cleanup =>
        {
            var input = JsonNode.Parse((string)templates.Filled(cleanup.Value.Properties()["Target"]!["Input"])!)!;
            Assert.Equal("cleanup", (string)input["Step"]!);
            Assert.StartsWith("arn:aws:secretsmanager:", (string)input["SecretId"]!, StringComparison.Ordinal);
            Assert.Equal("rate(1 day)", (string)cleanup.Value.Properties()["ScheduleExpression"]!);
            Assert.Equal(environment.PipelineJson.OfType("AWS::SQS::Queue").Keys.Single(id => id.StartsWith("RotationFailedCleanups", StringComparison.Ordinal)), (string)cleanup.Value.Properties()["Target"]!["DeadLetterConfig"]!["Arn"]!["Fn::GetAtt"]![0]!);
        });
    });

    [Fact]
    public void A_replaced_token_outlives_the_longest_execution_and_goes_before_the_next_rotation() => Assert.All(stacks.All.Where(environment => environment.Settings.Rotation is not null), environment =>
    {
        var machine = JsonNode.Parse(MigrationStateMachine.Definition())!;
        var rotate = environment.PipelineJson.OfType("AWS::Lambda::Function").Values.Select(function => function.Properties()["Environment"]!["Variables"]!)
            .Single(variables => (string)variables[SettingNames.Handler]! == HandlerNames.Rotate);

        var grace = TimeSpan.FromHours(int.Parse((string)rotate[SettingNames.RotationGraceHours]!, System.Globalization.CultureInfo.InvariantCulture));
        Assert.True(grace > TimeSpan.FromSeconds((long)machine["TimeoutSeconds"]!));
        Assert.True(grace < TimeSpan.FromDays(environment.Settings.Rotation!.Days));
    });

    [Fact]
    public void One_failed_rotation_is_an_alarm() => Assert.All(stacks.All.Where(environment => environment.Settings.Rotation is not null), environment =>
    {
        var alarm = environment.PipelineJson.OfType("AWS::CloudWatch::Alarm").Single(alarm => alarm.Key.Contains("RotateErrors", StringComparison.Ordinal)).Value.Properties();

        Assert.Equal((1, "Errors"), ((int)alarm["Threshold"]!, (string)alarm["MetricName"]!));
        Assert.StartsWith("FunctionsRotate", (string)alarm["Dimensions"]![0]!["Value"]!["Ref"]!, StringComparison.Ordinal);
    });
}
