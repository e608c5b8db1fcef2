using System.Net.Security;
using Functions.Rotation;
using Influx;
using Migration;
using TestServers;

namespace Functions.Tests;

/// <summary>Rotation by the secret that AWS makes with a DB instance of Timestream for InfluxDB: a user and a password.</summary>
public sealed class RotationSignInTests : IAsyncLifetime
{
    private const string Instance = "AmazonTimestreamInfluxDB.GetDbInstance";
    private const string Password = "fake-password-of-aws";

    private readonly TestAuthority authority = new();
    private Influx2Server server = null!;
    private FaultProxy instance = null!;
    private RotationBench bench = null!;
    private Influx2Tokens operated = null!;
    private TestServers.Bucket bucket = null!;

    public async ValueTask InitializeAsync()
    {
        server = await Influx2Server.StartAsync(new Influx2Options { Version = "v2.7.5", Password = Password });
        instance = await FaultProxy.StartAsync(server.Url, new SslServerAuthenticationOptions { ServerCertificate = authority.Issue() });
        bench = await RotationBench.StartAsync(server.Url);
        operated = new Influx2Tokens(new ServerOptions { Url = server.Url, ReadToken = (_, _) => new(new Secret(server.OperatorToken)) }, TimeProvider.System);
        bucket = await server.AddBucketAsync("org1", "telemetry");
        Admin();
        Owner(RotationBench.Admin);
        Rotated(RotationBench.Secret);
    }

    public async ValueTask DisposeAsync()
    {
        operated.Dispose();
        await bench.DisposeAsync();
        await instance.DisposeAsync();
        await server.DisposeAsync();
        authority.Dispose();
    }

    [Fact]
    public async Task The_admin_s_user_of_a_DB_instance_makes_tokens_and_signs_out_after_each_step()
    {
        await bench.RotateAsync();
        var first = bench.Secrets.ValueAt(RotationBench.Secret, "AWSCURRENT")!;
        await bench.RotateAsync();

        var second = bench.Secrets.ValueAt(RotationBench.Secret, "AWSCURRENT")!;
        Assert.NotEqual((string)first["token"]!, (string)second["token"]!);
        var made = (await operated.ListAsync(CancellationToken.None)).Single(token => token.Id == (string)second["authorizationId"]!);
        Assert.Equal(["read", "write"], made.Permissions.Select(right => right.Action));
        Assert.All(made.Permissions, right => Assert.Equal(bucket.Id, right.Id));
        Assert.Equal(0, server.OpenSessions);
        Assert.Equal(Count("/api/v2/signin"), Count("/api/v2/signout"));
        Assert.Equal(4, Count("/api/v2/signin"));
    }

    [Fact]
    public async Task Replaced_tokens_go_after_the_grace_in_a_session_too()
    {
        await bench.RotateAsync();
        await bench.RotateAsync();
        bench.Time.Advance(RotationBench.Grace + TimeSpan.FromDays(1));
        await bench.StepAsync(RotationSteps.Cleanup);
        await bench.StepAsync(RotationSteps.Cleanup);

        var left = (await operated.ListAsync(CancellationToken.None)).Where(token => token.Description.Contains(RotationBench.Secret, StringComparison.Ordinal));
        Assert.Equal((string)bench.Secrets.ValueAt(RotationBench.Secret, "AWSCURRENT")!["authorizationId"]!, Assert.Single(left).Id);
    }

    [Fact]
    public async Task A_crash_after_any_call_leaves_one_new_token_of_a_session_once_it_was_tried_again()
    {
        Admin($"\"url\":\"{bench.Url}\",");
        for (var call = 1; ; call++)
        {
            var secret = $"{RotationBench.Secret[..^6]}{call:000000}";
            Rotated(secret);
            var version = bench.Secrets.BeginRotation(secret);

            bench.Crash.After(call);
            await Record.ExceptionAsync(() => bench.RotateAsync(version, secret));
            var crashed = bench.Crash.Happened;
            bench.Crash.Never();
            await bench.RotateAsync(version, secret);

            var made = (await operated.ListAsync(CancellationToken.None)).Where(token => token.Description.Contains(secret, StringComparison.Ordinal));
            Assert.Equal((string)bench.Secrets.ValueAt(secret, "AWSCURRENT")!["authorizationId"]!, Assert.Single(made).Id);
            if (!crashed)
                break;
        }
    }

    [Fact]
    public async Task A_wrong_password_is_refused_and_named_without_it()
    {
        Admin(password: "fake-wrong-password");

        await AssertRefusedAsync(ErrorNames.Refused, $"signing in at the server {instance.Url.GetLeftPart(UriPartial.Authority)}: 401 unauthorized access (check the secret {RotationBench.Admin})");
    }

    [Fact]
    public async Task A_session_that_is_ended_in_the_middle_fails_the_step_and_the_next_one_signs_in_anew()
    {
        instance.On("POST", "/api/v2/authorizations").Answer(401, """{"code":"unauthorized","message":"unauthorized access"}""");

        await AssertRefusedAsync(ErrorNames.Refused, "401 unauthorized access");
        await bench.RotateAsync();

        Assert.Equal(0, server.OpenSessions);
    }

    [Fact]
    public async Task A_server_that_lets_the_user_in_without_a_session_is_told()
    {
        instance.On("POST", "/api/v2/signin").Answer(204);

        await AssertRefusedAsync(ErrorNames.Refused, "let the user in and gave no session");
    }

    [Fact]
    public async Task Neither_password_nor_cookie_shows_where_a_proxy_answers_with_what_it_got()
    {
        string? cookie = null;
        FaultRule? echo = null;
        echo = instance.On(request =>
        {
            if (request.Method != "POST" || request.Path != "/api/v2/authorizations")
                return false;
            cookie = request.Headers.Cookie.ToString().Split('=', 2)[1];
            echo!.Answer(400, $"you sent Cookie: {request.Headers.Cookie}");
            return true;
        });

        var failure = await AssertRefusedAsync(ErrorNames.Refused, "you sent Cookie: influxdb-oss-session=***");

        Assert.DoesNotContain(cookie!, failure.ToString(), StringComparison.Ordinal);
        Assert.DoesNotContain(bench.Log.Lines, line => line.Contains(cookie!, StringComparison.Ordinal) || line.Contains(Password, StringComparison.Ordinal));
        FaultRule? basic = null;
        basic = instance.On(request =>
        {
            basic?.Answer(400, $"you sent {request.Headers.Authorization}, which is {Password}");
            return request.Path == "/api/v2/signin";
        });
        Assert.DoesNotContain("of-aws", (await AssertRefusedAsync(ErrorNames.Refused, "you sent Basic ***")).ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_password_goes_to_no_DB_instance_that_AWS_made_another_secret_for()
    {
        Owner("arn:aws:secretsmanager:us-east-1:123456789012:secret:another-AbCdEf");

        await AssertRefusedAsync(ErrorNames.SecretUnusable, $"names the DB instance 'db-1', whose admin's secret is not {RotationBench.Admin}");

        Assert.Equal(0, instance.Requests);
    }

    [Theory]
    [InlineData("")]
    [InlineData("\"url\":\"URL\",")]
    public async Task An_authority_that_only_the_rotated_secret_trusts_gets_no_password(string further)
    {
        using var attacker = new TestAuthority();
        await using var pretended = await FaultProxy.StartAsync(server.Url, new SslServerAuthenticationOptions { ServerCertificate = attacker.Issue() });
        bench.Secrets.Put(
            RotationBench.Admin,
            $$"""{{{further.Replace("URL", pretended.Url.GetLeftPart(UriPartial.Authority), StringComparison.Ordinal)}}"username":"admin","password":"{{Password}}"}""",
            rotated: false);
        bench.Aws.On(Instance, _ => AwsAnswer.Ok(
            new() { ["endpoint"] = "127.0.0.1", ["port"] = pretended.Url.Port, ["influxAuthParametersSecretArn"] = RotationBench.Admin }));
        bench.Secrets.Put(
            RotationBench.Secret,
            $$"""{"engine":"timestream-influxdb","org":"org1","token":"fake-token","adminSecretArn":"{{RotationBench.Admin}}","type":"custom","dbIdentifier":"db-1","readBuckets":["{{bucket.Id}}"],"caCertificate":{{System.Text.Json.JsonSerializer.Serialize(File.ReadAllText(attacker.CaFile))}}}""");

        await AssertRefusedAsync(ErrorNames.Refused, "certificate");

        Assert.Equal(0, pretended.Requests);
    }

    [Fact]
    public async Task A_password_goes_over_plain_http_only_where_the_environment_allows_it()
    {
        bench.Rules = bench.Rules with { AllowPlainHttp = false };
        Admin($"\"url\":\"{bench.Url}\",");

        await AssertRefusedAsync(ErrorNames.SecretUnusable, $"has a \"url\" that is not allowed: '{bench.Url}' is plain http");

        Assert.Equal(0, bench.Influx.Requests);
    }

    [Fact]
    public async Task An_admin_s_secret_that_names_its_DB_instance_goes_there_whatever_the_rotated_one_says()
    {
        Admin("\"dbIdentifier\":\"db-own\",");
        var asked = new List<string>();
        bench.Aws.On(Instance, input =>
        {
            asked.Add((string)input["identifier"]!);
            return AwsAnswer.Ok(new() { ["endpoint"] = "127.0.0.1", ["port"] = instance.Url.Port });
        });

        await bench.RotateAsync();

        Assert.Equal(["db-own"], asked.Distinct(StringComparer.Ordinal));
    }

    [Theory]
    [InlineData("""{"username":"admin"}""", "or no \"password\" with it")]
    [InlineData("""{"username":"a:b","password":"fake-password"}""", "a \"username\" with a colon")]
    [InlineData("""{"username":7,"password":"fake-password"}""", "has a \"username\" that is no text")]
    [InlineData("""{"password":"fake-password"}""", "has no \"token\"")]
    [InlineData("fake-password", "is no JSON")]
    [InlineData("", "is empty")]
    public async Task A_malformed_secret_of_an_admin_is_refused_without_a_word_of_its_value(string value, string told)
    {
        bench.Secrets.Put(RotationBench.Admin, value, rotated: false);

        Assert.DoesNotContain("fake-password", (await AssertRefusedAsync(ErrorNames.SecretUnusable, told)).Message, StringComparison.Ordinal);
    }

    private int Count(string path) => server.Requests.Count(request => request.Target == path && request.Status == 204);

    private void Admin(string further = "", string password = Password) => bench.Secrets.Put(
        RotationBench.Admin,
        $$"""{{{further}}"username":"admin","password":"{{password}}","organization":"org1","bucket":"bucket1","caCertificate":{{System.Text.Json.JsonSerializer.Serialize(File.ReadAllText(authority.CaFile))}}}""",
        rotated: false);

    private void Owner(string adminSecret) => bench.Aws.On(Instance, _ => AwsAnswer.Ok(
        new() { ["endpoint"] = "127.0.0.1", ["port"] = instance.Url.Port, ["influxAuthParametersSecretArn"] = adminSecret }));

    private void Rotated(string arn) => bench.Secrets.Put(
        arn,
        $$"""{"engine":"timestream-influxdb","org":"org1","adminSecretArn":"{{RotationBench.Admin}}","type":"custom","dbIdentifier":"db-1","readBuckets":["{{bucket.Id}}"],"writeBuckets":["{{bucket.Id}}"]}""");

    private async Task<Exception> AssertRefusedAsync(string name, string told)
    {
        var version = bench.Secrets.BeginRotation(RotationBench.Secret);
        var before = (await operated.ListAsync(CancellationToken.None)).Count;

        var failure = await Assert.ThrowsAnyAsync<Exception>(() => bench.StepAsync(RotationSteps.Create, version));

        Assert.Equal(name, NamedException.NameOf(failure));
        Assert.Contains(told, failure.Message, StringComparison.Ordinal);
        Assert.Null(bench.Secrets.ValueAt(RotationBench.Secret, "AWSPENDING"));
        Assert.Equal(before, (await operated.ListAsync(CancellationToken.None)).Count);
        Assert.Equal(0, server.OpenSessions);
        return failure;
    }
}
