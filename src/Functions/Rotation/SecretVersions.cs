using Amazon.Runtime;
using Aws;
using Functions.Secrets;
using Influx;
using Migration;

namespace Functions.Rotation;

/// <summary>A secret with the versions that have a stage: all the state that a rotation has in AWS.</summary>
internal sealed record SecretVersions
{
    /// <summary>What Secrets Manager says of the secret.</summary>
    public required SecretDescription Description { get; init; }

    /// <summary>The version in use.</summary>
    public required RotatedSecret Current { get; init; }

    /// <summary>The version that a rotation made; null before it put a value there.</summary>
    public RotatedSecret? Pending { get; init; }

    /// <summary>The version that was in use before; null before the first rotation.</summary>
    public RotatedSecret? Previous { get; init; }

    public string Arn => Description.Arn;

    /// <summary>The id of the version with a stage; null when none has it. A rotation's version has its stage before its value.</summary>
    public string? IdOf(string stage) => IdOf(Description, stage);

    /// <summary>Since when the previous version is out of use, or later.</summary>
    public DateTimeOffset Replaced =>
        Description.LastRotatedDate is { } rotated && Time(rotated) > Current.Created ? Time(rotated) : Current.Created;

    /// <summary>Reads them.</summary>
    public static async Task<SecretVersions> ReadAsync(SecretsManagerClient client, SecretDescription description, CancellationToken cancellationToken) => new()
    {
        Description = description,
        Current = await FindAsync(client, description, SecretsManagerClient.Current, cancellationToken)
            ?? throw ServerSecret.Unusable(description.Arn, "has no value yet: put the first token into it"),
        Pending = await FindAsync(client, description, SecretsManagerClient.Pending, cancellationToken),
        Previous = await FindAsync(client, description, SecretsManagerClient.Previous, cancellationToken),
    };

    /// <summary>A call of Secrets Manager, with its failures named.</summary>
    /// <exception cref="NamedException"><see cref="ErrorNames.SecretUnusable"/>.</exception>
    /// <exception cref="TransientException">Secrets Manager could not answer.</exception>
    public static async Task<T> AskAsync<T>(string secret, string what, Func<Task<T>> call)
    {
        try
        {
            return await call();
        }
        catch (AwsException refusal) when (!refusal.IsTransient)
        {
            throw new NamedException(ErrorNames.SecretUnusable, $"{what} the secret {secret} was refused: {refusal.ErrorCode}: {refusal.Message}", refusal);
        }
        catch (Exception failure) when (failure is AmazonServiceException or AmazonClientException or HttpRequestException)
        {
            throw new TransientException($"{what} the secret {secret} failed: {failure.Message}", inner: failure);
        }
    }

    private static string? IdOf(SecretDescription description, string stage) =>
        description.VersionIdsToStages.Where(version => version.Value.Contains(stage, StringComparer.Ordinal)).Select(version => version.Key).FirstOrDefault();

    private static async Task<RotatedSecret?> FindAsync(
        SecretsManagerClient client, SecretDescription description, string stage, CancellationToken cancellationToken)
    {
        if (IdOf(description, stage) is null)
            return null;
        var value = await AskAsync(description.Arn, "reading", async () =>
        {
            try
            {
                return await client.GetSecretValueAsync(description.Arn, stage, cancellationToken);
            }
            catch (AwsException missing) when (missing.ErrorCode == AwsException.ResourceNotFound)
            {
                return null;
            }
        });
        return value is null ? null : RotatedSecret.Parse(value.SecretString, description.Arn, value.VersionId, Time(value.CreatedDate));
    }

    private static DateTimeOffset Time(double seconds) => DateTimeOffset.FromUnixTimeMilliseconds((long)(seconds * 1000));
}
