using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Influx.Tests;

/// <summary>What is said of a certificate that is not taken depends on what is wrong with it.</summary>
public sealed class CertificateTests
{
    [Fact]
    public async Task A_certificate_for_another_host_is_no_matter_of_the_authority()
    {
        var message = await RefusedAsync("other.example", trusted: true);

        Assert.Contains("is for another host than '127.0.0.1'", message, StringComparison.Ordinal);
        Assert.DoesNotContain("--ca-file", message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_certificate_of_an_unknown_authority_asks_for_it()
    {
        var message = await RefusedAsync("127.0.0.1", trusted: false);

        Assert.Contains("give its authority's certificate with --ca-file", message, StringComparison.Ordinal);
        Assert.DoesNotContain("another host", message, StringComparison.Ordinal);
    }

    private static async Task<string> RefusedAsync(string name, bool trusted)
    {
        using var certificate = Certificate(name);
        var file = Path.GetTempFileName();
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        try
        {
            await File.WriteAllTextAsync(file, certificate.ExportCertificatePem());
            var serving = ServeAsync(listener, certificate);
            var options = new ServerOptions
            {
                Url = new Uri($"https://127.0.0.1:{((IPEndPoint)listener.LocalEndpoint).Port}"),
                CaFile = trusted ? file : null,
            };

            var refused = await Assert.ThrowsAsync<RejectedException>(() => ServerDetector.ConnectAsync(options, TimeProvider.System, CancellationToken.None));

            await serving;
            return refused.Message;
        }
        finally
        {
            File.Delete(file);
        }
    }

    private static async Task ServeAsync(TcpListener listener, X509Certificate2 certificate)
    {
        using var client = await listener.AcceptTcpClientAsync();
        await using var tls = new SslStream(client.GetStream());
        // TLS 1.3 ends the handshake here before the client has judged the certificate; reading sees how it judged.
        await Assert.ThrowsAnyAsync<Exception>(async () =>
        {
            await tls.AuthenticateAsServerAsync(new SslServerAuthenticationOptions { ServerCertificate = certificate, EnabledSslProtocols = SslProtocols.Tls12 | SslProtocols.Tls13 });
            await tls.ReadExactlyAsync(new byte[1]);
        });
    }

    private static X509Certificate2 Certificate(string name)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=test", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        if (IPAddress.TryParse(name, out var address))
            names.AddIpAddress(address);
        else
            names.AddDnsName(name);
        request.CertificateExtensions.Add(names.Build());
        var now = TimeProvider.System.GetUtcNow();
        return request.CreateSelfSigned(now.AddDays(-1), now.AddDays(1));
    }
}
