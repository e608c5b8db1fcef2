using System.Net;
using Amazon.Runtime;
using Influx;

namespace Migration;

public sealed partial class S3Store
{
    private async Task<T> AskAsync<T>(string what, Func<Task<T>> call, CancellationToken cancellationToken)
    {
        try
        {
            return await call();
        }
        catch (Exception error) when (IsOfS3(error, cancellationToken))
        {
            throw Translate(error, what);
        }
    }

    /// <summary>Whether an error comes from S3 or the way to it; neither a cancellation nor a bug does.</summary>
    private static bool IsOfS3(Exception error, CancellationToken cancellationToken) =>
        error is AmazonServiceException or AmazonClientException or HttpRequestException or IOException or TimeoutException
        || (error is OperationCanceledException && !cancellationToken.IsCancellationRequested);

    /// <summary>The error in the words of the pipeline.</summary>
    private Exception Translate(Exception error, string what)
    {
        if (error is AmazonServiceException { StatusCode: >= HttpStatusCode.Continue } answer)
        {
            return IsTransient(answer)
                ? new TransientException($"{what} in {Location} failed: {Words(answer)}; the SDK tried again in vain", inner: answer)
                : Refusal(answer, what);
        }
        if (error is AmazonClientException && error.Message.Contains("credentials", StringComparison.OrdinalIgnoreCase))
        {
            return new RejectedException(
                RejectionKind.Token, $"{what} in {Location} needs AWS credentials and none were found: set a profile or a role", error);
        }
        return new TransientException($"{what} in {Location} failed on the way: {error.Message}", inner: error);
    }

    private static bool IsTransient(AmazonServiceException answer) =>
        answer.ErrorCode is "SlowDown" or "RequestTimeout" or "InternalError" or "ServiceUnavailable" or "Throttling" or "ThrottlingException"
            or "OperationAborted" or "ConditionalRequestConflict" or "IncompleteBody"
            // The body that came is not the body that was sent.
            or "BadDigest" or "XAmzContentSHA256Mismatch" or "XAmzContentChecksumMismatch"
        || answer.StatusCode is HttpStatusCode.RequestTimeout or HttpStatusCode.TooManyRequests
        || (answer.StatusCode >= HttpStatusCode.InternalServerError && answer.StatusCode != HttpStatusCode.NotImplemented);

    private RejectedException Refusal(AmazonServiceException answer, string what)
    {
        var (kind, advice) = answer switch
        {
            { ErrorCode: "NoSuchBucket" } => (RejectionKind.NotFound, "create the staging bucket or correct its name"),
            { ErrorCode: "NoSuchUpload" } =>
                (RejectionKind.NotFound, "another run of the same prefix aborted the upload: let one of them finish, then run again"),
            { ErrorCode: "ExpiredToken" or "InvalidToken" or "TokenRefreshRequired" } => (RejectionKind.Token, "renew the AWS credentials, then run again"),
            { ErrorCode: "RequestTimeTooSkewed" } => (RejectionKind.Token, "set this machine's clock"),
            { ErrorCode: "PermanentRedirect" or "AuthorizationHeaderMalformed" or "IllegalLocationConstraintException" } =>
                (RejectionKind.Invalid, "name the region that the staging bucket is in"),
            { StatusCode: HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden } => (RejectionKind.Token, OwnerAdvice),
            { StatusCode: HttpStatusCode.NotFound } => (RejectionKind.NotFound, "check the staging bucket's name and prefix"),
            { StatusCode: HttpStatusCode.NotImplemented } => (RejectionKind.Unsupported, "use a server that has all of S3's conditional writes and checksums"),
            _ => (RejectionKind.Invalid, "look the code up among S3's error responses"),
        };
        return new RejectedException(kind, $"{what} in {Location} was refused: {Words(answer)}: {advice}", answer);
    }

    private string OwnerAdvice => options.ExpectedBucketOwner is { } owner
        ? $"give these credentials the permission, and check that the staging bucket '{options.Bucket}' belongs to the account {owner}"
        : $"give these credentials the permission on the staging bucket '{options.Bucket}'";

    private static string Words(AmazonServiceException answer) =>
        $"{(int)answer.StatusCode} {answer.ErrorCode}, '{answer.Message}' (request {answer.RequestId})";
}
