using Amazon.CDK;
using Amazon.CDK.AWS.IAM;
using Amazon.CDK.AWS.KMS;
using Amazon.CDK.AWS.S3;
using Constructs;
using Migration;

namespace Infra;

/// <summary>Who may touch what in the staging bucket, as ARNs and statements.</summary>
internal static class StagingKeys
{
    /// <summary>Where Step Functions writes the results of the Maps; beside the migrations, and read by no function.</summary>
    public const string MapRuns = "map-runs/";

    /// <summary>Why chunks failed, which the state machine writes for the report.</summary>
    public static string Failures { get; } = DeployedLayout.Failures("*") + "*";

    /// <summary>The lists that the Maps read.</summary>
    public static string Items { get; } = DeployedLayout.Items("*", "*");

    /// <summary>The objects of chunks, which are tagged for the bucket's lifecycle.</summary>
    public static string Chunks { get; } = StagingLayout.Chunk("*");

    /// <summary>The parts of plans that the functions of the Maps' items read.</summary>
    public static string PlanParts { get; } = DeployedLayout.PlanPart("*", "*");

    /// <summary>The parts of sealed manifests that they read.</summary>
    public static string ManifestParts { get; } = DeployedLayout.ManifestPart("*", "*");

    /// <summary>How far a handler came that works on the whole migration.</summary>
    public static string Partial(string handler) => DeployedLayout.Partial("*", handler);

    /// <summary>All keys of migrations.</summary>
    public static string All { get; } = DeployedLayout.Prefix("*");

    /// <summary>How far incremental migrations came; beside the migrations.</summary>
    public static string Marks { get; } = $"{DeployedLayout.Marks}/{DeployedLayout.MarkKey("*")}";

    /// <summary>Keys of every migration that fit a pattern.</summary>
    public static string Arn(IBucket bucket, string pattern) => bucket.ArnForObjects($"{All}/{pattern}");

    /// <summary>
    /// Lets a role use the key through one service. On the role and not on the key: the key's stack must not know the pipeline's.
    /// </summary>
    public static void AllowKey(IRole role, IKey key, string service, params string[] actions) =>
        role.AddToPrincipalPolicy(KeyStatement(key, service, actions));

    /// <summary>The statement of <see cref="AllowKey"/>.</summary>
    public static PolicyStatement KeyStatement(IKey key, string service, params string[] actions) => KeyStatement(key, key.KeyArn, service, actions);

    /// <summary>Lets a role use the key of a secret through Secrets Manager; nothing for the account's default key, which asks for no right.</summary>
    public static void AllowKeyOfSecret(IRole role, string? keyArn, params string[] actions)
    {
        if (keyArn is not null)
            role.AddToPrincipalPolicy(KeyStatement(role, keyArn, "secretsmanager", actions));
    }

    private static PolicyStatement KeyStatement(IConstruct scope, string keyArn, string service, string[] actions) => new(new PolicyStatementProps
    {
        Actions = actions,
        Resources = [keyArn],
        Conditions = new Dictionary<string, object>
        {
            ["StringEquals"] = new Dictionary<string, string> { ["kms:ViaService"] = $"{service}.{Stack.Of(scope).Region}.{Stack.Of(scope).UrlSuffix}" },
        },
    });
}
