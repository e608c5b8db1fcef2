using System.Net;
using Amazon.Runtime;
using Amazon.Runtime.Internal;

namespace Aws;

/// <summary>A service's answer that is no success; its <c>ErrorCode</c> is the error's name in AWS's reference.</summary>
public sealed class AwsException : AmazonServiceException
{
    /// <summary>The code of what is not there: a secret, a version of it.</summary>
    public const string ResourceNotFound = "ResourceNotFoundException";

    /// <summary>The code of an execution that is not there, or no more.</summary>
    public const string ExecutionDoesNotExist = "ExecutionDoesNotExist";

    /// <summary>The code of an execution whose ARN or name can't be one.</summary>
    public const string InvalidArn = "InvalidArn";

    /// <summary>CloudFormation's code of a stack that is not there, and of a wrong parameter.</summary>
    public const string ValidationError = "ValidationError";

    internal AwsException(string service, ErrorResponse error, Exception inner, HttpStatusCode status)
        : base($"{service}: {error.Message}", inner, error.Type, error.Code, error.RequestId, status)
    {
    }

    /// <summary>Whether the caller lacks the permission.</summary>
    public bool IsDenied => ErrorCode is "AccessDenied" or "AccessDeniedException";

    /// <summary>Whether the credentials themselves are refused: expired, unknown or wrong.</summary>
    public bool IsUnknownCaller => ErrorCode is "ExpiredToken" or "ExpiredTokenException" or "InvalidClientTokenId" or "UnrecognizedClientException"
        or "InvalidSignatureException" or "SignatureDoesNotMatch" or "IncompleteSignature" or "MissingAuthenticationToken" or "InvalidAccessKeyId";

    /// <summary>Whether the same call may succeed later: throttling, or a failure of the service.</summary>
    public bool IsTransient =>
        StatusCode >= HttpStatusCode.InternalServerError
        || StatusCode == HttpStatusCode.TooManyRequests
        || ErrorCode is "ThrottlingException" or "Throttling" or "RequestLimitExceeded" or "TooManyRequestsException";
}
