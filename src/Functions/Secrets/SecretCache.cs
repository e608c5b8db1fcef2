using Amazon.Runtime;
using Aws;
using Functions.Logs;
using Influx;
using Microsoft.Extensions.Logging;
using Migration;

namespace Functions.Secrets;

/// <summary>Reads secrets, and keeps each for five minutes.</summary>
/// <param name="client">Secrets Manager.</param>
/// <param name="region">The function's region.</param>
/// <param name="logger">The log.</param>
/// <param name="time">The clock.</param>
internal sealed class SecretCache(SecretsManagerClient client, string region, ILogger logger, TimeProvider time) : IDisposable
{
    // A rotated token is told by a 401 at once; five minutes bound what an unnoticed change of URL or org costs.
    private static readonly TimeSpan Kept = TimeSpan.FromMinutes(5);

    private readonly SemaphoreSlim gate = new(1);
    private readonly Dictionary<(string Arn, ServerRole Role), (ServerSecret Secret, DateTimeOffset Read)> entries = [];

    /// <summary>A secret, from memory or anew.</summary>
    /// <param name="arn">Its ARN; null where the function was not given one.</param>
    /// <param name="role">Which end it is for.</param>
    /// <param name="refused">The token that the server has just refused; what is kept is passed by when it is the same.</param>
    /// <param name="cancellationToken">Cancels.</param>
    /// <exception cref="NamedException"><see cref="ErrorNames.SecretUnusable"/>.</exception>
    /// <exception cref="TransientException">Secrets Manager could not answer.</exception>
    public async Task<ServerSecret> ReadAsync(string? arn, ServerRole role, Secret? refused, CancellationToken cancellationToken)
    {
        if (arn is null)
            throw new InvalidOperationException($"this function was given no secret of the {role}");
        CheckRegion(arn);
        // One reader at a time: after a 401 many requests ask at once.
        await gate.WaitAsync(cancellationToken);
        try
        {
            if (entries.TryGetValue((arn, role), out var kept) && time.GetUtcNow() - kept.Read < Kept && !IsSame(kept.Secret.Token, refused))
                return kept.Secret;
            if (refused is not null)
                logger.SecretReadAnew(arn);
            var secret = ServerSecret.Parse(await FetchAsync(arn, cancellationToken), role, arn);
            entries[(arn, role)] = (secret, time.GetUtcNow());
            return secret;
        }
        finally
        {
            gate.Release();
        }
    }

    /// <inheritdoc/>
    public void Dispose() => gate.Dispose();

    private static bool IsSame(Secret token, Secret? refused) => refused is not null && token.Reveal() == refused.Reveal();

    private void CheckRegion(string arn)
    {
        // arn:PARTITION:secretsmanager:REGION:ACCOUNT:secret:NAME
        var parts = arn.Split(':');
        if (parts.Length < 7 || parts[2] != "secretsmanager")
            throw ServerSecret.Unusable(arn, "is named by something that is no ARN of a secret: give the function the ARN");
        if (parts[3] != region)
            throw ServerSecret.Unusable(arn, $"is in the region {parts[3]}, but this function runs in {region}: replicate the secret to {region} and name the replica's ARN");
    }

    private async Task<string?> FetchAsync(string arn, CancellationToken cancellationToken)
    {
        try
        {
            return (await client.GetSecretValueAsync(arn, SecretsManagerClient.Current, cancellationToken)).SecretString;
        }
        catch (AwsException refusal) when (!refusal.IsTransient)
        {
            throw ServerSecret.Unusable(arn, refusal.ErrorCode switch
            {
                AwsException.ResourceNotFound => "does not exist or has no value yet: put the token into it, in the console or with 'aws secretsmanager put-secret-value'",
                "AccessDeniedException" => "may not be read by this function: grant it secretsmanager:GetSecretValue, and kms:Decrypt on the secret's key",
                "DecryptionFailure" => "can't be decrypted: grant the function kms:Decrypt on the secret's key, and check that the key is enabled",
                "InvalidRequestException" => "is scheduled for deletion: restore it, or name another one",
                var code => $"can't be read ({code})",
            });
        }
        catch (Exception failure) when (failure is AmazonServiceException or AmazonClientException or HttpRequestException)
        {
            throw new TransientException($"reading the secret {arn} failed: {failure.Message}", inner: failure);
        }
    }
}
