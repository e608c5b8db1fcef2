using Functions.Rotation;
using Influx;
using Migration;
using TestServers;

namespace Functions.Tests;

/// <summary>What a rotation refuses: with a name of its own, and without a trace at the secret or at the server.</summary>
public sealed class RotationBadInputTests : IAsyncLifetime
{
    private const string Token = "fake-token";

    private Influx2Server server = null!;
    private RotationBench bench = null!;
    private Influx2Tokens operated = null!;
    private TestServers.Bucket bucket = null!;

    public async ValueTask InitializeAsync()
    {
        server = await Influx2Server.StartAsync();
        bench = await RotationBench.StartAsync(server.Url);
        operated = new Influx2Tokens(new ServerOptions { Url = server.Url, ReadToken = (_, _) => new(new Secret(server.OperatorToken)) }, TimeProvider.System);
        bucket = await server.AddBucketAsync("org1", "telemetry");
        bench.Secrets.Put(RotationBench.Admin, $$"""{"url":"{{bench.Url}}","token":"{{server.OperatorToken}}"}""", rotated: false);
    }

    public async ValueTask DisposeAsync()
    {
        operated.Dispose();
        await bench.DisposeAsync();
        await server.DisposeAsync();
    }

    [Fact]
    public async Task A_step_for_a_secret_whose_rotation_is_off_is_refused()
    {
        bench.Secrets.Put(RotationBench.Secret, await OwnAsync(), rotated: false);

        await AssertRefusedAsync(ErrorNames.RotationOff, "switch its rotation on", RotationSteps.Create);
    }

    [Fact]
    public async Task A_step_that_there_is_not_is_refused()
    {
        bench.Secrets.Put(RotationBench.Secret, await OwnAsync());

        await AssertRefusedAsync(ErrorNames.InvalidInput, "there is no step 'deleteSecret'", "deleteSecret");
    }

    [Theory]
    [InlineData(RotationSteps.Create)]
    [InlineData(RotationSteps.Set)]
    [InlineData(RotationSteps.Test)]
    public async Task A_version_that_is_current_without_a_rotation_is_refused(string step)
    {
        bench.Secrets.Put(RotationBench.Secret, await OwnAsync());

        await AssertRefusedAsync(ErrorNames.VersionNotPending, "is current already", step, bench.Secrets.VersionAt(RotationBench.Secret, "AWSCURRENT"));
    }

    [Fact]
    public async Task A_version_that_there_is_not_is_refused()
    {
        bench.Secrets.Put(RotationBench.Secret, await OwnAsync());

        await AssertRefusedAsync(ErrorNames.VersionNotPending, "has no version", RotationSteps.Finish, Guid.NewGuid().ToString());
    }

    [Theory]
    [InlineData(RotationSteps.Set)]
    [InlineData(RotationSteps.Finish)]
    public async Task A_step_before_there_is_a_pending_value_is_refused(string step)
    {
        bench.Secrets.Put(RotationBench.Secret, await OwnAsync());

        await AssertRefusedAsync(ErrorNames.VersionNotPending, "createSecret comes first", step);
    }

    [Fact]
    public async Task A_secret_that_there_is_not_is_refused() => Assert.Equal(
        ErrorNames.SecretUnusable,
        (await Assert.ThrowsAsync<NamedException>(() => bench.StepAsync(RotationSteps.Create, Guid.NewGuid().ToString(), "arn:aws:secretsmanager:us-east-1:123456789012:secret:none-AbCdEf"))).Name);

    [Theory]
    [InlineData("fake-token", "is no JSON object")]
    [InlineData("""["fake-token"]""", "is no JSON object")]
    [InlineData("""{"token":"fake-token"}""", "has no \"adminSecretArn\"")]
    [InlineData("""{"adminSecretArn":"ADMIN"}""", "has no \"token\"")]
    [InlineData("""{"token":"fake-token","adminSecretArn":7}""", "has a \"adminSecretArn\" that is no text")]
    [InlineData("""{"token":"fake-token","adminSecretArn":"ADMIN","role":"both"}""", "neither source nor destination")]
    [InlineData("""{"token":"fake-token","adminSecretArn":"ADMIN","buckets":[7]}""", "\"buckets\" that is no list of texts")]
    [InlineData("""{"SOURCE_TOKEN":"fake-token","DESTINATION_TOKEN":"fake-token"}""", "give each server a secret of its own")]
    [InlineData("""{"token":"fake-token","adminSecretArn":"ADMIN"}""", "names no \"authorizationId\"")]
    [InlineData("""{"token":"fake-token","adminSecretArn":"ADMIN","authorizationId":"0000000000000001"}""", "sees none of that id")]
    [InlineData("""{"token":"fake-token","adminSecretArn":"ADMIN","url":"http://203.0.113.1:8086"}""", "names another server than")]
    [InlineData("""{"engine":"timestream-influxdb","type":"custom","org":"org1","adminSecretArn":"ADMIN"}""", "asks for no permission")]
    [InlineData("""{"engine":"timestream-influxdb","type":"custom","org":"org9","adminSecretArn":"ADMIN","readBuckets":["0000000000000001"]}""", "names the org 'org9'")]
    [InlineData("""{"engine":"timestream-influxdb","type":"custom","org":"org1","adminSecretArn":"ADMIN","permissions":["eat-tasks"]}""", "not of the form read-buckets")]
    [InlineData("""{"engine":"timestream-influxdb","type":"allAccess","org":"org1","adminSecretArn":"ADMIN"}""", "is of the type 'allAccess'")]
    public async Task A_malformed_secret_is_refused_without_a_word_of_its_value(string value, string told)
    {
        bench.Secrets.Put(RotationBench.Secret, value.Replace("ADMIN", RotationBench.Admin, StringComparison.Ordinal));

        await AssertRefusedAsync(ErrorNames.SecretUnusable, told, RotationSteps.Create);
    }

    [Fact]
    public async Task A_server_that_is_down_is_transient()
    {
        var gone = $"http://127.0.0.1:{InfluxdProcess.FreePort()}";
        bench.Secrets.Put(RotationBench.Secret, await OwnAsync(url: gone));
        bench.Secrets.Put(RotationBench.Admin, $$"""{"url":"{{gone}}","token":"{{Token}}"}""", rotated: false);

        await AssertRefusedAsync(ErrorNames.Transient, "failed", RotationSteps.Create);
    }

    [Theory]
    [InlineData("no tokens", "sees no token, not even itself")]
    [InlineData("reads only", "write:orgs/")]
    [InlineData("lacks the right", "is not allowed")]
    [InlineData("unknown", "unauthorized access")]
    public async Task An_admin_s_token_that_may_not_make_tokens_is_refused(string how, string told)
    {
        var user = (await operated.ListAsync(CancellationToken.None))[0].UserId;
        Permission[] reads = [Permission.Read("authorizations", bucket.OrgId), Permission.Read("users", id: user)];
        Permission[] writes = [Permission.Write("authorizations", bucket.OrgId), Permission.Write("users", id: user)];
        var admin = how switch
        {
            "no tokens" => server.CreateToken("org1", Permission.Read("buckets", bucket.OrgId)),
            "reads only" => server.CreateToken("org1", reads),
            "lacks the right" => server.CreateToken("org1", [.. reads, .. writes]),
            _ => Token,
        };
        bench.Secrets.Put(RotationBench.Admin, $$"""{"url":"{{bench.Url}}","token":"{{admin}}"}""", rotated: false);
        bench.Secrets.Put(RotationBench.Secret, await OwnAsync());

        await AssertRefusedAsync(ErrorNames.Refused, told, RotationSteps.Create);
    }

    [Fact]
    public async Task An_admin_s_secret_that_names_no_server_is_refused()
    {
        bench.Secrets.Put(RotationBench.Admin, $$"""{"token":"{{Token}}"}""", rotated: false);
        bench.Secrets.Put(RotationBench.Secret, await OwnAsync());

        await AssertRefusedAsync(ErrorNames.SecretUnusable, "so that its token goes nowhere else", RotationSteps.Create);
        Assert.Equal(0, bench.Influx.Requests);
    }

    [Theory]
    [InlineData("writer", "its \"role\" is source")]
    [InlineData("operator", "it is an operator's")]
    [InlineData("whole org", "every bucket of its org")]
    public async Task A_token_that_may_more_than_its_secret_says_is_not_made_anew(string how, string told)
    {
        Permission[] permissions = how switch
        {
            "writer" => [Permission.Read("buckets", bucket.OrgId, bucket.Id), Permission.Write("buckets", bucket.OrgId, bucket.Id)],
            "operator" => [Permission.Read("buckets"), Permission.Write("buckets")],
            _ => [Permission.Read("buckets", bucket.OrgId)],
        };
        bench.Secrets.Put(RotationBench.Secret, await OwnAsync(permissions: permissions));

        await AssertRefusedAsync(ErrorNames.ScopeWrong, told, RotationSteps.Create);
    }

    private async Task<string> OwnAsync(string? url = null, params Permission[] permissions)
    {
        var token = server.CreateToken("org1", permissions.Length > 0 ? permissions : [Permission.Read("buckets", bucket.OrgId, bucket.Id)]);
        var id = (await operated.ListAsync(CancellationToken.None))[^1].Id;
        return $$"""{"url":"{{url ?? bench.Url}}","token":"{{token}}","authorizationId":"{{id}}","adminSecretArn":"{{RotationBench.Admin}}","role":"source","buckets":["telemetry"]}""";
    }

    private async Task AssertRefusedAsync(string name, string told, string step, string? version = null)
    {
        version ??= bench.Secrets.BeginRotation(RotationBench.Secret);
        var (tokens, current) = (await StateAsync(), bench.Secrets.VersionAt(RotationBench.Secret, "AWSCURRENT"));

        var failure = await Assert.ThrowsAnyAsync<Exception>(() => bench.StepAsync(step, version));

        Assert.Equal(name, NamedException.NameOf(failure));
        Assert.Contains(told, failure.Message, StringComparison.Ordinal);
        Assert.DoesNotContain(Token, failure.Message, StringComparison.Ordinal);
        Assert.Equal(current, bench.Secrets.VersionAt(RotationBench.Secret, "AWSCURRENT"));
        Assert.Null(bench.Secrets.ValueAt(RotationBench.Secret, "AWSPENDING"));
        Assert.Equal(tokens, await StateAsync());
    }

    private async Task<IReadOnlyList<(string, bool)>> StateAsync() =>
        [.. (await operated.ListAsync(CancellationToken.None)).Select(token => (token.Id, token.Active))];
}
