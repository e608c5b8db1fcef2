using TestServers;

namespace Cli.Tests;

public sealed class DeployedErrorTests : IAsyncLifetime
{
    private DeployedAws aws = null!;

    public async ValueTask InitializeAsync() => aws = await DeployedAws.StartAsync();

    public async ValueTask DisposeAsync() => await aws.DisposeAsync();

    [Fact]
    public async Task No_credentials()
    {
        aws["AWS_ACCESS_KEY_ID"] = null;
        aws["AWS_SECRET_ACCESS_KEY"] = null;

        await AssertAsync(3, "no AWS credentials were found: sign in ('aws sso login', 'aws configure'), or set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY");
    }

    [Fact]
    public async Task No_region()
    {
        aws["AWS_REGION"] = null;

        await AssertAsync(2, "no AWS region is known: set AWS_REGION, or AWS_PROFILE to a profile that has one");
    }

    [Fact]
    public async Task The_region_of_the_other_tools_variable_is_taken()
    {
        aws["AWS_REGION"] = null;
        aws["AWS_DEFAULT_REGION"] = AwsJsonServer.Region;
        aws.Has("RUNNING", "Plan");

        var (exitCode, output) = await aws.RunAsync("status", "--env", "dev", DeployedAws.Execution);

        Assert.True(exitCode == 0, output);
    }

    [Fact]
    public async Task An_environment_that_is_not_deployed() => await AssertAsync(
        2,
        "there is no stack 'influx-migrate-prod-pipeline' in us-east-1 of this account: deploy it with: npx cdk deploy -c env=prod --all; or choose another region or account by AWS_REGION and AWS_PROFILE",
        environment: "prod");

    [Fact]
    public async Task An_execution_that_is_unknown()
    {
        aws.Has("RUNNING", "Plan");

        await AssertAsync(2, "there is no execution 'nobody' in the environment 'dev' (AWS forgets one 90 days after its end): influx-migrate status --env dev lists them", execution: "nobody");
    }

    [Fact]
    public async Task Stacks_that_may_not_be_seen()
    {
        aws.Stacks.Refusal = ("AccessDenied", "User: arn:aws:iam::1:user/u is not authorized to perform: cloudformation:DescribeStacks", 403);

        await AssertAsync(
            3,
            "CloudFormation: User: arn:aws:iam::1:user/u is not authorized to perform: cloudformation:DescribeStacks. "
            + "The managed policy in the output OperatePolicyArn of the stack 'influx-migrate-dev-pipeline' grants it: have it attached to you");
    }

    [Fact]
    public async Task Executions_that_may_not_be_seen()
    {
        aws.On("DescribeExecution", _ => AwsAnswer.Error("AccessDeniedException", "User: u is not authorized to perform: states:DescribeExecution"));

        await AssertAsync(3, $"SFN: User: u is not authorized to perform: states:DescribeExecution. The managed policy {DeployedAws.OperatePolicy} grants it: have it attached to you");
    }

    [Fact]
    public async Task Credentials_that_have_expired()
    {
        aws.Stacks.Refusal = ("ExpiredToken", "The security token included in the request is expired", 403);

        await AssertAsync(3, "AWS does not take these credentials (CloudFormation: The security token included in the request is expired): sign in again, or choose others by AWS_PROFILE");
    }

    [Fact]
    public async Task An_AWS_that_does_not_answer()
    {
        var port = InfluxdProcess.FreePort();
        aws["AWS_ENDPOINT_URL_CLOUDFORMATION"] = $"http://127.0.0.1:{port}";

        await AssertAsync(3, $"AWS did not answer (Connection refused (127.0.0.1:{port})): try again");
    }

    [Fact]
    public async Task A_stack_of_another_version()
    {
        aws.Stacks.Stacks["influx-migrate-dev-pipeline"] = new Dictionary<string, string>(StringComparer.Ordinal) { ["Other"] = "x" };

        await AssertAsync(2, "the stack has no output StateMachineArn: it was deployed by another version, deploy it again");
    }

    [Fact]
    public async Task An_execution_that_AWS_refuses_to_start()
    {
        aws.On("StartExecution", _ => AwsAnswer.Error("ExecutionLimitExceeded", "too many executions"));

        var (exitCode, output) = await aws.RunAsync("start", "--env", "dev", "--migration-id", "first");

        Assert.Equal((3, "SFN: too many executions\n"), (exitCode, output));
    }

    private async Task AssertAsync(int exitCode, string sentence, string environment = "dev", string execution = DeployedAws.Execution) =>
        Assert.Equal((exitCode, $"{sentence}\n"), await aws.RunAsync("status", "--env", environment, execution));
}
