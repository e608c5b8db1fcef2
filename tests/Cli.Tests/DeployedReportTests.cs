using System.Text.Json;
using System.Text.Json.Nodes;
using Amazon.Runtime;
using Amazon.S3;
using Aws;
using Migration;
using TestServers;

namespace Cli.Tests;

public sealed class DeployedReportTests : IAsyncLifetime
{
    private DeployedAws aws = null!;
    private S3Server s3 = null!;

    public async ValueTask InitializeAsync()
    {
        s3 = await S3Server.StartAsync();
        aws = await DeployedAws.StartAsync();
        aws["AWS_ENDPOINT_URL_S3"] = s3.Url.AbsoluteUri;
        using var client = Client(S3Server.Owner);
        await client.PutBucketAsync(DeployedAws.StagingBucket);
        await client.PutObjectAsync(new()
        {
            BucketName = DeployedAws.StagingBucket,
            Key = $"{DeployedLayout.Prefix("first")}/{StagingLayout.ReportJson}",
            ContentBody = JsonSerializer.Serialize(Report, MigrationJson.Default.MigrationReport),
        });
        using var stranger = Client(S3Server.Stranger);
        await stranger.PutBucketAsync("foreign");
    }

    public async ValueTask DisposeAsync()
    {
        if (aws is not null)
            await aws.DisposeAsync();
        await s3.DisposeAsync();
    }

    [Fact]
    public async Task The_report_of_an_execution_is_read_from_the_staging_bucket_by_the_stacks_outputs()
    {
        const string Shown = "Different: 1 window differs.\n7 points, 8 field values exported; 0 points were older than the destination's retention\nreport: s3://staging/migrations/first/report.html (for programs: report.json)\n";

        // No execution is asked for: who may read reports need not see any.
        var first = await aws.RunAsync("report", "--env", "dev", "first");
        aws.Has(ExecutionStatus.Failed, "Different", new JsonObject { ["input"] = """{"migrationId":"first"}""" }, "Fail");
        var resumed = await aws.RunAsync("report", "--env", "dev", DeployedAws.Arn(DeployedAws.Execution));
        aws.Has(ExecutionStatus.Running, "Plan");
        var none = await aws.RunAsync("report", "--env", "dev", DeployedAws.Execution);
        aws.Stacks.Stacks[StackNames.Data("dev")] = new Dictionary<string, string>(StringComparer.Ordinal) { [OutputNames.StagingBucketName] = "foreign" };
        var denied = await aws.RunAsync("report", "--env", "dev", "first");
        aws.Stacks.Stacks.Remove(StackNames.Data("dev"));
        var missing = await aws.RunAsync("report", "--env", "dev", "first");

        Assert.Equal((4, Shown), first);
        Assert.Equal((4, Shown), resumed);
        Assert.Equal((2, $"there is no report of '{DeployedAws.Execution}' (RUNNING), it is written at the end: influx-migrate status --env dev {DeployedAws.Execution}\n"), none);
        Assert.Equal(3, denied.ExitCode);
        Assert.EndsWith(". The managed policy in the output ReadReportsPolicyArn of the stack 'influx-migrate-dev-pipeline' grants it: have it attached to you\n", denied.Output, StringComparison.Ordinal);
        Assert.Equal(2, missing.ExitCode);
        Assert.StartsWith("there is no stack 'influx-migrate-dev-data' in us-east-1 of this account: deploy it", missing.Output, StringComparison.Ordinal);
    }

    private static MigrationReport Report => new()
    {
        Verdict = Verdict.Different,
        Sentence = "1 window differs.",
        Request = new MigrationRequest { Source = new() { Url = "http://a:8086", Bucket = "d" }, Destination = new() { Url = "http://b:8086" } },
        Source = Server("http://a:8086"),
        Destination = Server("http://b:8086"),
        Staging = "s3://staging/migrations/first",
        Points = 7,
        FieldValues = 8,
    };

    private static PlannedServer Server(string url) => new(url, "2.7.1");

    private AmazonS3Client Client(S3User user) => new(
        new BasicAWSCredentials(user.AccessKey, user.Secret),
        new AmazonS3Config { ServiceURL = s3.Url.AbsoluteUri, ForcePathStyle = true, AuthenticationRegion = AwsJsonServer.Region });
}
