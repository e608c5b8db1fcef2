using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace TestServers;

/// <summary>A certificate authority that nobody trusts, with its certificate in a PEM file for <c>--ca-file</c>.</summary>
public sealed class TestAuthority : IDisposable
{
    private readonly X509Certificate2 authority;

    /// <summary>Makes a new one.</summary>
    public TestAuthority()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=authority of a test", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(certificateAuthority: true, hasPathLengthConstraint: false, 0, critical: true));
        authority = request.CreateSelfSigned(DateTimeOffset.UtcNow.AddYears(-3), DateTimeOffset.UtcNow.AddYears(1));
        CaFile = Path.GetTempFileName();
        File.WriteAllText(CaFile, authority.ExportCertificatePem());
    }

    /// <summary>The PEM file.</summary>
    public string CaFile { get; }

    /// <summary>A certificate of this authority for 127.0.0.1, or for a host name.</summary>
    /// <param name="hostName">Null for 127.0.0.1.</param>
    /// <param name="expired">Whether its time is over.</param>
    public X509Certificate2 Issue(string? hostName = null, bool expired = false)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var stop = expired ? DateTimeOffset.UtcNow.AddDays(-1) : DateTimeOffset.UtcNow.AddDays(1);
        using var issued = Request(key, hostName).Create(authority, stop.AddYears(-1), stop, RandomNumberGenerator.GetBytes(8));
        return issued.CopyWithPrivateKey(key);
    }

    /// <summary>A certificate for 127.0.0.1 that vouches for itself.</summary>
    public static X509Certificate2 SelfSigned()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        return Request(key, hostName: null).CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        authority.Dispose();
        File.Delete(CaFile);
    }

    private static CertificateRequest Request(ECDsa key, string? hostName)
    {
        var request = new CertificateRequest($"CN={hostName ?? "127.0.0.1"}", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        if (hostName is null)
            names.AddIpAddress(IPAddress.Loopback);
        else
            names.AddDnsName(hostName);
        request.CertificateExtensions.Add(names.Build());
        return request;
    }
}
