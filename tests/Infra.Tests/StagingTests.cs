using Amazon.CDK.Assertions;

namespace Infra.Tests;

[Collection(SynthesisedStacks.OneAtATime)]
public sealed class StagingTests(SynthesisedStacks stacks)
{
    [Fact]
    public void Staging_bucket_is_versioned_encrypted_logged_and_closed_in_every_environment() => Assert.All(stacks.All, environment =>
        environment.Data.HasResourceProperties("AWS::S3::Bucket", Match.ObjectLike(new Dictionary<string, object>
        {
            ["VersioningConfiguration"] = new Dictionary<string, object> { ["Status"] = "Enabled" },
            ["PublicAccessBlockConfiguration"] = new Dictionary<string, object>
            {
                ["BlockPublicAcls"] = true,
                ["BlockPublicPolicy"] = true,
                ["IgnorePublicAcls"] = true,
                ["RestrictPublicBuckets"] = true,
            },
            ["OwnershipControls"] = Match.ObjectLike(new Dictionary<string, object>
            {
                ["Rules"] = new object[] { new Dictionary<string, object> { ["ObjectOwnership"] = "BucketOwnerEnforced" } },
            }),
            ["BucketEncryption"] = Match.ObjectLike(new Dictionary<string, object>
            {
                ["ServerSideEncryptionConfiguration"] = Match.ArrayWith(
                [
                    Match.ObjectLike(new Dictionary<string, object>
                    {
                        ["BucketKeyEnabled"] = true,
                        ["ServerSideEncryptionByDefault"] = Match.ObjectLike(new Dictionary<string, object> { ["SSEAlgorithm"] = "aws:kms" }),
                    }),
                ]),
            }),
            ["LoggingConfiguration"] = Match.ObjectLike(new Dictionary<string, object> { ["LogFilePrefix"] = "staging/" }),
        })));

    [Fact]
    public void Every_bucket_blocks_the_public_and_denies_plain_http_and_old_TLS() => Assert.All(stacks.All, environment =>
    {
        var buckets = environment.DataJson.OfType("AWS::S3::Bucket");
        var policies = environment.DataJson.OfType("AWS::S3::BucketPolicy").Values;

        Assert.Equal([PinnedIds.AccessLogs, PinnedIds.StagingBucket], buckets.Keys.Order(StringComparer.Ordinal));
        Assert.Empty(environment.PipelineJson.OfType("AWS::S3::Bucket"));
        Assert.All(buckets, bucket =>
        {
            Assert.All(bucket.Value.Properties()["PublicAccessBlockConfiguration"]!.AsObject(), block => Assert.True((bool)block.Value!));
            var statements = policies.Single(policy => (string?)policy.Properties()["Bucket"]!["Ref"] == bucket.Key).Properties()["PolicyDocument"]!["Statement"]!.AsArray();
            var denials = statements.Where(statement => (string)statement!["Effect"]! == "Deny" && (string)statement["Action"]! == "s3:*").ToList();
            Assert.Contains(denials, denial => (string?)denial!["Condition"]!["Bool"]?["aws:SecureTransport"] == "false");
            Assert.Contains(denials, denial => (double?)denial!["Condition"]!["NumericLessThan"]?["s3:TlsVersion"] == 1.2);
            // The bucket and its objects.
            Assert.All(denials, denial => Assert.Equal(2, denial!["Resource"]!.AsArray().Count));
        });
    });

    [Fact]
    public void Old_versions_and_unfinished_uploads_end() => Assert.All(stacks.All, environment =>
    {
        var rules = environment.DataJson.OfType("AWS::S3::Bucket")[PinnedIds.StagingBucket].Properties()["LifecycleConfiguration"]!["Rules"]!.AsArray();

        Assert.Contains(rules, rule => (int?)rule!["NoncurrentVersionExpiration"]?["NoncurrentDays"] == environment.Settings.OldVersionDays);
        Assert.Contains(rules, rule => (int?)rule!["AbortIncompleteMultipartUpload"]?["DaysAfterInitiation"] == 15);
        Assert.Equal(environment.Settings.StagedDataDays is null ? ["map-runs/"] : ["map-runs/", "migrations/"],
            rules.Where(rule => rule!["ExpirationInDays"] is not null).Select(rule => (string?)rule!["Prefix"]).Order(StringComparer.Ordinal));
    });

    [Fact]
    public void Staged_chunks_end_after_the_days_of_the_environment_and_nothing_else_of_a_migration_does()
    {
        Assert.Contains(stacks.All, environment => environment.Settings.StagedDataDays is not null);
        Assert.Contains(stacks.All, environment => environment.Settings.StagedDataDays is null);
        Assert.All(stacks.All.Where(environment => environment.Settings.StagedDataDays is not null), environment =>
        {
            var rules = environment.DataJson.OfType("AWS::S3::Bucket")[PinnedIds.StagingBucket].Properties()["LifecycleConfiguration"]!["Rules"]!.AsArray();

            var rule = rules.Single(rule => rule!["ExpirationInDays"] is not null && (string?)rule["Prefix"] == "migrations/")!;
            Assert.Equal(environment.Settings.StagedDataDays, (int?)rule["ExpirationInDays"]);
            // Only the exporter's objects have it.
            Assert.Equal("""[{"Key":"influx-migrate","Value":"chunk"}]""", rule["TagFilters"]!.ToJsonString());
        });
    }

    [Fact]
    public void The_key_rotates() =>
        Assert.All(stacks.All, environment => environment.Data.HasResourceProperties("AWS::KMS::Key", new Dictionary<string, object> { ["EnableKeyRotation"] = true }));

    [Fact]
    public void What_holds_data_keeps_its_logical_id()
    {
        string[] pinned = ["AccessLogBucket", "DestinationSecret", "SourceSecret", "StagingBucket", "StagingKey"];
        string[] withoutSecrets = ["AccessLogBucket", "StagingBucket", "StagingKey"];
        string[] withAddresses = [.. pinned.Append("NatAddress1").Append("NatAddress2").Order(StringComparer.Ordinal)];

        Assert.All(stacks.All, environment => Assert.Equal(
            environment.Settings.SourceSecretArn is not null ? withoutSecrets : environment.Settings.Vpc is { Nat.Count: > 0 } ? withAddresses : pinned,
            environment.DataJson["Resources"]!.AsObject().Where(resource => (string?)resource.Value!["Type"] is not "AWS::S3::BucketPolicy")
                .Select(resource => resource.Key).Order(StringComparer.Ordinal)));
    }

    [Fact]
    public void Data_outlives_its_stack_where_it_is_retained_and_always_in_production() => Assert.All(stacks.All, environment =>
    {
        var held = environment.DataJson["Resources"]!.AsObject().Where(resource => (string?)resource.Value!["Type"] is not "AWS::S3::BucketPolicy").ToList();

        Assert.True(environment.Settings.Retain || !environment.Settings.Production);
        Assert.All(held, resource => Assert.Equal(environment.Settings.Retain ? "Retain" : "Delete", (string)resource.Value!["DeletionPolicy"]!));
        Assert.All(held, resource => Assert.Equal((string)resource.Value!["DeletionPolicy"]!, (string)resource.Value["UpdateReplacePolicy"]!));
    });

    [Fact]
    public void No_template_holds_a_secrets_value() => Assert.All(stacks.All, environment =>
    {
        Assert.All(environment.DataJson.OfType("AWS::SecretsManager::Secret").Values, secret =>
        {
            Assert.DoesNotContain("SecretString", secret.Properties().Select(property => property.Key));
            Assert.DoesNotContain("GenerateSecretString", secret.Properties().Select(property => property.Key));
            Assert.Equal(PinnedIds.Key, (string)secret.Properties()["KmsKeyId"]!["Fn::GetAtt"]![0]!);
        });
        Assert.DoesNotContain("{{resolve:secretsmanager", environment.PipelineJson.ToJsonString(), StringComparison.Ordinal);
    });

    [Fact]
    public void An_existing_secret_is_used_instead_of_a_new_one()
    {
        var managed = stacks.All.Single(environment => environment.Settings.SourceSecretArn is not null);

        var plan = managed.PipelineJson.OfType("AWS::Lambda::Function").Single(function => function.Key.StartsWith("FunctionsPlan", StringComparison.Ordinal)).Value;
        Assert.Equal(managed.Settings.SourceSecretArn, (string)plan.Properties()["Environment"]!["Variables"]!["SOURCE_SECRET"]!);
        Assert.Equal(managed.Settings.DestinationSecretArn, (string)plan.Properties()["Environment"]!["Variables"]!["DESTINATION_SECRET"]!);
    }
}
