using Migration;

namespace Cli;

/// <summary>Opens the staging store of a run: a folder, or a prefix of a staging bucket.</summary>
internal static class StoreFactory
{
    /// <summary>Opens it for a run.</summary>
    /// <param name="name">The folder, or the prefix.</param>
    /// <param name="mustExist">Whether it must hold a plan already.</param>
    /// <param name="s3Bucket">The staging bucket; null for a folder.</param>
    /// <param name="allowUnowned">Whether a staging bucket of another account will do.</param>
    /// <param name="cancellationToken">Cancels.</param>
    /// <exception cref="InputException">The folder is not there, in use, or can't be made.</exception>
    public static async Task<IStagingStore> OpenAsync(
        string name, bool mustExist, string? s3Bucket, bool allowUnowned, CancellationToken cancellationToken)
    {
        if (s3Bucket is not null)
        {
            var options = S3Options(s3Bucket, name) with { AllowUnownedBucket = allowUnowned };
            return await S3Store.OpenForRunAsync(options, cancellationToken);
        }
        if (mustExist && !Directory.Exists(name))
            throw new InputException($"the staging folder '{name}' does not exist");
        try
        {
            return FolderStore.Open(name);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw new InputException(failure.Message);
        }
    }

    /// <summary>How a prefix of a staging bucket is reached with the environment's settings.</summary>
    public static S3StoreOptions S3Options(string bucket, string prefix)
    {
        var endpoint = Settings.S3Endpoint();
        return new S3StoreOptions
        {
            Bucket = bucket,
            Prefix = prefix.Trim('/'),
            Endpoint = endpoint,
            // Host names of their own for buckets are AWS's; other servers take them in the path.
            ForcePathStyle = endpoint is not null,
            Region = Settings.Region(),
        };
    }
}
