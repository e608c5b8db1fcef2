using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Http;

namespace TestServers;

/// <summary>AWS Signature Version 4 as its specification says, computed apart from the SDK, so that a wrong signature is told.</summary>
internal static partial class SigV4
{
    /// <summary>What is wrong with a request's signature, or null.</summary>
    /// <param name="request">The request.</param>
    /// <param name="body">Its body.</param>
    /// <param name="accessKey">Who must have signed it.</param>
    /// <param name="secretKey">With what.</param>
    /// <param name="service">For which service.</param>
    /// <param name="region">In which region.</param>
    /// <param name="alsoSigned">A header that must be signed besides host and date.</param>
    public static string? Problem(HttpRequest request, byte[] body, string accessKey, string secretKey, string service, string region, string alsoSigned)
    {
        var match = Form().Match(request.Headers.Authorization.ToString());
        if (!match.Success)
            return "the Authorization header is no AWS4-HMAC-SHA256";
        var (key, date, scopeRegion, scopeService) = (match.Groups["key"].Value, match.Groups["date"].Value, match.Groups["region"].Value, match.Groups["service"].Value);
        if (key != accessKey || scopeRegion != region || scopeService != service)
            return $"signed by {key} for {scopeService} in {scopeRegion}, not by {accessKey} for {service} in {region}";
        var signed = match.Groups["signed"].Value.Split(';');
        foreach (var needed in (string[])["host", "x-amz-date", alsoSigned])
        {
            if (!signed.Contains(needed, StringComparer.Ordinal))
                return $"the header {needed} is not signed";
        }
        var headers = string.Concat(signed.Select(name => $"{name}:{Spaces().Replace(request.Headers[name].ToString().Trim(), " ")}\n"));
        var canonical = $"{request.Method}\n{request.Path}\n{request.QueryString.Value?.TrimStart('?')}\n{headers}\n{match.Groups["signed"].Value}\n{Hash(body)}";
        var toSign = $"AWS4-HMAC-SHA256\n{request.Headers["x-amz-date"]}\n{date}/{region}/{service}/aws4_request\n{Hash(Encoding.UTF8.GetBytes(canonical))}";
        var signing = Encoding.UTF8.GetBytes("AWS4" + secretKey);
        foreach (var part in (string[])[date, region, service, "aws4_request"])
            signing = HMACSHA256.HashData(signing, Encoding.UTF8.GetBytes(part));
        var signature = Convert.ToHexStringLower(HMACSHA256.HashData(signing, Encoding.UTF8.GetBytes(toSign)));
        return signature == match.Groups["signature"].Value ? null : "the signature does not match";
    }

    private static string Hash(byte[] bytes) => Convert.ToHexStringLower(SHA256.HashData(bytes));

    [GeneratedRegex(@"^AWS4-HMAC-SHA256 Credential=(?<key>[^/]+)/(?<date>\d{8})/(?<region>[^/]+)/(?<service>[^/]+)/aws4_request, ?SignedHeaders=(?<signed>[^,]+), ?Signature=(?<signature>[0-9a-f]{64})$", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Form();

    [GeneratedRegex(" +", RegexOptions.None, 1000)]
    private static partial Regex Spaces();
}
