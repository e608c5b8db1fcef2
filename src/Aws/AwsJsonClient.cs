using System.Net;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Amazon.Runtime;
using Amazon.Runtime.Credentials.Internal;
using Amazon.Runtime.Endpoints;
using Amazon.Runtime.Internal;
using Amazon.Runtime.Internal.Auth;
using Amazon.Runtime.Internal.Transform;
using Amazon.Runtime.Internal.Util;

namespace Aws;

/// <summary>One operation of a service.</summary>
/// <param name="Name">Its name in AWS's reference.</param>
/// <param name="Input">How its input is written as JSON.</param>
/// <param name="Output">How its output is read.</param>
internal sealed record AwsJsonOperation<TIn, TOut>(string Name, JsonTypeInfo<TIn> Input, JsonTypeInfo<TOut> Output);

/// <summary>
/// Calls a service of AWS that speaks JSON 1.0 or 1.1 over the pipeline of AWSSDK.Core: its credentials, SigV4, retries, endpoints
/// and clock skew. Most types of that pipeline are public but internal by name, which is why AWSSDK.Core is pinned exactly.
/// </summary>
/// <remarks>
/// Every call throws <see cref="AwsJsonException"/> for what the service refuses or fails at after the SDK's own retries, and
/// <see cref="AmazonClientException"/> where no answer came.
/// </remarks>
public abstract class AwsJsonClient : AmazonServiceClient
{
    private readonly AwsJsonService service;
    private readonly Metadata metadata;

    private protected AwsJsonClient(AwsJsonConfig config, AWSCredentials? credentials)
        : base(AskedBy(config, credentials))
    {
        service = config.Service;
        metadata = new Metadata(service.ServiceId);
    }

    /// <inheritdoc/>
    protected override IServiceMetadata ServiceMetadata => metadata;

    /// <inheritdoc/>
    protected override void CustomizeRuntimePipeline(RuntimePipeline pipeline)
    {
        pipeline.AddHandlerAfter<Marshaller>(new EndpointHandler());
        pipeline.AddHandlerAfter<Marshaller>(new AuthHandler());
    }

    internal async Task<TOut> CallAsync<TIn, TOut>(AwsJsonOperation<TIn, TOut> operation, TIn input, CancellationToken cancellationToken)
    {
        var options = new InvokeOptions
        {
            RequestMarshaller = new Writer<TIn, TOut>(service, operation),
            ResponseUnmarshaller = new Reader<TOut>(operation.Output, service.ServiceId),
        };
        var response = await InvokeAsync<Response<TOut>>(new Request<TIn>(input), options, cancellationToken);
        return response.Value!;
    }

    private static AwsJsonConfig AskedBy(AwsJsonConfig config, AWSCredentials? credentials)
    {
        if (credentials is not null)
            config.DefaultAWSCredentials = credentials;
        return config;
    }

    private sealed class Request<TIn>(TIn value) : AmazonWebServiceRequest
    {
        public TIn Value => value;
    }

    private sealed class Response<TOut> : AmazonWebServiceResponse
    {
        public TOut? Value { get; init; }
    }

    private sealed class Writer<TIn, TOut>(AwsJsonService service, AwsJsonOperation<TIn, TOut> operation)
        : IMarshaller<IRequest, AmazonWebServiceRequest>
    {
        public IRequest Marshall(AmazonWebServiceRequest input)
        {
            var request = new DefaultRequest(input, service.ServiceId) { HttpMethod = "POST", ResourcePath = "/" };
            request.Headers["X-Amz-Target"] = $"{service.TargetPrefix}.{operation.Name}";
            request.Headers["Content-Type"] = $"application/x-amz-json-{service.JsonVersion}";
            request.Headers["X-Amz-Api-Version"] = service.ApiVersion;
            request.Content = JsonSerializer.SerializeToUtf8Bytes(((Request<TIn>)input).Value, operation.Input);
            return request;
        }
    }

    private sealed class Reader<TOut>(JsonTypeInfo<TOut> type, string serviceId) : JsonResponseUnmarshaller
    {
        public override AmazonWebServiceResponse Unmarshall(JsonUnmarshallerContext input) =>
            new Response<TOut> { Value = JsonSerializer.Deserialize(input.Stream, type) };

        public override AmazonServiceException UnmarshallException(JsonUnmarshallerContext input, Exception innerException, HttpStatusCode statusCode)
        {
            var reader = new StreamingUtf8JsonReader(input.Stream);
            var error = JsonErrorResponseUnmarshaller.GetInstance().Unmarshall(input, ref reader);
            return new AwsJsonException(serviceId, error, innerException, statusCode);
        }
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
            // No service that speaks JSON needs more than its endpoint.
        }

        protected override EndpointParameters MapEndpointsParameters(IRequestContext requestContext) =>
            AwsJsonConfig.Parameters(requestContext.ClientConfig);
    }

    private sealed class AuthHandler : BaseAuthResolverHandler
    {
        protected override List<IAuthSchemeOption> ResolveAuthOptions(IExecutionContext executionContext) => AuthSchemeOption.DEFAULT_SIGV4;
    }
}
