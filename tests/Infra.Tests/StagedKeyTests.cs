using Functions;
using Migration;

namespace Infra.Tests;

/// <summary>With which keys staged objects may be written, and whose buckets the state machine touches.</summary>
public sealed class StagedKeyTests(SynthesisedStacks stacks)
{
    private const string Algorithm = "s3:x-amz-server-side-encryption";
    private const string KmsKey = "s3:x-amz-server-side-encryption-aws-kms-key-id";
    private const string CustomerAlgorithm = "s3:x-amz-server-side-encryption-customer-algorithm";

    private DeployedTemplates Production => new(stacks.All.Single(environment => environment.Settings.Production));

    [Fact]
    public async Task Objects_are_written_with_the_bucket_s_key_or_without_naming_one_and_with_no_other()
    {
        var environment = Production;
        var key = environment.Arn("AWS::KMS::Key", PinnedIds.Key);
        (bool Allowed, (string Key, string Value)[] Headers)[] writes =
        [
            (true, []),
            (true, [(Algorithm, "aws:kms"), (KmsKey, key)]),
            (false, [(Algorithm, "aws:kms"), (KmsKey, "arn:aws:kms:eu-west-1:999988887777:key/theirs")]),
            (false, [(Algorithm, "aws:kms"), (KmsKey, $"arn:aws:kms:eu-west-1:{DeployedTemplates.Account}:key/another")]),
            (false, [(Algorithm, "aws:kms")]),
            (false, [(Algorithm, "aws:kms:dsse"), (KmsKey, key)]),
            (false, [(Algorithm, "AES256")]),
            (false, [(CustomerAlgorithm, "AES256")]),
        ];
        (string Role, string Key)[] writers = [(HandlerNames.Validate, "request.json"), (HandlerNames.Export, "chunks/c-1.lp.gz"), (AccessTests.Machine, "map-runs/e/Export/1.json")];

        await PolicyQuestion.AssertAllAsync(writers.SelectMany(writer => writes.Select(write =>
        {
            var context = PolicyQuestion.Tls("1.3");
            foreach (var (name, value) in write.Headers)
                context[name] = value;
            return AccessTests.Ask(environment, writer.Role, "s3:PutObject", AccessTests.Key(environment, writer.Key), write.Allowed, context);
        })));
    }

    [Fact]
    public void The_deployed_bucket_s_policy_has_what_bucket_check_asks_of_others()
    {
        var environment = Production;
        var (policy, arn) = (environment.BucketPolicy(PinnedIds.StagingBucket).ToJsonString(), environment.Arn("AWS::S3::Bucket", PinnedIds.StagingBucket));

        Assert.True(StagingPolicy.DeniesPlainHttp(policy, arn));
        Assert.True(StagingPolicy.DeniesOldTls(policy, arn));
        Assert.True(StagingPolicy.DeniesCustomerKeys(policy, arn));
    }

    [Fact]
    public async Task The_state_machine_s_own_calls_go_to_the_account_s_bucket_only()
    {
        var environment = Production;
        (string Action, string Key)[] calls =
        [
            ("s3:GetObject", "items/e/export.json"), ("s3:PutObject", "failures/e/c.json"), ("s3:GetObject", "map-runs/e/Export/1.json"), ("s3:PutObject", "map-runs/e/Export/1.json"),
        ];

        await PolicyQuestion.AssertAllAsync(calls.SelectMany(call => new[] { DeployedTemplates.Account, "999988887777" }.Select(owner =>
        {
            var context = PolicyQuestion.Tls("1.3");
            context["aws:ResourceAccount"] = owner;
            return AccessTests.Ask(environment, AccessTests.Machine, call.Action, AccessTests.Key(environment, call.Key), owner == DeployedTemplates.Account, context);
        })));
    }
}
