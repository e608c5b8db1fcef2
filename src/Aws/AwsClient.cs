using Amazon.Runtime;
using Amazon.Runtime.Credentials.Internal;
using Amazon.Runtime.Endpoints;
using Amazon.Runtime.Internal;
using Amazon.Runtime.Internal.Auth;
using Amazon.Runtime.Internal.Transform;

namespace Aws;

/// <summary>
/// Calls a service of AWS over the pipeline of AWSSDK.Core: its credentials, SigV4, retries, endpoints and clock skew. Most types of
/// that pipeline are public but internal by name, which is why AWSSDK.Core is pinned exactly.
/// </summary>
/// <remarks>
/// Every call throws <see cref="AwsException"/> for what the service refuses or fails at after the SDK's own retries, and
/// <see cref="AmazonClientException"/> where no answer came.
/// </remarks>
public abstract class AwsClient : AmazonServiceClient
{
    private readonly Metadata metadata;

    private protected AwsClient(AwsConfig config, AWSCredentials? credentials)
        : base(AskedBy(config, credentials)) => metadata = new Metadata(config.Service.ServiceId);

    /// <inheritdoc/>
    protected override IServiceMetadata ServiceMetadata => metadata;

    /// <inheritdoc/>
    protected override void CustomizeRuntimePipeline(RuntimePipeline pipeline)
    {
        pipeline.AddHandlerAfter<Marshaller>(new EndpointHandler());
        pipeline.AddHandlerAfter<Marshaller>(new AuthHandler());
    }

    private protected async Task<TOut> SendAsync<TIn, TOut>(
        TIn input, IMarshaller<IRequest, AmazonWebServiceRequest> writer, ResponseUnmarshaller reader, CancellationToken cancellationToken)
    {
        var options = new InvokeOptions { RequestMarshaller = writer, ResponseUnmarshaller = reader };
        var response = await InvokeAsync<Response<TOut>>(new Request<TIn>(input), options, cancellationToken);
        return response.Value!;
    }

    private static AwsConfig AskedBy(AwsConfig config, AWSCredentials? credentials)
    {
        if (credentials is not null)
            config.DefaultAWSCredentials = credentials;
        return config;
    }

    private protected sealed class Request<TIn>(TIn value) : AmazonWebServiceRequest
    {
        public TIn Value => value;
    }

    private protected sealed class Response<TOut> : AmazonWebServiceResponse
    {
        public TOut? Value { get; init; }
    }

    private sealed class Metadata(string serviceId) : IServiceMetadata
    {
        public string ServiceId => serviceId;

        public IDictionary<string, string> OperationNameMapping { get; } = new Dictionary<string, string>(StringComparer.Ordinal);
    }

    private sealed class EndpointHandler : BaseEndpointResolver
    {
        protected override void ServiceSpecificHandler(IExecutionContext executionContext, EndpointParameters parameters)
        {
            // No service that is called here needs more than its endpoint.
        }

        protected override EndpointParameters MapEndpointsParameters(IRequestContext requestContext) =>
            AwsConfig.Parameters(requestContext.ClientConfig);
    }

    private sealed class AuthHandler : BaseAuthResolverHandler
    {
        protected override List<IAuthSchemeOption> ResolveAuthOptions(IExecutionContext executionContext) => AuthSchemeOption.DEFAULT_SIGV4;
    }
}
