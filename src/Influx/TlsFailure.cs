using System.Security.Authentication;

namespace Influx;

/// <summary>What a failed TLS handshake means, in a person's words. The texts are those of .NET's SslStream, which has no codes for them.</summary>
internal static class TlsFailure
{
    public static string Describe(AuthenticationException failure, string host)
    {
        var text = failure.Message;
        if (text.Contains("frame size", StringComparison.Ordinal))
            return "nothing speaks TLS at this port: give the URL with http:// if that is right";
        if (text.Contains("NotTimeValid", StringComparison.Ordinal))
            return "its certificate has expired, or its time has not come yet: have it renewed";
        if (text.Contains("NameMismatch", StringComparison.Ordinal))
            return $"its certificate is for other host names than '{host}': give the URL with a name that the certificate has"
                + (text.Contains("ChainErrors", StringComparison.Ordinal) ? ", and its authority's certificate with --ca-file" : "");
        if (text.Contains("remote certificate", StringComparison.Ordinal))
            return $"no trusted authority vouches for its certificate ({text.TrimEnd('.')}): give its authority's certificate with --ca-file";
        return $"no common version and cipher could be agreed on, and TLS 1.2 is the oldest that is taken ({failure.GetBaseException().Message})";
    }
}
