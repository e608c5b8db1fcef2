using Amazon.CDK;
using Amazon.CDK.AWS.KMS;
using Amazon.CDK.AWS.SecretsManager;
using Constructs;

namespace Infra;

/// <summary>The two tokens: made without a value, or the ones that are there already.</summary>
internal sealed class MigrationSecrets : Construct
{
    private readonly IKey key;
    private readonly RemovalPolicy removal;

    /// <summary>Builds what the environment does not name.</summary>
    public MigrationSecrets(Construct scope, string id, EnvironmentSettings settings, IKey key)
        : base(scope, id)
    {
        this.key = key;
        removal = settings.Retain ? RemovalPolicy.RETAIN : RemovalPolicy.DESTROY;
        Source = FindOrMake(PinnedIds.SourceSecret, settings.SourceSecretArn, $"The source's token, {settings.Name}");
        Destination = FindOrMake(PinnedIds.DestinationSecret, settings.DestinationSecretArn, $"The destination's token, {settings.Name}");
        SourceKey = settings.SourceSecretArn is null ? key.KeyArn : settings.SourceSecretKeyArn;
        DestinationKey = settings.DestinationSecretArn is null ? key.KeyArn : settings.DestinationSecretKeyArn;
    }

    /// <summary>The ARN of the source's secret.</summary>
    public string Source { get; }

    /// <summary>The ARN of the destination's secret.</summary>
    public string Destination { get; }

    /// <summary>The ARN of the key of the source's secret; null for the account's default key.</summary>
    public string? SourceKey { get; }

    /// <summary>The ARN of the key of the destination's secret; null for the account's default key.</summary>
    public string? DestinationKey { get; }

    private string FindOrMake(string name, string? existingArn, string description)
    {
        if (existingArn is not null)
            return existingArn;
        var secret = new Secret(this, name, new SecretProps { Description = description, EncryptionKey = key, RemovalPolicy = removal });
        // CDK has one generated, which would look like a token to the functions. Without a value they say that it has to be put in.
        ((CfnSecret)secret.Node.DefaultChild!).AddPropertyDeletionOverride("GenerateSecretString");
        PinnedIds.Pin(secret, name);
        return secret.SecretArn;
    }
}
