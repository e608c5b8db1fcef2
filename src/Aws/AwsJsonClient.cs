using System.Net;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Amazon.Runtime;
using Amazon.Runtime.Internal;
using Amazon.Runtime.Internal.Transform;
using Amazon.Runtime.Internal.Util;

namespace Aws;

/// <summary>A service that speaks JSON.</summary>
/// <param name="ServiceId">Its id.</param>
/// <param name="SigningName">Its name in signatures and in its host's name.</param>
/// <param name="TargetPrefix">What stands before an operation's name.</param>
/// <param name="JsonVersion">1.0 or 1.1.</param>
/// <param name="ApiVersion">The date of its API.</param>
public sealed record AwsJsonService(string ServiceId, string SigningName, string TargetPrefix, string JsonVersion, string ApiVersion)
    : AwsService(ServiceId, SigningName, ApiVersion);

/// <summary>One operation of a service.</summary>
/// <param name="Name">Its name in AWS's reference.</param>
/// <param name="Input">How its input is written as JSON.</param>
/// <param name="Output">How its output is read.</param>
internal sealed record AwsJsonOperation<TIn, TOut>(string Name, JsonTypeInfo<TIn> Input, JsonTypeInfo<TOut> Output);

/// <summary>Calls a service of AWS that speaks JSON 1.0 or 1.1.</summary>
public abstract class AwsJsonClient : AwsClient
{
    private readonly AwsJsonService service;

    private protected AwsJsonClient(AwsJsonService service, AwsConfig? config, AWSCredentials? credentials)
        : base(config ?? new AwsConfig(service), credentials) => this.service = service;

    internal Task<TOut> CallAsync<TIn, TOut>(AwsJsonOperation<TIn, TOut> operation, TIn input, CancellationToken cancellationToken) =>
        SendAsync<TIn, TOut>(input, new Writer<TIn, TOut>(service, operation), new Reader<TOut>(operation.Output, service.ServiceId), cancellationToken);

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
            return new AwsException(serviceId, error, innerException, statusCode);
        }
    }
}
