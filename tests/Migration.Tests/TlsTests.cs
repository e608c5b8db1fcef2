using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using Influx;
using TestServers;

namespace Migration.Tests;

public sealed class TlsTests(TwoServers servers) : IClassFixture<TwoServers>, IDisposable
{
    private readonly TestAuthority authority = new();

    public void Dispose() => authority.Dispose();

    [Fact]
    public async Task A_server_of_a_private_authority_is_trusted_by_its_ca_file_and_by_nothing_else()
    {
        using var certificate = authority.Issue();
        await using var proxy = await StartAsync(certificate);
        await using var destination = await InfluxdProcess.StartAsync();
        using var pipeline = new Pipeline(proxy.Url, destination.Url);

        var refused = await Assert.ThrowsAsync<RejectedException>(() => pipeline.RunAsync());
        pipeline.Request = pipeline.Request with { CaFile = authority.CaFile };
        var report = await pipeline.RunAsync();

        Assert.Equal(RejectionKind.Unreachable, refused.Kind);
        Assert.Contains("--ca-file", refused.Message, StringComparison.Ordinal);
        Assert.Equal(Verdict.Verified, report.Verdict);
        Assert.DoesNotContain(report.Warnings, warning => warning.Contains("certificates", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("another host", "other host names", true)]
    [InlineData("expired", "expired", true)]
    [InlineData("self-signed", "--ca-file", true)]
    [InlineData("self-signed", "--ca-file", false)]
    public async Task A_certificate_that_is_not_right_is_refused_with_what_is_wrong(string kind, string words, bool withCaFile)
    {
        using var certificate = kind switch
        {
            "another host" => authority.Issue("influx.example.com"),
            "expired" => authority.Issue(expired: true),
            _ => TestAuthority.SelfSigned(),
        };
        await using var proxy = await StartAsync(certificate);
        using var pipeline = new Pipeline(proxy.Url, servers.Source.Url);
        pipeline.Request = pipeline.Request with { CaFile = withCaFile ? authority.CaFile : null };

        var refused = await Assert.ThrowsAsync<RejectedException>(() => pipeline.RunAsync());

        Assert.Equal(RejectionKind.Unreachable, refused.Kind);
        Assert.Contains(words, refused.Message, StringComparison.Ordinal);
        // The authority is no matter of a certificate that it vouches for.
        Assert.Equal(kind == "self-signed", refused.Message.Contains("--ca-file", StringComparison.Ordinal));
        Assert.Contains($"the source {proxy.Url.GetLeftPart(UriPartial.Authority)}", refused.Message, StringComparison.Ordinal);
        Assert.Equal(0, proxy.Requests);
    }

    [Fact]
    public async Task Skip_verify_takes_any_certificate_and_the_report_warns()
    {
        using var certificate = authority.Issue("influx.example.com", expired: true);
        await using var proxy = await StartAsync(certificate);
        await using var destination = await InfluxdProcess.StartAsync();
        using var pipeline = new Pipeline(proxy.Url, destination.Url);
        pipeline.Request = pipeline.Request with { SkipVerify = true };

        var report = await pipeline.RunAsync();

        Assert.Equal(Verdict.Verified, report.Verdict);
        Assert.Contains(report.Warnings, warning => warning.Contains("--skip-verify", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_server_that_knows_no_tls_1_2_is_refused_even_unchecked(bool skipVerify)
    {
        using var certificate = authority.Issue();
        // What the client must not agree to.
#pragma warning disable SYSLIB0039, CA5397
        await using var proxy = await StartAsync(certificate, SslProtocols.Tls11);
#pragma warning restore SYSLIB0039, CA5397
        using var pipeline = new Pipeline(proxy.Url, servers.Source.Url);
        pipeline.Request = pipeline.Request with { SkipVerify = skipVerify, CaFile = skipVerify ? null : authority.CaFile };

        var refused = await Assert.ThrowsAsync<RejectedException>(() => pipeline.RunAsync());

        Assert.Contains("TLS 1.2", refused.Message, StringComparison.Ordinal);
        Assert.Equal(0, proxy.Requests);
    }

    [Fact]
    public async Task A_url_with_https_of_a_server_without_tls_is_told_to_be_one_with_http()
    {
        var plain = new UriBuilder(servers.Source.Url) { Scheme = "https" }.Uri;
        using var pipeline = new Pipeline(plain, servers.Source.Url);

        var refused = await Assert.ThrowsAsync<RejectedException>(() => pipeline.RunAsync());

        Assert.Contains("http://", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_ca_file_without_certificates_is_a_wrong_input()
    {
        var empty = Path.GetTempFileName();
        using var pipeline = new Pipeline(servers.Source.Url, servers.Source.Url);

        var problems = (pipeline.Request with { CaFile = empty }).Problems();
        File.Delete(empty);

        Assert.Contains("holds no certificate", Assert.Single(problems), StringComparison.Ordinal);
    }

    private Task<FaultProxy> StartAsync(X509Certificate2 certificate, SslProtocols protocols = SslProtocols.None) => FaultProxy.StartAsync(
        servers.Source.Url, new SslServerAuthenticationOptions { ServerCertificate = certificate, EnabledSslProtocols = protocols });
}
