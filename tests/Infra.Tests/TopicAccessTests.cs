using Aws;

namespace Infra.Tests;

/// <summary>Who may tell through the topic, answered by an evaluator of IAM policies: alarms and ends are all that a person hears of.</summary>
public sealed class TopicAccessTests(SynthesisedStacks stacks)
{
    private const string Account = DeployedTemplates.Account;
    private const string Stranger = "999988887777";
    private const string CloudWatch = "cloudwatch.amazonaws.com";
    private const string EventBridge = "events.amazonaws.com";

    [Fact]
    public async Task Every_alarm_reaches_the_topic_and_no_other_account_s() => await AssertAllAsync(environment =>
    {
        var stack = StackNames.Pipeline(environment.EnvironmentName);
        var alarms = stacks.All.Single(one => one.Settings.Name == environment.EnvironmentName).PipelineJson.OfType("AWS::CloudWatch::Alarm");
        return alarms.SelectMany(alarm =>
        {
            // A name of its own would not have to begin with the stack's.
            Assert.False(alarm.Value.Properties().ContainsKey("AlarmName"));
            var name = $"{stack}-{alarm.Key}-1A2B3C4D5E6F";
            return new[]
            {
                Ask(environment, CloudWatch, Alarm(environment, Account, name), Account, allowed: true),
                Ask(environment, CloudWatch, Alarm(environment, Stranger, name), Stranger, allowed: false),
                Ask(environment, CloudWatch, Alarm(environment, Account, name), Stranger, allowed: false),
                Ask(environment, CloudWatch, Alarm(environment, Account, name), Account, allowed: false, tls: "false"),
            };
        }).Append(Ask(environment, CloudWatch, Alarm(environment, Account, "another-alarm"), Account, allowed: false));
    });

    [Fact]
    public async Task The_rule_of_ends_reaches_the_topic_and_no_other_rule_forges_an_end() => await AssertAllAsync(environment =>
    {
        var name = StackNames.EndsRule(environment.EnvironmentName);
        return
        [
            Ask(environment, EventBridge, Rule(environment, Account, name), Account, allowed: true),
            Ask(environment, EventBridge, Rule(environment, Stranger, name), Stranger, allowed: false),
            Ask(environment, EventBridge, Rule(environment, Account, name), Stranger, allowed: false),
            Ask(environment, EventBridge, Rule(environment, Account, "another-rule"), Account, allowed: false),
            Ask(environment, EventBridge, Rule(environment, Account, name), Account, allowed: false, tls: "false"),
            Ask(environment, "s3.amazonaws.com", "arn:aws:s3:::a-bucket", Account, allowed: false),
        ];
    });

    [Fact]
    public async Task The_rule_of_ends_tells_with_a_role_of_its_own_that_no_other_rule_may_take() => await AssertAllAsync(environment =>
    {
        var id = environment.Find("AWS::IAM::Role", "ObservabilityEndsRule");
        var template = stacks.All.Single(one => one.Settings.Name == environment.EnvironmentName).PipelineJson;
        var rule = Assert.Single(template.OfType("AWS::Events::Rule").Values).Properties();
        var target = Assert.Single(rule["Targets"]!.AsArray())!;
        var trust = Assert.Single(template.OfType("AWS::IAM::Role")[id].Properties()["AssumeRolePolicyDocument"]!["Statement"]!.AsArray())!;

        var name = StackNames.EndsRule(environment.EnvironmentName);
        Assert.Equal(name, (string)rule["Name"]!);
        Assert.Equal(environment.Arn("AWS::IAM::Role", id), (string)environment.Filled(target["RoleArn"])!);
        Assert.Equal(Topic(environment), (string)environment.Filled(target["Arn"])!);
        Assert.Equal(EventBridge, (string)trust["Principal"]!["Service"]!);
        Assert.Equal(Account, (string)environment.Filled(trust["Condition"]!["StringEquals"]!["aws:SourceAccount"])!);
        Assert.Equal(Rule(environment, Account, name), (string)environment.Filled(trust["Condition"]!["ArnEquals"]!["aws:SourceArn"])!);
        var policies = environment.PoliciesOf(id);
        PolicyQuestion Publish(string topic, bool allowed) => new()
        {
            Principal = environment.Arn("AWS::IAM::Role", id),
            Action = "sns:Publish",
            Resource = topic,
            Context = PolicyQuestion.Tls("1.3"),
            IdentityPolicies = policies,
            ResourcePolicy = environment.TopicPolicy(),
            Allowed = allowed,
        };
        return [Publish(Topic(environment), allowed: true), Publish(Topic(environment) + "2", allowed: false)];
    });

    [Fact]
    public void The_topic_is_encrypted_with_no_key_that_would_shut_a_service_out() =>
        Assert.All(stacks.All, environment => Assert.Null(Assert.Single(environment.PipelineJson.OfType("AWS::SNS::Topic").Values).Properties()["KmsMasterKeyId"]));

    private async Task AssertAllAsync(Func<DeployedTemplates, IEnumerable<PolicyQuestion>> ask) =>
        await PolicyQuestion.AssertAllAsync(stacks.All.SelectMany(environment => ask(new DeployedTemplates(environment))).ToList());

    private static string Topic(DeployedTemplates environment) => environment.Arn("AWS::SNS::Topic", "ObservabilityTopic");

    private static string Region(DeployedTemplates environment) => Topic(environment).Split(':')[3];

    private static string Alarm(DeployedTemplates environment, string account, string name) => $"arn:aws:cloudwatch:{Region(environment)}:{account}:alarm:{name}";

    private static string Rule(DeployedTemplates environment, string account, string name) => $"arn:aws:events:{Region(environment)}:{account}:rule/{name}";

    private static PolicyQuestion Ask(DeployedTemplates environment, string service, string source, string account, bool allowed, string tls = "true") => new()
    {
        Principal = service,
        Action = "sns:Publish",
        Resource = Topic(environment),
        Context = new() { ["aws:SourceArn"] = source, ["aws:SourceAccount"] = account, ["aws:SecureTransport"] = tls },
        ResourcePolicy = environment.TopicPolicy(),
        Allowed = allowed,
    };
}
