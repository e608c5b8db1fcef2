using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json.Nodes;
using Functions.Secrets;
using Influx;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Migration;
using TestServers;

namespace Functions.Tests;

public sealed class SecretTests : IAsyncLifetime
{
    private const string Arn = "arn:aws:secretsmanager:us-east-1:123456789012:secret:source-AbCdEf";

    private readonly FakeTimeProvider time = new();
    private AwsJsonServer server = null!;
    private string value = """{"token":"first-fake"}""";
    private int reads;

    public async ValueTask InitializeAsync()
    {
        server = await AwsJsonServer.StartAsync();
        server.On("secretsmanager.GetSecretValue", _ =>
        {
            reads++;
            return AwsAnswer.Ok(new JsonObject { ["SecretString"] = value });
        });
    }

    public async ValueTask DisposeAsync() => await server.DisposeAsync();

    [Fact]
    public void Reads_our_format()
    {
        using var key = ECDsa.Create();
        using var authority = new CertificateRequest("CN=test", key, HashAlgorithmName.SHA256).CreateSelfSigned(DateTimeOffset.UnixEpoch, DateTimeOffset.UnixEpoch.AddYears(1));
        var text = new JsonObject { ["url"] = "https://influx.example.com:8086", ["org"] = "factory", ["token"] = "fake", ["caCertificate"] = authority.ExportCertificatePem() };

        var secret = ServerSecret.Parse(text.ToJsonString(), ServerRole.Source, Arn);

        Assert.Equal(("https://influx.example.com:8086", "factory", "fake"), (secret.Url, secret.Org, secret.Token.Reveal()));
        Assert.Equal(authority.ExportCertificatePem(), secret.CaPem);
        Assert.DoesNotContain("fake", secret.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void Reads_the_format_of_Timestream_tokens()
    {
        const string Text = """{"engine":"timestream-influxdb","org":"factory","adminSecretArn":"arn:aws:secretsmanager:us-east-1:1:secret:a","type":"allAccess","dbIdentifier":"abc","token":"fake"}""";

        var secret = ServerSecret.Parse(Text, ServerRole.Destination, Arn);

        Assert.Equal((null, "factory", "fake"), (secret.Url, secret.Org, secret.Token.Reveal()));
    }

    [Theory]
    [InlineData(true, "one-fake")]
    [InlineData(false, "two-fake")]
    public void Takes_the_token_of_its_end_out_of_a_pair(bool source, string token)
    {
        var role = source ? ServerRole.Source : ServerRole.Destination;

        var secret = ServerSecret.Parse("""{"SOURCE_TOKEN":"one-fake","DESTINATION_TOKEN":"two-fake"}""", role, Arn);

        Assert.Equal(token, secret.Token.Reveal());
    }

    [Theory]
    [InlineData(null, "is empty")]
    [InlineData("  ", "is empty")]
    [InlineData("hidden-fake", "is no JSON")]
    [InlineData("\"hidden-fake\"", "is no JSON object")]
    [InlineData("{\"username\":\"hidden-fake\"}", "has no \"token\"")]
    [InlineData("{\"token\":\"\"}", "has an empty \"token\"")]
    [InlineData("{\"token\":{\"x\":\"hidden-fake\"}}", "has a \"token\" that is no text")]
    [InlineData("{\"token\":\"hidden-fake\\n\"}", "line breaks")]
    [InlineData("{\"token\":\"hidden-fäke\"}", "beyond ASCII")]
    [InlineData("{\"token\":\"t\",\"url\":\"hidden-fake\"}", "has a \"url\" that is none")]
    [InlineData("{\"token\":\"t\",\"url\":\"https://me:hidden-fake@host:8086\"}", "has a \"url\" that is none")]
    [InlineData("{\"token\":\"t\",\"caCertificate\":\"hidden-fake\"}", "no certificate in PEM")]
    [InlineData("{\"DESTINATION_TOKEN\":\"hidden-fake\"}", "has no \"SOURCE_TOKEN\"")]
    public void A_wrong_shape_is_named_and_nothing_of_it_is_shown(string? text, string problem)
    {
        var unusable = Assert.Throws<NamedException>(() => ServerSecret.Parse(text, ServerRole.Source, Arn));

        Assert.Equal(ErrorNames.SecretUnusable, unusable.Name);
        Assert.Contains(problem, unusable.Message, StringComparison.Ordinal);
        Assert.Contains(Arn, unusable.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("hidden", unusable.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Is_read_once_in_five_minutes()
    {
        using var cache = Cache();

        await ReadAsync(cache);
        value = """{"token":"second-fake"}""";
        time.Advance(TimeSpan.FromMinutes(5) - TimeSpan.FromTicks(1));
        var kept = await ReadAsync(cache);
        time.Advance(TimeSpan.FromTicks(1));
        var anew = await ReadAsync(cache);

        Assert.Equal(("first-fake", "second-fake", 2), (kept.Token.Reveal(), anew.Token.Reveal(), reads));
    }

    [Fact]
    public async Task Is_read_anew_once_when_many_requests_were_refused()
    {
        using var cache = Cache();
        var refused = (await ReadAsync(cache)).Token;
        value = """{"token":"second-fake"}""";

        var secrets = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => ReadAsync(cache, refused)));

        Assert.All(secrets, secret => Assert.Equal("second-fake", secret.Token.Reveal()));
        Assert.Equal(2, reads);
    }

    [Theory]
    [InlineData("ResourceNotFoundException", "does not exist or has no value yet")]
    [InlineData("AccessDeniedException", "grant it secretsmanager:GetSecretValue")]
    [InlineData("DecryptionFailure", "kms:Decrypt")]
    [InlineData("InvalidRequestException", "scheduled for deletion")]
    public async Task What_Secrets_Manager_refuses_says_what_to_do(string code, string advice)
    {
        server.On("secretsmanager.GetSecretValue", _ => AwsAnswer.Error(code, "no"));
        using var cache = Cache();

        var unusable = await Assert.ThrowsAsync<NamedException>(() => ReadAsync(cache));

        Assert.Equal(ErrorNames.SecretUnusable, unusable.Name);
        Assert.Contains(advice, unusable.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Throttling_by_Secrets_Manager_is_transient()
    {
        server.On("secretsmanager.GetSecretValue", _ => AwsAnswer.Error("ThrottlingException", "slow down"));
        using var cache = Cache();

        await Assert.ThrowsAsync<TransientException>(() => ReadAsync(cache));
    }

    [Theory]
    [InlineData("arn:aws:secretsmanager:eu-west-1:123456789012:secret:source-AbCdEf", "is in the region eu-west-1, but this function runs in us-east-1")]
    [InlineData("source", "no ARN of a secret")]
    public async Task A_secret_of_another_region_is_named_before_it_is_asked_for(string arn, string problem)
    {
        using var cache = Cache();

        var unusable = await Assert.ThrowsAsync<NamedException>(() => cache.ReadAsync(arn, ServerRole.Source, refused: null, CancellationToken.None));

        Assert.Equal(ErrorNames.SecretUnusable, unusable.Name);
        Assert.Contains(problem, unusable.Message, StringComparison.Ordinal);
        Assert.Equal(0, reads);
    }

    private SecretCache Cache() => new(AwsJsonClientTests.Secrets(server), AwsJsonServer.Region, NullLogger.Instance, time);

    private static Task<ServerSecret> ReadAsync(SecretCache cache, Secret? refused = null) =>
        cache.ReadAsync(Arn, ServerRole.Source, refused, CancellationToken.None);
}
