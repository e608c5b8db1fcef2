using Aws;
using Functions.Logs;
using Functions.Rotation;
using Functions.Runtime;
using Influx;
using Microsoft.Extensions.Logging;
using Migration;

namespace Functions.Handlers;

/// <summary>
/// Rotates a secret by Secrets Manager's four steps, and removes what no version needs any more. Nothing is kept in memory: what a
/// step did is read from the secret's stages and from the tokens' descriptions, so that each can be asked for again after a crash.
/// </summary>
/// <param name="secrets">Secrets Manager.</param>
/// <param name="admin">The way to the servers.</param>
/// <param name="retry">How often a step that failed for a moment is tried again.</param>
/// <param name="logger">The log.</param>
internal sealed class RotateHandler(SecretsManagerClient secrets, AdminConnection admin, RetryPolicy retry, ILogger logger)
{
    // The service has no name for it: the version has a value already, and not this one.
    private const string ValueExists = "ResourceExistsException";

    public async Task<RotationAnswer> HandleAsync(RotationPayload payload, Invocation invocation, CancellationToken cancellationToken)
    {
        if (!RotationSteps.All.Contains(payload.Step, StringComparer.Ordinal))
            throw new NamedException(ErrorNames.InvalidInput, $"there is no step '{payload.Step}' of a rotation: Secrets Manager asks for {string.Join(", ", RotationSteps.All.Except([RotationSteps.Cleanup]))}");
        if (payload.SecretId.Length == 0 || (payload.ClientRequestToken.Length == 0 && payload.Step != RotationSteps.Cleanup))
            throw new NamedException(ErrorNames.InvalidInput, $"the step '{payload.Step}' names no {(payload.SecretId.Length == 0 ? "SecretId" : "ClientRequestToken")}");
        var removed = await retry.RunAsync(token => StepAsync(payload, token), cancellationToken);
        return new RotationAnswer(payload.Step, payload.SecretId, removed);
    }

    private async Task<int> StepAsync(RotationPayload payload, CancellationToken cancellationToken)
    {
        var description = await SecretVersions.AskAsync(payload.SecretId, "describing", () => secrets.DescribeSecretAsync(payload.SecretId, cancellationToken));
        if (payload.Step != RotationSteps.Cleanup && !NeedsWork(description, payload))
        {
            logger.RotationDone(payload.Step, description.Arn, payload.ClientRequestToken);
            return 0;
        }
        var versions = await SecretVersions.ReadAsync(secrets, description, cancellationToken);
        if (payload.Step == RotationSteps.Finish)
        {
            await FinishAsync(versions, Pending(versions), cancellationToken);
            return 0;
        }
        using var server = await admin.OpenAsync(versions.Current, cancellationToken);
        switch (payload.Step)
        {
            case RotationSteps.Create:
                return await CreateAsync(server, versions, payload.ClientRequestToken, cancellationToken);
            case RotationSteps.Set:
                await server.SetAsync(versions, Pending(versions), cancellationToken);
                break;
            case RotationSteps.Test:
                await TestAsync(server, versions, cancellationToken);
                break;
            case RotationSteps.Cleanup:
                return await server.RemoveAsync(versions, cancellationToken);
        }
        logger.RotationStep(payload.Step, description.Arn, payload.ClientRequestToken);
        return 0;
    }

    /// <summary>Whether the version is a rotation's that is under way; false when that rotation is over.</summary>
    private static bool NeedsWork(SecretDescription description, RotationPayload payload)
    {
        var (arn, version) = (description.Arn, payload.ClientRequestToken);
        if (!description.RotationEnabled)
            throw new NamedException(ErrorNames.RotationOff, $"the secret {arn} is not rotated: switch its rotation on, or leave it alone");
        if (!description.VersionIdsToStages.TryGetValue(version, out var stages))
            throw new NamedException(ErrorNames.VersionNotPending, $"the secret {arn} has no version {version} to rotate to: start its rotation again");
        var isPending = stages.Contains(SecretsManagerClient.Pending, StringComparer.Ordinal);
        if (stages.Contains(SecretsManagerClient.Current, StringComparer.Ordinal))
        {
            // A rotation leaves AWSPENDING where it is, and Secrets Manager may take it away after the last step.
            return isPending || payload.Step == RotationSteps.Finish
                ? false
                : throw new NamedException(ErrorNames.VersionNotPending, $"the version {version} of the secret {arn} is current already, and no rotation made it: start its rotation again");
        }
        return isPending
            ? true
            : throw new NamedException(ErrorNames.VersionNotPending, $"the version {version} of the secret {arn} is not AWSPENDING: start its rotation again");
    }

    private async Task<int> CreateAsync(IRotatedServer server, SecretVersions versions, string versionId, CancellationToken cancellationToken)
    {
        if (versions.Pending is null)
        {
            var value = await server.CreateAsync(versions, versionId, cancellationToken);
            await PutAsync(versions.Arn, versionId, value, cancellationToken);
            // Read again and not taken from here: of two at a time one was the first.
            var description = await SecretVersions.AskAsync(versions.Arn, "describing", () => secrets.DescribeSecretAsync(versions.Arn, cancellationToken));
            versions = await SecretVersions.ReadAsync(secrets, description, cancellationToken);
        }
        // Only now: what the secret names is never removed, so that whatever else was made for this version is an orphan.
        var removed = await server.RemoveAsync(versions, cancellationToken);
        logger.RotationStep(RotationSteps.Create, versions.Arn, versionId);
        return removed;
    }

    // When a rotation is switched on or changed, Secrets Manager makes a version that is AWSPENDING and has no value, or the current one's,
    // asks for this step alone and takes the version away again: whether the rotation can work is seen at what is in use now.
    private async Task TestAsync(IRotatedServer server, SecretVersions versions, CancellationToken cancellationToken)
    {
        if (versions.Pending is { Token: not null } made)
        {
            await server.TestAsync(versions, made, cancellationToken);
            return;
        }
        logger.NothingMadeYet(versions.Arn, versions.Current.VersionId);
        // AWS's format may begin without a token; then the first rotation makes one.
        if (versions.Current.Token is not null)
            await server.TestAsync(versions, versions.Current, cancellationToken);
    }

    private Task<bool> PutAsync(string arn, string versionId, string value, CancellationToken cancellationToken) => SecretVersions.AskAsync(arn, "putting a version into", async () =>
    {
        try
        {
            await secrets.PutSecretValueAsync(arn, versionId, value, [SecretsManagerClient.Pending], cancellationToken);
            return true;
        }
        catch (AwsException exists) when (exists.ErrorCode == ValueExists)
        {
            // Another invocation of the same step was faster; its value counts.
            return false;
        }
    });

    private async Task FinishAsync(SecretVersions versions, RotatedSecret pending, CancellationToken cancellationToken)
    {
        await SecretVersions.AskAsync(versions.Arn, "moving AWSCURRENT of", async () =>
        {
            await secrets.MoveStageAsync(versions.Arn, SecretsManagerClient.Current, pending.VersionId, versions.Current.VersionId, cancellationToken);
            return true;
        });
        logger.Rotated(versions.Arn, versions.Current.VersionId, pending.VersionId);
    }

    private static RotatedSecret Pending(SecretVersions versions) => versions.Pending
        ?? throw new NamedException(ErrorNames.VersionNotPending, $"the secret {versions.Arn} has no value at AWSPENDING: {RotationSteps.Create} comes first");
}
