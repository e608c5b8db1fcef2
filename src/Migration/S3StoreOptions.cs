using Amazon.Runtime;

namespace Migration;

/// <summary>Which prefix of which staging bucket a migration works in.</summary>
public sealed record S3StoreOptions
{
    /// <summary>The staging bucket's name.</summary>
    public required string Bucket { get; init; }

    /// <summary>What all keys start with, without a slash at its ends; empty for the whole staging bucket.</summary>
    public string Prefix { get; init; } = "";

    /// <summary>
    /// The AWS account, 12 digits, that must own the staging bucket; every call carries it, and S3 refuses the call when another
    /// account does. Null when it is not known: opening then asks whether the caller's account owns the staging bucket.
    /// </summary>
    public string? ExpectedBucketOwner { get; init; }

    /// <summary>Whether a staging bucket of another account will do; the data go there unasked. Only without an expected owner.</summary>
    public bool AllowUnownedBucket { get; init; }

    /// <summary>The staging bucket's region; null for the one of the environment or the profile.</summary>
    public string? Region { get; init; }

    /// <summary>The server, for one that is not AWS; null for AWS, or for what AWS_ENDPOINT_URL names.</summary>
    public Uri? Endpoint { get; init; }

    /// <summary>Whether the staging bucket's name is sent in the path, as most servers that are not AWS want it.</summary>
    public bool ForcePathStyle { get; init; }

    /// <summary>The tag that the objects of chunks get, so that a lifecycle rule finds them; null for none.</summary>
    public (string Key, string Value)? ChunkTag { get; init; }

    /// <summary>Who asks; null for the credentials that the AWS SDK finds.</summary>
    public AWSCredentials? Credentials { get; init; }

    /// <summary>Where it is: <c>s3://bucket/prefix</c>.</summary>
    public string Location => Prefix.Length == 0 ? $"s3://{Bucket}" : $"s3://{Bucket}/{Prefix}";

    /// <summary>Every problem of these options; empty when they are good.</summary>
    public IReadOnlyList<string> Problems()
    {
        var problems = new List<string>();
        if (string.IsNullOrWhiteSpace(Bucket) || Bucket.Contains('/', StringComparison.Ordinal))
            problems.Add($"'{Bucket}' is no name of a staging bucket");
        if (Prefix.StartsWith('/') || Prefix.EndsWith('/'))
            problems.Add($"the prefix '{Prefix}' must neither start nor end with a slash");
        if (ExpectedBucketOwner is { } owner && (owner.Length != 12 || !owner.All(char.IsAsciiDigit)))
            problems.Add($"the expected bucket owner '{owner}' is not an AWS account id of 12 digits");
        if (ExpectedBucketOwner is not null && AllowUnownedBucket)
            problems.Add("an expected bucket owner and leave to use an unowned staging bucket exclude each other");
        return problems;
    }

    /// <summary>The location: a printed record would show the credentials' type at best.</summary>
    public override string ToString() => Location;
}
