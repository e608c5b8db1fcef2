using System.Text.Json.Nodes;
using Amazon.S3.Model;
using Influx;
using TestServers;

namespace Migration.Tests;

/// <summary>
/// <c>bucket check</c> and <c>bucket harden</c>, and the same check before a run's first byte, on a real S3 server. That one has no
/// ownership controls, so where all is to be good a proxy answers in its place.
/// </summary>
[Collection(S3Tests.Name)]
public sealed class S3HardeningTests(S3Fixture s3) : IDisposable
{
    private const string OwnerEnforced = """
        <?xml version="1.0" encoding="UTF-8"?><OwnershipControls xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Rule><ObjectOwnership>BucketOwnerEnforced</ObjectOwnership></Rule></OwnershipControls>
        """;

    private readonly CommandRun command = new();

    public void Dispose() => command.Dispose();

    [Fact]
    public async Task A_new_bucket_lacks_all_and_every_gap_is_named_with_the_command_that_closes_it()
    {
        var bucket = (await s3.NewBucketAsync()).Bucket;
        Use(s3.Server.Url);

        var (exitCode, output) = await command.RunAsync("bucket", "check", bucket);

        Assert.Equal(3, exitCode);
        foreach (var words in (string[])["versioning is not on", "BlockPublicAcls, IgnorePublicAcls, BlockPublicPolicy, RestrictPublicBuckets",
            "ownership is not BucketOwnerEnforced", "does not deny plain HTTP", "does not deny TLS below 1.2", "does not deny objects that the writer's own key encrypts", "not encrypted by default", $"influx-migrate bucket harden {bucket}"])
            Assert.Contains(words, output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Hardening_sets_what_is_missing_and_says_what_the_server_refuses()
    {
        var bucket = (await s3.NewBucketAsync()).Bucket;
        var statement = $$"""{"Sid":"Own","Effect":"Allow","Principal":{"AWS":["arn:aws:iam::210987654321:root"]},"Action":["s3:GetObject"],"Resource":["arn:aws:s3:::{{bucket}}/shared/*"]}""";
        await s3.Owner.PutBucketPolicyAsync(new PutBucketPolicyRequest { BucketName = bucket, Policy = $$"""{"Version":"2012-10-17","Statement":[{{statement}}]}""" });
        Use(s3.Server.Url);

        var (exitCode, output) = await command.RunAsync("bucket", "harden", bucket);

        Assert.Equal(3, exitCode);
        Assert.Contains("not set: ownership", output, StringComparison.Ordinal);
        Assert.Contains("lacks 1 of", output, StringComparison.Ordinal);
        Assert.Equal("Enabled", (await s3.Owner.GetBucketVersioningAsync(new GetBucketVersioningRequest { BucketName = bucket })).VersioningConfig.Status.Value);
        var block = (await s3.Owner.GetPublicAccessBlockAsync(new GetPublicAccessBlockRequest { BucketName = bucket })).PublicAccessBlockConfiguration;
        Assert.Equal((true, true, true, true), (block.BlockPublicAcls, block.IgnorePublicAcls, block.BlockPublicPolicy, block.RestrictPublicBuckets));
        var policy = (await s3.Owner.GetBucketPolicyAsync(new GetBucketPolicyRequest { BucketName = bucket })).Policy;
        Assert.Contains("\"Own\"", policy, StringComparison.Ordinal);
        Assert.True(StagingPolicy.DeniesPlainHttp(policy, $"arn:aws:s3:::{bucket}") && StagingPolicy.DeniesOldTls(policy, $"arn:aws:s3:::{bucket}") && StagingPolicy.DeniesCustomerKeys(policy, $"arn:aws:s3:::{bucket}"));
    }

    [Fact]
    public async Task A_hardened_bucket_passes_and_hardening_it_again_sets_nothing()
    {
        var bucket = (await s3.NewBucketAsync()).Bucket;
        await using var proxy = await FaultProxy.StartAsync(s3.Server.Url);
        proxy.On(request => request.Query.ContainsKey("ownershipControls"), times: int.MaxValue).Answer(200, OwnerEnforced, ("Content-Type", "application/xml"));
        Use(proxy.Url);

        var hardened = await command.RunAsync("bucket", "harden", bucket);
        var check = await command.RunAsync("bucket", "check", bucket);
        var again = await command.RunAsync("bucket", "harden", bucket);

        Assert.True((hardened.ExitCode, check.ExitCode, again.ExitCode) == (0, 0, 0), hardened.Output + check.Output + again.Output);
        Assert.Contains("set: versioning", hardened.Output, StringComparison.Ordinal);
        Assert.Contains("has all that is asked for", check.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("set:", again.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_run_is_refused_before_its_first_byte_unless_an_unhardened_bucket_is_allowed()
    {
        var bucket = (await s3.NewBucketAsync()).Bucket;
        await using var source = await InfluxdProcess.StartAsync();
        await using var destination = await InfluxdProcess.StartAsync();
        await Pipeline.QueryAsync(source.Url, "CREATE DATABASE d");
        await Pipeline.WriteAsync(source.Url, "m v=1i 7");
        Use(s3.Server.Url);
        string[] what = ["migrate", "--src-host", Text(source.Url), "--dest-host", Text(destination.Url), "--src-bucket", "d", "--dir-name", "run", "--s3-bucket", bucket];

        var refused = await command.RunAsync(what);
        var objects = await s3.Owner.ListObjectsV2Async(new ListObjectsV2Request { BucketName = bucket });
        var allowed = await command.RunAsync([.. what, "--allow-unhardened-s3-bucket"]);
        var again = await command.RunAsync([.. what, "--allow-unhardened-s3-bucket", "--allow-unowned-s3-bucket"]);

        Assert.True((refused.ExitCode, allowed.ExitCode, again.ExitCode) == (3, 0, 0), refused.Output + allowed.Output + again.Output);
        Assert.Contains("versioning is not on", refused.Output, StringComparison.Ordinal);
        Assert.Contains($"influx-migrate bucket harden {bucket}", refused.Output, StringComparison.Ordinal);
        Assert.Empty(objects.S3Objects ?? []);
        Assert.Contains("warning: the staging bucket", allowed.Output, StringComparison.Ordinal);
        using var report = await s3.Owner.GetObjectAsync(bucket, "run/report.json");
        var warnings = (await JsonNode.ParseAsync(report.ResponseStream))!["warnings"]!.AsArray().Select(warning => (string)warning!).ToList();
        Assert.Contains(warnings, warning => warning.StartsWith($"the staging bucket '{bucket}' lacks", StringComparison.Ordinal)
            && warning.Contains("versioning is not on", StringComparison.Ordinal) && warning.EndsWith("(--allow-unhardened-s3-bucket)", StringComparison.Ordinal));
        Assert.Contains(warnings, warning => warning.StartsWith($"whether the staging bucket '{bucket}' belongs to the account", StringComparison.Ordinal));
        Assert.Contains("of what keeps a migration", await PageAsync(bucket), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_bucket_whose_settings_may_not_be_read_is_refused_and_not_taken_for_a_good_one()
    {
        var options = await s3.NewBucketAsync();
        await using var proxy = await FaultProxy.StartAsync(s3.Server.Url);
        proxy.On(request => request.Query.ContainsKey("versioning"), times: int.MaxValue)
            .Answer(403, "<Error><Code>AccessDenied</Code><Message>no</Message></Error>", ("Content-Type", "application/xml"));
        using var store = await S3Store.OpenAsync(options with { Endpoint = proxy.Url }, default);

        var refused = await Assert.ThrowsAsync<RejectedException>(() => store.FindGapsAsync(default));

        Assert.Equal(RejectionKind.Token, refused.Kind);
        Assert.Contains("reading its versioning", refused.Message, StringComparison.Ordinal);
    }

    private async Task<string> PageAsync(string bucket)
    {
        using var page = await s3.Owner.GetObjectAsync(bucket, "run/report.html");
        using var text = new StreamReader(page.ResponseStream);
        return await text.ReadToEndAsync();
    }

    private static string Text(Uri url) => url.GetLeftPart(UriPartial.Authority);

    private void Use(Uri server)
    {
        foreach (var (name, value) in new[]
        {
            ("AWS_ENDPOINT_URL_S3", server.AbsoluteUri), ("AWS_ACCESS_KEY_ID", S3Server.Owner.AccessKey), ("AWS_SECRET_ACCESS_KEY", S3Server.Owner.Secret),
            ("AWS_REGION", "us-east-1"), ("AWS_EC2_METADATA_DISABLED", "true"),
        })
            command.Variables[name] = value;
    }
}
