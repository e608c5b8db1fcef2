using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Amazon.CDK.Assertions;
using Aws;
using Functions;
using Functions.Logs;

namespace Infra.Tests;

[Collection(SynthesisedStacks.OneAtATime)]
public sealed class PipelineTests(SynthesisedStacks stacks)
{
    [Fact]
    public void Each_handler_is_a_function_with_a_role_and_a_log_of_its_own() => Assert.All(stacks.All, environment =>
    {
        var functions = FunctionsOf(environment);

        Assert.Equal(HandlersOf(environment).Order(StringComparer.Ordinal), functions.Select(function => Variable(function, SettingNames.Handler)).Order(StringComparer.Ordinal));
        Assert.Equal(functions.Count, functions.Select(function => (string)function["Role"]!["Fn::GetAtt"]![0]!).Distinct(StringComparer.Ordinal).Count());
        Assert.Equal(functions.Count, functions.Select(function => (string)function["LoggingConfig"]!["LogGroup"]!["Ref"]!).Distinct(StringComparer.Ordinal).Count());
    });

    [Fact]
    public void Functions_get_the_settings_that_they_read_and_no_others() => Assert.All(stacks.All, environment =>
    {
        var functions = FunctionsOf(environment);

        var set = functions.SelectMany(function => function["Environment"]!["Variables"]!.AsObject().Select(variable => variable.Key)).Distinct(StringComparer.Ordinal);
        string[] rotating = environment.Settings.Rotation is null ? [SettingNames.RotationGraceHours] : [];
        Assert.Equal(SettingNames.All.Except(rotating).Order(StringComparer.Ordinal), set.Order(StringComparer.Ordinal));
        string[] always = [.. SettingNames.All.Except([SettingNames.SourceSecret, SettingNames.DestinationSecret, SettingNames.RotationGraceHours])];
        Assert.All(functions, function => Assert.Empty(always.Except(function["Environment"]!["Variables"]!.AsObject().Select(variable => variable.Key))));
    });

    [Fact]
    public void Functions_log_JSON_are_traced_and_their_logs_end() => Assert.All(stacks.All, environment =>
    {
        environment.Pipeline.AllResourcesProperties("AWS::Lambda::Function", Match.ObjectLike(new Dictionary<string, object>
        {
            ["TracingConfig"] = new Dictionary<string, object> { ["Mode"] = "Active" },
            ["LoggingConfig"] = Match.ObjectLike(new Dictionary<string, object> { ["LogFormat"] = "JSON", ["ApplicationLogLevel"] = "INFO", ["SystemLogLevel"] = "WARN" }),
        }));
        environment.Pipeline.ResourceCountIs("AWS::Logs::LogGroup", HandlersOf(environment).Count() + 1);
        environment.Pipeline.AllResourcesProperties("AWS::Logs::LogGroup", Match.ObjectLike(new Dictionary<string, object> { ["RetentionInDays"] = environment.Settings.LogRetentionDays }));
    });

    [Fact]
    public void The_customer_s_key_encrypts_every_log_group_where_one_is_named()
    {
        Assert.Contains(stacks.All, environment => environment.Settings.LogKeyArn is not null);
        Assert.All(stacks.All, environment => Assert.All(
            environment.PipelineJson.OfType("AWS::Logs::LogGroup").Values, group => Assert.Equal(environment.Settings.LogKeyArn, (string?)group.Properties()["KmsKeyId"])));
    }

    [Fact]
    public void Only_functions_that_move_data_have_their_concurrency_reserved() => Assert.All(stacks.All, environment =>
    {
        foreach (var function in FunctionsOf(environment))
        {
            var moves = Variable(function, SettingNames.Handler) is HandlerNames.Export or HandlerNames.Import or HandlerNames.Verify;

            Assert.Equal(moves ? environment.Settings.ReservedConcurrency : null, (int?)function["ReservedConcurrentExecutions"]);
        }
    });

    [Fact]
    public void The_runtime_switch_changes_runtime_handler_and_architecture()
    {
        var managed = stacks.All.Single(environment => environment.Settings.Runtime == EnvironmentSettings.ManagedRuntime);
        var native = stacks.All.First(environment => environment.Settings.Runtime == EnvironmentSettings.NativeRuntime);

        Assert.All(FunctionsOf(managed), function => Assert.Equal(("dotnet10", "bootstrap", "arm64"), Runtime(function)));
        Assert.All(FunctionsOf(native), function => Assert.Equal(("provided.al2023", Variable(function, SettingNames.Handler), "x86_64"), Runtime(function)));
    }

    [Fact]
    public void The_state_machine_keeps_its_name_when_the_pipeline_is_destroyed_and_deployed_again() => Assert.All(stacks.All, environment =>
    {
        var machine = Assert.Single(environment.PipelineJson.OfType("AWS::StepFunctions::StateMachine").Values).Properties();

        // Locks, marks and schedules outside of this stack hold ARNs with it: changing it makes them another machine's.
        Assert.Equal($"influx-migrate-{environment.Settings.Name}", (string)machine["StateMachineName"]!);
        Assert.Equal(stacks.All.Count, stacks.All.Select(one => StackNames.StateMachine(one.Settings.Name)).Distinct(StringComparer.Ordinal).Count());
    });

    [Fact]
    public void The_functions_are_told_how_many_of_them_may_run_at_a_time() => Assert.All(stacks.All, environment => Assert.All(
        FunctionsOf(environment),
        function => Assert.Equal((environment.Settings.ReservedConcurrency ?? 1_000).ToString(CultureInfo.InvariantCulture), Variable(function, SettingNames.MostConcurrency))));

    [Fact]
    public void Nothing_is_reserved_in_dev_as_a_new_account_has_ten_invocations_at_a_time() =>
        Assert.Null(stacks.Configured.Single(settings => settings.Name == "dev").ReservedConcurrency);

    [Fact]
    public void The_state_machine_is_traced_and_logs_no_data() => Assert.All(stacks.All, environment =>
        environment.Pipeline.HasResourceProperties("AWS::StepFunctions::StateMachine", Match.ObjectLike(new Dictionary<string, object>
        {
            ["StateMachineType"] = "STANDARD",
            ["TracingConfiguration"] = new Dictionary<string, object> { ["Enabled"] = true },
            ["LoggingConfiguration"] = Match.ObjectLike(new Dictionary<string, object> { ["IncludeExecutionData"] = false, ["Level"] = "ALL" }),
        })));

    [Fact]
    public void Roles_are_assumed_by_their_service_for_this_account_only() => Assert.All(stacks.All, environment =>
    {
        foreach (var (id, role) in environment.PipelineJson.OfType("AWS::IAM::Role"))
        {
            var trust = Assert.Single(role.Properties()["AssumeRolePolicyDocument"]!["Statement"]!.AsArray())!;
            var service = (string)trust["Principal"]!["Service"]!;

            Assert.Equal(
                new (string Start, string Service)[]
                {
                    ("Functions", "lambda.amazonaws.com"), ("Schedules", "scheduler.amazonaws.com"), ("Rotation", "scheduler.amazonaws.com"),
                    ("Migration", "states.amazonaws.com"), ("ObservabilityEndsRule", "events.amazonaws.com"),
                }.Single(known => id.StartsWith(known.Start, StringComparison.Ordinal)).Service,
                service);
            if (service != "lambda.amazonaws.com")
                Assert.NotNull(trust["Condition"]!["StringEquals"]!["aws:SourceAccount"]);
            Assert.Null(role.Properties()["ManagedPolicyArns"]);
        }
    });

    [Fact]
    public void A_resource_of_all_stands_only_where_AWS_demands_it()
    {
        // X-Ray and the network interfaces of a function, and log delivery of Step Functions, take no narrower resource.
        string[] demanded = ["xray:", "ec2:", "logs:"];

        var actions = stacks.All.SelectMany(environment => environment.PipelineJson.OfType("AWS::IAM::Policy").Concat(environment.PipelineJson.OfType("AWS::IAM::ManagedPolicy")))
            .SelectMany(policy => policy.Value.Properties()["PolicyDocument"]!["Statement"]!.AsArray())
            .Where(statement => statement!["Resource"].Texts().Contains("*")).SelectMany(statement => statement!["Action"].Texts());

        Assert.DoesNotContain(actions, action => !demanded.Any(start => action.StartsWith(start, StringComparison.Ordinal)));
    }

    [Fact]
    public void No_action_is_allowed_by_a_pattern()
    {
        var policies = stacks.All.SelectMany(environment => new[] { environment.PipelineJson, environment.DataJson })
            .SelectMany(template => template.OfType("AWS::IAM::Policy").Concat(template.OfType("AWS::IAM::ManagedPolicy"))).ToList();

        var actions = policies.SelectMany(policy => policy.Value.Properties()["PolicyDocument"]!["Statement"]!.AsArray())
            .Where(statement => (string)statement!["Effect"]! == "Allow").SelectMany(statement => statement!["Action"].Texts()).ToList();

        Assert.True(actions.Count > 50);
        Assert.DoesNotContain(actions, action => action.Contains('*', StringComparison.Ordinal) || action.Contains('?', StringComparison.Ordinal));
    }

    [Fact]
    public void A_schedule_starts_an_incremental_migration_and_keeps_a_start_that_failed()
    {
        var production = stacks.All.Single(environment => environment.Settings.Schedules.Count > 0);
        var schedule = production.PipelineJson.OfType("AWS::Scheduler::Schedule").Single(schedule => schedule.Key.StartsWith("Schedules", StringComparison.Ordinal)).Value.Properties();

        var input = JsonNode.Parse((string)schedule["Target"]!["Input"]!)!.AsObject();
        Assert.True((bool)input["incremental"]!);
        Assert.Equal("nightly", (string)input["mark"]!);
        Assert.Empty(MigrationInput.TryParse(JsonSerializer.SerializeToElement(input), new InputRules()).Problems);
        Assert.Equal("telemetry", (string)input["source"]!["bucket"]!);
        Assert.Equal("cron(0 2 * * ? *)", (string)schedule["ScheduleExpression"]!);
        Assert.Equal(15, (int)schedule["FlexibleTimeWindow"]!["MaximumWindowInMinutes"]!);
        Assert.NotNull(schedule["Target"]!["DeadLetterConfig"]!["Arn"]);
        Assert.Equal(10, (int)schedule["Target"]!["RetryPolicy"]!["MaximumRetryAttempts"]!);
        production.Pipeline.HasResourceProperties("AWS::SQS::Queue", Match.ObjectLike(new Dictionary<string, object> { ["SqsManagedSseEnabled"] = true }));
    }

    [Fact]
    public void Every_alarm_and_every_end_of_an_execution_reaches_the_topic() => Assert.All(stacks.All, environment =>
    {
        var topic = environment.PipelineJson.OfType("AWS::SNS::Topic").Single().Key;
        var alarms = environment.PipelineJson.OfType("AWS::CloudWatch::Alarm").Values;

        Assert.Equal(13 + (environment.Settings.Schedules.Count > 0 ? 1 : 0) + (2 * environment.Settings.Schedules.Count) + (environment.Settings.Rotation is null ? 0 : 2), alarms.Count());
        Assert.All(alarms, alarm => Assert.Equal(topic, (string)Assert.Single(alarm.Properties()["AlarmActions"]!.AsArray())!["Ref"]!));
        Assert.All(alarms.Where(alarm => (string)alarm.Properties()["MetricName"]! != MetricNames.LagSeconds), alarm => Assert.Equal("notBreaching", (string)alarm.Properties()["TreatMissingData"]!));
        environment.Pipeline.HasResourceProperties("AWS::Events::Rule", Match.ObjectLike(new Dictionary<string, object>
        {
            ["EventPattern"] = Match.ObjectLike(new Dictionary<string, object>
            {
                ["source"] = new object[] { "aws.states" },
                ["detail"] = Match.ObjectLike(new Dictionary<string, object> { ["status"] = new object[] { "SUCCEEDED", "FAILED", "TIMED_OUT", "ABORTED" } }),
            }),
        }));
        Assert.Equal(environment.Settings.AlarmEmail is null ? 0 : 1, environment.PipelineJson.OfType("AWS::SNS::Subscription").Count);
        environment.Pipeline.ResourceCountIs("AWS::CloudWatch::Dashboard", 1);
    });

    [Fact]
    public void Outputs_name_what_the_next_step_needs() => Assert.All(stacks.All, environment =>
    {
        string[] data = ["DestinationSecretArn", "PutDestinationSecret", "PutSourceSecret", "SourceSecretArn", "StagingBucketName"];
        string[] pipeline = ["ConsoleUrl", "DashboardUrl", "OperatePolicyArn", "ReadReportsPolicyArn", "StartCommand", "StateMachineArn", "TopicArn"];

        Assert.Superset(data.ToHashSet(StringComparer.Ordinal), environment.DataJson["Outputs"]!.AsObject().Select(output => output.Key).ToHashSet(StringComparer.Ordinal));
        Assert.Superset(pipeline.ToHashSet(StringComparer.Ordinal), environment.PipelineJson["Outputs"]!.AsObject().Select(output => output.Key).ToHashSet(StringComparer.Ordinal));
    });

    private static IEnumerable<string> HandlersOf(SynthesisedEnvironment environment) =>
        environment.Settings.Rotation is null ? HandlerNames.All : HandlerNames.All.Append(HandlerNames.Rotate);

    private static List<JsonObject> FunctionsOf(SynthesisedEnvironment environment) =>
        [.. environment.PipelineJson.OfType("AWS::Lambda::Function").Values.Select(function => function.Properties())];

    private static string Variable(JsonObject function, string name) => (string)function["Environment"]!["Variables"]![name]!;

    private static (string Runtime, string Handler, string Architecture) Runtime(JsonObject function) =>
        ((string)function["Runtime"]!, (string)function["Handler"]!, (string)function["Architectures"]![0]!);
}
