using System.Net;
using System.Text;
using System.Xml;
using Amazon.Runtime;
using Amazon.Runtime.Internal;
using Amazon.Runtime.Internal.Transform;

namespace Aws;

/// <summary>What is deployed as one stack.</summary>
/// <param name="StackId">Its ARN, which names region and account.</param>
/// <param name="Status">Its status in CloudFormation's words, such as CREATE_COMPLETE.</param>
/// <param name="Outputs">Its outputs by their keys.</param>
public sealed record StackDescription(string StackId, string Status, IReadOnlyDictionary<string, string> Outputs);

/// <summary>CloudFormation, as far as it is needed: a stack's outputs. It speaks the Query protocol: a form there, XML back.</summary>
/// <param name="config">The settings; null for those of the environment.</param>
/// <param name="credentials">Who asks; null for the credentials that the SDK finds.</param>
public sealed class CloudFormationClient(AwsConfig? config = null, AWSCredentials? credentials = null)
    : AwsClient(config ?? new AwsConfig(Service), credentials)
{
    /// <summary>The service.</summary>
    public static AwsService Service { get; } = new("CloudFormation", "cloudformation", "2010-05-15");

    /// <summary>A stack by its name.</summary>
    /// <exception cref="AwsException">There is none (<see cref="AwsException.ValidationError"/>), or it may not be seen.</exception>
    public Task<StackDescription> DescribeStackAsync(string name, CancellationToken cancellationToken) =>
        SendAsync<string, StackDescription>(name, new Writer(), new Reader(), cancellationToken);

    private static StackDescription Read(Stream answer)
    {
        var (stackId, status) = ("", "");
        var outputs = new Dictionary<string, string>(StringComparer.Ordinal);
        var path = new Stack<string>();
        string? key = null;
        using var reader = XmlReader.Create(answer, new XmlReaderSettings { DtdProcessing = DtdProcessing.Prohibit });
        while (reader.Read())
        {
            if (reader.NodeType == XmlNodeType.Element && !reader.IsEmptyElement)
                path.Push(reader.LocalName);
            else if (reader.NodeType == XmlNodeType.EndElement)
                path.Pop();
            else if (reader.NodeType is XmlNodeType.Text or XmlNodeType.CDATA)
                Take(string.Join('/', path.Reverse().Skip(1)), reader.Value);
        }
        return new StackDescription(stackId, status, outputs);

        void Take(string place, string text)
        {
            const string Member = "DescribeStacksResult/Stacks/member";
            switch (place)
            {
                case $"{Member}/StackId":
                    stackId = text;
                    break;
                case $"{Member}/StackStatus":
                    status = text;
                    break;
                case $"{Member}/Outputs/member/OutputKey":
                    key = text;
                    break;
                case $"{Member}/Outputs/member/OutputValue" when key is not null:
                    outputs[key] = text;
                    break;
            }
        }
    }

    private sealed class Writer : IMarshaller<IRequest, AmazonWebServiceRequest>
    {
        public IRequest Marshall(AmazonWebServiceRequest input)
        {
            var request = new DefaultRequest(input, Service.ServiceId) { HttpMethod = "POST", ResourcePath = "/" };
            request.Headers["Content-Type"] = "application/x-www-form-urlencoded; charset=utf-8";
            var name = Uri.EscapeDataString(((Request<string>)input).Value);
            request.Content = Encoding.UTF8.GetBytes($"Action=DescribeStacks&Version={Service.ApiVersion}&StackName={name}");
            return request;
        }
    }

    private sealed class Reader : XmlResponseUnmarshaller
    {
        public override AmazonWebServiceResponse Unmarshall(XmlUnmarshallerContext input) => new Response<StackDescription> { Value = Read(input.Stream) };

        public override AmazonServiceException UnmarshallException(XmlUnmarshallerContext input, Exception innerException, HttpStatusCode statusCode) =>
            new AwsException(Service.ServiceId, XmlErrorResponseUnmarshaller.GetInstance().Unmarshall(input), innerException, statusCode);
    }
}
