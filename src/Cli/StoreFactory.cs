using Migration;

namespace Cli;

/// <summary>Opens the staging store of a run: a folder, or a prefix of a staging bucket.</summary>
internal static class StoreFactory
{
    /// <summary>Opens it for a run.</summary>
    /// <param name="name">The folder, or the prefix.</param>
    /// <param name="s3Bucket">The staging bucket; null for a folder.</param>
    /// <param name="allowUnowned">Whether a staging bucket of another account will do.</param>
    /// <param name="allowUnhardened">Whether a staging bucket that lacks a <see cref="StagingSetting"/> is a warning only.</param>
    /// <param name="cancellationToken">Cancels.</param>
    /// <returns>The store, and what the report should say of it.</returns>
    /// <exception cref="Influx.RejectedException">The staging bucket is not hardened.</exception>
    /// <exception cref="InputException">The folder is in use, or can't be made.</exception>
    public static async Task<(IStagingStore Store, IReadOnlyList<string> Warnings)> OpenAsync(
        string name, string? s3Bucket, bool allowUnowned, bool allowUnhardened, CancellationToken cancellationToken)
    {
        if (s3Bucket is not null)
        {
            var options = S3Options(s3Bucket, name) with { AllowUnownedBucket = allowUnowned };
            var warnings = await CheckAsync(options, allowUnhardened, cancellationToken);
            return (await S3Store.OpenForRunAsync(options, cancellationToken), warnings);
        }
        if (name.Length == 0)
            throw new InputException("the staging folder's name is empty: give one with --dir-name");
        try
        {
            return (FolderStore.Open(name), []);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw new InputException($"'{name}' can't be the staging folder ({failure.Message}): name one that can be written, with --dir-name");
        }
    }

    /// <summary>The request of a migration that is staged there.</summary>
    /// <exception cref="InputException">There is none.</exception>
    public static async Task<MigrationRequest> ReadRequestAsync(string name, string? s3Bucket, bool allowUnowned, CancellationToken cancellationToken)
    {
        if (s3Bucket is null && !Directory.Exists(name))
            throw new InputException(File.Exists(name) ? $"'{name}' is a file and no staging folder" : $"the staging folder '{name}' does not exist");
        using IStagingStore store = s3Bucket is null
            ? FolderStore.OpenForReading(name)
            : await S3Store.OpenAsync(S3Options(s3Bucket, name) with { AllowUnownedBucket = allowUnowned }, cancellationToken);
        var plan = await store.ReadJsonAsync(StagingLayout.Plan, MigrationJson.Default.MigrationPlan, cancellationToken)
            ?? throw new InputException($"{store.Location} holds no '{StagingLayout.Plan}': it is no folder of a migration");
        return plan.Request;
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

    // Before the run's first write, the clearing of uploads that were left included.
    private static async Task<IReadOnlyList<string>> CheckAsync(S3StoreOptions options, bool allowUnhardened, CancellationToken cancellationToken)
    {
        using var store = await S3Store.OpenAsync(options, cancellationToken);
        var gaps = await store.FindGapsAsync(cancellationToken);
        var warnings = new List<string>();
        if (options.AllowUnownedBucket)
            warnings.Add($"whether the staging bucket '{options.Bucket}' belongs to the account of these credentials was not checked (--allow-unowned-s3-bucket)");
        if (gaps.Count > 0 && !allowUnhardened)
            throw new Influx.RejectedException(
                Influx.RejectionKind.Invalid, $"{BucketCommand.Sentence(options.Bucket, gaps)}\nset what is missing: {BucketCommand.HardenWith(options.Bucket)}; or go on without: --allow-unhardened-s3-bucket");
        if (gaps.Count > 0)
            warnings.Add($"{BucketCommand.Sentence(options.Bucket, gaps, between: "; ")} (--allow-unhardened-s3-bucket)");
        foreach (var warning in warnings)
            await Console.Error.WriteLineAsync($"warning: {warning}");
        return warnings;
    }
}
