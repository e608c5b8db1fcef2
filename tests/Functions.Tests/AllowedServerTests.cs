using System.Net.Security;
using System.Text.Json.Nodes;
using Amazon.S3.Model;
using Functions.Rotation;
using Migration;
using TestServers;

namespace Functions.Tests;

/// <summary>Servers and options that an environment does not allow: refused by name, before a connection, whoever names them.</summary>
[Collection(DeployedTests.Name)]
public sealed class AllowedServerTests(DeployedFixture fixture)
{
    private const string Elsewhere = "http://influx.example.com:8086";

    [Fact]
    public async Task An_input_that_names_another_server_is_refused_by_validate_and_nothing_is_kept()
    {
        await using var migration = await DeployedMigration.StartAsync(fixture, fixture.Source.Url);
        var input = DeployedMigrationTests.Input;
        input["source"]!["url"] = Elsewhere;

        var refused = await migration.FailAsync(HandlerNames.Validate, DeployedMigration.Start(input, "elsewhere"));

        Assert.Equal(ErrorNames.InvalidInput, refused.ErrorType);
        Assert.Contains("the source: 'influx.example.com:8086' is none of the hosts that this environment allows (127.0.0.1, http://127.0.0.1)", refused.ErrorMessage, StringComparison.Ordinal);
        Assert.Empty(await fixture.KeysAsync("migrations/elsewhere/"));
    }

    [Fact]
    public async Task A_secret_that_names_another_server_is_refused_by_plan_before_either_server_hears_of_it()
    {
        await using var proxy = await FaultProxy.StartAsync(fixture.Source.Url);
        await using var migration = await DeployedMigration.StartAsync(fixture, new Uri(Elsewhere), source: proxy.Url);
        var state = await migration.CallAsync(HandlerNames.Validate, DeployedMigration.Start(DeployedMigrationTests.Input, "secret-elsewhere"));

        var refused = await migration.FailAsync(HandlerNames.Plan, state);

        Assert.Equal(ErrorNames.SecretUnusable, refused.ErrorType);
        Assert.Contains($"the secret {DeployedMigration.DestinationSecret} has a \"url\" that is not allowed: 'influx.example.com:8086' is none", refused.ErrorMessage, StringComparison.Ordinal);
        Assert.Equal(0, proxy.Requests);
    }

    [Fact]
    public async Task Where_any_host_is_allowed_the_machine_itself_is_not_also_by_a_name()
    {
        await using var proxy = await FaultProxy.StartAsync(fixture.Source.Url);
        var named = new Uri($"http://localhost:{proxy.Url.Port}");
        await using var migration = await DeployedMigration.StartAsync(fixture, named, source: named, hosts: AllowedHosts.AnyHost);
        var input = DeployedMigrationTests.Input;
        var state = await migration.CallAsync(HandlerNames.Validate, DeployedMigration.Start(input, "localhost"));
        input["source"]!["url"] = "http://127.0.0.1:9001";

        var named9001 = await migration.FailAsync(HandlerNames.Validate, DeployedMigration.Start(input, "loopback"));
        var resolved = await migration.FailAsync(HandlerNames.Plan, state);

        Assert.Equal((ErrorNames.InvalidInput, ErrorNames.InvalidInput), (named9001.ErrorType, resolved.ErrorType));
        Assert.Contains("'127.0.0.1' is a loopback address", named9001.ErrorMessage, StringComparison.Ordinal);
        Assert.Contains("'localhost' leads to", resolved.ErrorMessage, StringComparison.Ordinal);
        Assert.Equal(0, proxy.Requests);
    }

    [Theory]
    [InlineData("""{"source":{"url":"http://influx.example.com:8086","bucket":"d/rp"}}""", "'influx.example.com:8086' is none")]
    [InlineData("""{"source":{"bucket":"d/rp"},"skipVerify":true}""", "'skipVerify' is not allowed")]
    public async Task What_an_earlier_execution_might_ask_for_a_resumed_one_might_not(string request, string problem)
    {
        await using var migration = await DeployedMigration.StartAsync(fixture, fixture.Source.Url);
        await fixture.Client.PutObjectAsync(new PutObjectRequest { BucketName = DeployedFixture.Bucket, Key = "migrations/allowed-once/request.json", ContentBody = request });
        var state = new JsonObject { ["migrationId"] = "allowed-once", ["execution"] = "allowed-twice", ["bucket"] = DeployedFixture.Bucket, ["maxConcurrency"] = 1 };

        var resumed = await migration.FailAsync(HandlerNames.Validate, DeployedMigration.Start(new JsonObject { ["migrationId"] = "allowed-once" }, "allowed-twice"));
        var planned = await migration.FailAsync(HandlerNames.Plan, state);

        Assert.Equal((ErrorNames.InvalidInput, ErrorNames.InvalidInput), (resumed.ErrorType, planned.ErrorType));
        Assert.All([resumed, planned], refused => Assert.Contains(problem, refused.ErrorMessage, StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_plan_that_was_changed_to_name_another_server_gets_no_token_there()
    {
        await using var destination = await InfluxdProcess.StartAsync();
        await using var migration = await DeployedMigration.StartAsync(fixture, destination.Url);
        var state = await migration.CallAsync(HandlerNames.Validate, DeployedMigration.Start(DeployedMigrationTests.Input, "changed-plan"));
        var plan = await migration.CallAsync(HandlerNames.Plan, state);
        await fixture.ChangeAsync("migrations/changed-plan", DeployedLayout.PlanPart("changed-plan", "000000"), MigrationJson.Default.MigrationPlan, part =>
        {
            part.Request.Source.Url = Elsewhere;
            return part;
        });
        var chunk = JsonNode.Parse(await fixture.ReadAsync(plan["items"]!["key"]!.GetValue<string>()))![0]!["chunk"]!.GetValue<string>();

        var refused = await migration.FailAsync(HandlerNames.Export, DeployedMigration.WithChunk(state, chunk));

        Assert.Equal(ErrorNames.InvalidInput, refused.ErrorType);
        Assert.Contains("the source: 'influx.example.com:8086' is none", refused.ErrorMessage, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Certificates_go_unchecked_where_the_environment_allows_it_and_the_report_says_so()
    {
        using var authority = new TestAuthority();
        using var certificate = authority.Issue("influx.example.com", expired: true);
        await using var destination = await InfluxdProcess.StartAsync();
        await using var proxy = await FaultProxy.StartAsync(destination.Url, new SslServerAuthenticationOptions { ServerCertificate = certificate });
        await using var migration = await DeployedMigration.StartAsync(fixture, proxy.Url, allowSkipVerify: true);
        var input = DeployedMigrationTests.Input;
        input["skipVerify"] = true;

        var report = await migration.RunAsync(fixture, input, "unchecked");

        Assert.Equal("Verified", report["verdict"]!.GetValue<string>());
        var warnings = JsonNode.Parse(await fixture.ReadAsync(report["reportKey"]!.GetValue<string>()))!["warnings"]!.AsArray();
        Assert.Contains(warnings, warning => ((string)warning!).StartsWith("the servers' certificates were not checked", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("""{"url":"URL","token":"fake-admin"}""", "SECRET", "has a \"url\" that is not allowed")]
    [InlineData("""{"token":"fake-admin","dbIdentifier":"db-1"}""", "ROTATED", "is of a DB instance whose endpoint is not allowed")]
    public async Task A_rotation_goes_to_no_other_server(string admin, string blamed, string told)
    {
        await using var bench = await RotationBench.StartAsync(fixture.Source.Url);
        bench.Rules = new InputRules { Hosts = AllowedHosts.Parse("influx.example.com:8086"), AllowPlainHttp = true };
        bench.Aws.On("AmazonTimestreamInfluxDB.GetDbInstance", _ => AwsAnswer.Ok(new JsonObject { ["id"] = "db-1", ["endpoint"] = "127.0.0.1", ["port"] = bench.Influx.Url.Port }));
        bench.Secrets.Put(RotationBench.Admin, admin.Replace("URL", bench.Url, StringComparison.Ordinal), rotated: false);
        bench.Secrets.Put(RotationBench.Secret, $$"""{"engine":"timestream-influxdb","org":"org1","token":"fake-token","dbIdentifier":"db-1","adminSecretArn":"{{RotationBench.Admin}}"}""");

        var refused = await Assert.ThrowsAsync<NamedException>(() => bench.StepAsync(RotationSteps.Create, bench.Secrets.BeginRotation(RotationBench.Secret)));

        Assert.Equal(ErrorNames.SecretUnusable, refused.Name);
        Assert.Contains($"the secret {(blamed == "SECRET" ? RotationBench.Admin : RotationBench.Secret)} {told}", refused.Message, StringComparison.Ordinal);
        Assert.Contains("the functions never connect", refused.Message, StringComparison.Ordinal);
        Assert.Equal(0, bench.Influx.Requests);
    }
}
