using Aws;
using Functions;

namespace Infra.Tests;

/// <summary>What leaves the VPC by the endpoints that the stack makes, and what a function may do with network interfaces.</summary>
public sealed class EndpointAccessTests(SynthesisedStacks stacks)
{
    private const string Account = DeployedTemplates.Account;
    private const string Stranger = "999988887777";

    private IEnumerable<DeployedTemplates> WithEndpoints =>
        stacks.All.Where(environment => environment.Settings.Vpc is { InterfaceEndpoints.Count: > 0 }).Select(environment => new DeployedTemplates(environment));

    [Fact]
    public async Task Staged_objects_pass_the_gateway_and_no_other_bucket_s() => await PolicyQuestion.AssertAllAsync(WithEndpoints.SelectMany(environment =>
    {
        var bucket = environment.Arn("AWS::S3::Bucket", PinnedIds.StagingBucket);
        string[] objects = ["s3:GetObject", "s3:GetObjectVersion", "s3:PutObject", "s3:PutObjectTagging", "s3:AbortMultipartUpload"];
        string[] lists = ["s3:ListBucket", "s3:ListBucketMultipartUploads"];
        return objects.SelectMany(action => Pass(environment, "s3", action, $"{bucket}/migrations/m/request.json", "arn:aws:s3:::another/migrations/m/request.json"))
            .Concat(lists.SelectMany(action => Pass(environment, "s3", action, bucket, "arn:aws:s3:::another")))
            .Append(Pass(environment, "s3", "s3:DeleteObject", $"{bucket}/migrations/m/request.json", allowed: false));
    }));

    [Fact]
    public async Task The_deployment_s_secrets_and_executions_pass_and_no_others() => await PolicyQuestion.AssertAllAsync(WithEndpoints.SelectMany(environment =>
    {
        var settings = environment.Settings;
        var template = stacks.All.Single(one => one.Settings == settings).PipelineJson;
        var told = template.OfType("AWS::Lambda::Function").Values.Select(function => function.Properties()["Environment"]!["Variables"]!)
            .SelectMany(variables => new[] { variables[SettingNames.SourceSecret], variables[SettingNames.DestinationSecret] }).OfType<System.Text.Json.Nodes.JsonNode>()
            .Select(secret => (string)environment.Filled(secret)!).Distinct(StringComparer.Ordinal);
        var secrets = told.Concat(new[] { settings.Rotation?.SourceAdminSecretArn, settings.Rotation?.DestinationAdminSecretArn }.OfType<string>()).ToList();
        Assert.True(secrets.Count >= 3);
        string[] actions = ["secretsmanager:GetSecretValue", "secretsmanager:PutSecretValue", "secretsmanager:DescribeSecret", "secretsmanager:UpdateSecretVersionStage"];
        var execution = $"arn:aws:states:eu-west-1:{Account}:execution";
        return secrets.SelectMany(secret => actions.SelectMany(action => Pass(environment, "secretsmanager", action, secret, secret + "X")))
            .Append(Pass(environment, "secretsmanager", "secretsmanager:DeleteSecret", secrets[0], allowed: false))
            .Concat(Pass(environment, "states", "states:DescribeExecution", $"{execution}:{StackNames.StateMachine(settings.Name)}:m", $"{execution}:another:m"))
            .Append(Pass(environment, "states", "states:StartExecution", environment.Arn("AWS::StepFunctions::StateMachine", "Migration"), allowed: false));
    }));

    [Fact]
    public async Task A_rotation_s_server_is_found_through_its_endpoint() => await PolicyQuestion.AssertAllAsync(
        WithEndpoints.Where(environment => environment.Settings.Vpc!.InterfaceEndpoints.Contains("timestream-influxdb")).SelectMany(environment => Pass(
            environment, "timestream-influxdb", "timestream-influxdb:GetDbInstance", $"arn:aws:timestream-influxdb:eu-west-1:{Account}:db-instance/db-1",
            $"arn:aws:timestream-influxdb:eu-west-1:{Stranger}:db-instance/db-1")));

    [Fact]
    public async Task A_function_s_code_touches_no_network_interface_that_Lambda_makes_with_its_role() => await PolicyQuestion.AssertAllAsync(
        stacks.All.Where(environment => environment.Settings.Vpc is not null).Select(environment => new DeployedTemplates(environment)).SelectMany(environment =>
        {
            IEnumerable<string> handlers = environment.Settings.Rotation is null ? HandlerNames.All : HandlerNames.All.Append(HandlerNames.Rotate);
            (string Action, string Resource)[] calls =
            [
                ("ec2:CreateNetworkInterface", $"arn:aws:ec2:eu-west-1:{Account}:network-interface/*"),
                ("ec2:DeleteNetworkInterface", $"arn:aws:ec2:eu-west-1:{Account}:network-interface/eni-1"),
                ("ec2:AssignPrivateIpAddresses", $"arn:aws:ec2:eu-west-1:{Account}:network-interface/eni-1"),
                ("ec2:UnassignPrivateIpAddresses", $"arn:aws:ec2:eu-west-1:{Account}:network-interface/eni-1"),
                ("ec2:DescribeNetworkInterfaces", "*"), ("ec2:DescribeSubnets", "*"),
            ];
            return handlers.SelectMany(handler => calls.SelectMany(call => new[]
            {
                AccessTests.Ask(environment, handler, call.Action, call.Resource, allowed: true),
                AccessTests.Ask(environment, handler, call.Action, call.Resource, allowed: false, new() { ["lambda:SourceFunctionArn"] = AccessTests.Function(environment, handler) }),
            }));
        }));

    // By this account to its own, by another account, to another account's, and to what is not the deployment's.
    private static IEnumerable<PolicyQuestion> Pass(DeployedTemplates environment, string service, string action, string own, string another) =>
    [
        Pass(environment, service, action, own, allowed: true),
        Pass(environment, service, action, own, allowed: false, principal: Stranger),
        Pass(environment, service, action, own, allowed: false, owner: Stranger),
        Pass(environment, service, action, another, allowed: false),
    ];

    private static PolicyQuestion Pass(
        DeployedTemplates environment, string service, string action, string resource, bool allowed, string principal = Account, string owner = Account) => new()
        {
            Words = $"{environment.EnvironmentName} {principal}",
            Action = action,
            Resource = resource,
            Context = new() { ["aws:PrincipalAccount"] = principal, ["aws:ResourceAccount"] = owner },
            // Everything but the endpoint allows it.
            IdentityPolicies =
            [
                new System.Text.Json.Nodes.JsonObject
                {
                    ["name"] = "all",
                    ["policy"] = System.Text.Json.Nodes.JsonNode.Parse("""{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}"""),
                },
            ],
            EndpointPolicy = environment.EndpointPolicy(service),
            Allowed = allowed,
        };
}
