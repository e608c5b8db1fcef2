using Influx;
using Migration;
using TestServers;

namespace Functions.Tests;

/// <summary>What Secrets Manager asks for when a rotation is switched on: testSecret alone, for a version that no rotation made.</summary>
public sealed class RotationSwitchedOnTests : IAsyncLifetime
{
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

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task The_current_token_is_tested_nothing_changes_and_the_next_rotation_works(bool copied)
    {
        await PutAsync("source");
        var (before, tokens) = (bench.Secrets.VersionAt(RotationBench.Secret, "AWSCURRENT"), await CountAsync());

        await bench.SwitchOnAsync(copied);

        Assert.Equal((before, tokens), (bench.Secrets.VersionAt(RotationBench.Secret, "AWSCURRENT"), await CountAsync()));
        Assert.Contains(server.Requests, request => request.Target.StartsWith("/api/v2/write", StringComparison.Ordinal));
        var version = await bench.RotateAsync();
        Assert.Equal(version, bench.Secrets.VersionAt(RotationBench.Secret, "AWSCURRENT"));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_current_token_that_does_not_fit_is_told_at_once(bool copied)
    {
        await PutAsync("destination");

        var wrong = await Assert.ThrowsAsync<NamedException>(() => bench.SwitchOnAsync(copied));

        Assert.Equal(ErrorNames.ScopeWrong, wrong.Name);
        Assert.Contains("its \"role\" is destination", wrong.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task AWS_s_format_may_begin_without_a_token(bool copied)
    {
        bench.Secrets.Put(
            RotationBench.Secret,
            $$"""{"engine":"timestream-influxdb","org":"org1","adminSecretArn":"{{RotationBench.Admin}}","type":"custom","dbIdentifier":"db-1","readBuckets":["{{bucket.Id}}"]}""");

        await bench.SwitchOnAsync(copied);

        Assert.Contains(bench.Log.Lines, line => line.Contains("has no value at AWSPENDING that a rotation made", StringComparison.Ordinal));
        await bench.RotateAsync();
    }

    private async Task PutAsync(string role)
    {
        var token = server.CreateToken("org1", Permission.Read("buckets", bucket.OrgId, bucket.Id));
        var id = (await operated.ListAsync(CancellationToken.None))[^1].Id;
        bench.Secrets.Put(
            RotationBench.Secret,
            $$"""{"url":"{{bench.Url}}","org":"org1","token":"{{token}}","authorizationId":"{{id}}","adminSecretArn":"{{RotationBench.Admin}}","role":"{{role}}","buckets":["telemetry"]}""");
    }

    private async Task<int> CountAsync() => (await operated.ListAsync(CancellationToken.None)).Count;
}
