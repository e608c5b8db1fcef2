using Amazon;
using Amazon.Runtime;
using Amazon.Runtime.Endpoints;
using Amazon.Runtime.Internal;

namespace Aws;

/// <summary>What tells one service from another.</summary>
/// <param name="ServiceId">Its id, which the SDK's settings are named by: <c>AWS_ENDPOINT_URL_</c> and the id in capitals.</param>
/// <param name="SigningName">Its name in signatures and in its host's name.</param>
/// <param name="ApiVersion">The date of its API.</param>
public record AwsService(string ServiceId, string SigningName, string ApiVersion);

/// <summary>The settings of a client; region, credentials, endpoint and retries come from where the SDK finds them, unless set here.</summary>
public sealed class AwsConfig : ClientConfig
{
    private const string NoRegion = "no AWS region is configured: set AWS_REGION or choose a profile that has one";

    // A call that can't connect is better told soon: a function's seconds are paid for.
    private static readonly TimeSpan ConnectLimit = TimeSpan.FromSeconds(3);

    /// <summary>Makes the settings of a service.</summary>
    public AwsConfig(AwsService service)
        : base(new DefaultConfigurationProvider([new DefaultConfiguration
        {
            Name = DefaultConfigurationMode.Standard,
            RetryMode = RequestRetryMode.Standard,
            ConnectTimeout = ConnectLimit,
        }]))
    {
        Service = service;
        ServiceId = service.ServiceId;
        AuthenticationServiceName = service.SigningName;
        EndpointProvider = new Provider(service);
    }

    /// <summary>The service.</summary>
    public AwsService Service { get; }

    /// <inheritdoc/>
    public override string ServiceVersion => Service.ApiVersion;

    /// <inheritdoc/>
    public override string RegionEndpointServiceName => Service.SigningName;

    /// <inheritdoc/>
    public override string UserAgent => "influx-migrate";

    /// <inheritdoc/>
    public override Endpoint DetermineServiceOperationEndpoint(ServiceOperationEndpointParameters parameters) =>
        EndpointProvider.ResolveEndpoint(Parameters(this));

    internal static EndpointParameters Parameters(IClientConfig config) => new Known
    {
        ["Endpoint"] = config.ServiceURL,
        ["Region"] = config.RegionEndpoint?.SystemName ?? config.AuthenticationRegion,
        ["UseFIPS"] = config.UseFIPSEndpoint,
    };

    private sealed class Known : EndpointParameters;

    private sealed class Provider(AwsService service) : IEndpointProvider
    {
        public Endpoint ResolveEndpoint(EndpointParameters parameters)
        {
            if (parameters["Endpoint"] is string { Length: > 0 } url)
                return new Endpoint(url);
            var name = parameters["Region"] as string
                ?? throw new AmazonClientException($"{service.ServiceId}: {NoRegion}");
            var region = RegionEndpoint.GetBySystemName(name);
            var fips = parameters["UseFIPS"] is true ? "-fips" : "";
            return new Endpoint($"https://{service.SigningName}{fips}.{region.SystemName}.{region.PartitionDnsSuffix}");
        }
    }
}
