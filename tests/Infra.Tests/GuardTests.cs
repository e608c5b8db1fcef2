using System.Runtime.InteropServices;
using System.Text.Json.Nodes;

namespace Infra.Tests;

/// <summary>cfn-guard: AWS Control Tower's rules for what the stacks use, and rules of this project.</summary>
public sealed class GuardTests(SynthesisedStacks stacks)
{
    private static readonly string Package = Path.Combine(ProjectFolder.Modules, "@cdklabs", "cdk-validator-cfnguard");

    private static readonly string Guard = Path.Combine(
        Package, "bin", "ubuntu", RuntimeInformation.OSArchitecture == Architecture.Arm64 ? "aarch64" : "x86_64", "cfn-guard");

    private static readonly string OwnRules = Path.Combine(ProjectFolder.Tests, "guard");

    private static readonly string[] ProductionFolders = ["lambda", "cloudwatch"];

    private static readonly string[] Folders = ["s3", "lambda", "stepfunctions", "keymanagementservice", "sqs", "identityandaccessmanagement", "ec2", "cloudwatch"];

    // A finding that is none, by rule and resource, with the reason. What no longer is found must go from here.
    private static readonly Dictionary<string, string> Explained = new(StringComparer.Ordinal)
    {
        ["s3_bucket_default_encryption_kms_check AccessLogBucket"] = "S3 delivers access logs to a bucket with its own key only",
        ["s3_bucket_logging_enabled_check AccessLogBucket"] = "access logs of the bucket of access logs would never end",
        ["s3_event_notifications_enabled_check AccessLogBucket"] = "nothing acts on an access log",
        ["s3_event_notifications_enabled_check StagingBucket"] = "the state machine knows what is there; nothing acts on an object",
        ["s3_bucket_object_lock_enabled_check AccessLogBucket"] = "a lock can't be taken off again: a deployer's decision, not a default",
        ["s3_bucket_object_lock_enabled_check StagingBucket"] = "staged objects are replaced on purpose; versions keep what they were",
        ["kms_create_grant_aws_service_check StagingKey"] = "only Secrets Manager may make grants, by kms:ViaService, which the rule does not look at",
        ["sqs_dlq_check SchedulesFailedStarts"] = "it is the dead-letter queue",
        ["sqs_dlq_check RotationFailedCleanups"] = "it is the dead-letter queue",
        ["cloudwatch_log_group_encrypted_check Functions"] = "logs hold no data and no secrets; CloudWatch encrypts them with its own key, unless the environment names one",
        ["cloudwatch_log_group_encrypted_check MigrationLogs"] = "execution data is not logged; CloudWatch encrypts with its own key, unless the environment names one",
        ["cloudwatch_log_group_retention_period_check Functions"] = "an environment that is not production keeps its logs shorter than a year",
        ["cloudwatch_log_group_retention_period_check MigrationLogs"] = "an environment that is not production keeps its logs shorter than a year",
        ["lambda_function_public_access_prohibited_check Rotation"] = "the secret's ARN is imported from the data stack, where the rule does not look",
        ["lambda_inside_vpc_check Functions"] = "an environment without a vpc reaches its servers over the internet",
    };

    [Fact]
    public async Task Finds_nothing_that_is_not_explained()
    {
        var findings = new HashSet<string>(StringComparer.Ordinal);
        foreach (var finding in await FindAsync([.. Rules(Folders), OwnRules]))
            findings.Add(Explained.Keys.FirstOrDefault(known => finding.StartsWith(known, StringComparison.Ordinal)) ?? finding);

        Assert.Equal(Explained.Keys.Order(StringComparer.Ordinal), findings.Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Finds_no_short_retention_and_no_function_outside_a_vpc_in_production()
    {
        var production = stacks.All.Single(environment => environment.Settings.Production).PipelineFile;

        var findings = await FindAsync(Rules(ProductionFolders), production);

        Assert.All(
            findings.Where(finding => !finding.StartsWith("lambda_function_public_access_prohibited_check Rotation", StringComparison.Ordinal)),
            finding => Assert.StartsWith("cloudwatch_log_group_encrypted_check ", finding, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Own_rules_find_what_they_are_for()
    {
        var (code, output, errors) = await Tool.RunAsync(
            Guard, ["test", "-r", Path.Combine(OwnRules, "own.guard"), "-t", Path.Combine(OwnRules, "own_tests.yaml")]);

        Assert.True(code == 0, output + errors);
    }

    private static string[] Rules(string[] folders) => [.. folders.Select(folder => Path.Combine(Package, "rules", "control-tower", "cfn-guard", folder))];

    private async Task<IReadOnlyList<string>> FindAsync(IReadOnlyList<string> rules, params string[] templates)
    {
        if (templates.Length == 0)
            templates = [.. stacks.All.SelectMany(environment => new[] { environment.DataFile, environment.PipelineFile })];
        var (code, output, errors) = await Tool.RunAsync(
            Guard, ["validate", "--structured", "-S", "none", "-o", "json", .. templates.SelectMany(file => new[] { "-d", file }), .. rules.SelectMany(rule => new[] { "-r", rule })]);
        // A rule file that can't be parsed is left out with exit code 0.
        Assert.True(code is 0 or 19 && !errors.Contains("rror", StringComparison.Ordinal), errors);
        var reports = JsonNode.Parse(output)!.AsArray();
        Assert.Equal(templates.Length, reports.Count);
        return
        [
            .. reports.SelectMany(report => report!["not_compliant"]!.AsArray()).Select(finding => finding!["Rule"]!)
                .SelectMany(rule => Resources(rule).Select(resource => $"{rule["name"]} {resource}")).Distinct(StringComparer.Ordinal),
        ];
    }

    private static IEnumerable<string> Resources(JsonNode rule) => rule.Objects()
        .Select(part => (part["path"] as JsonValue)?.GetValue<string>()).OfType<string>()
        .Where(path => path.StartsWith("/Resources/", StringComparison.Ordinal)).Select(path => path.Split('/')[2]).Distinct(StringComparer.Ordinal);
}
