using Functions.Rotation;
using Influx;
using Migration;
using TestServers;

namespace Functions.Tests;

/// <summary>Rotation of tokens of a 2.x server.</summary>
public sealed class RotationTests : IAsyncLifetime
{
    private Influx2Server server = null!;
    private RotationBench bench = null!;
    private Influx2Tokens operated = null!;
    private TestServers.Bucket bucket = null!;
    private string admin = "";
    private string user = "";

    public async ValueTask InitializeAsync()
    {
        server = await Influx2Server.StartAsync();
        bench = await RotationBench.StartAsync(server.Url);
        bucket = await server.AddBucketAsync("org1", "telemetry");
        operated = Tokens(server.OperatorToken);
        user = (await operated.ListAsync(CancellationToken.None))[0].UserId!;
        admin = server.CreateToken(
            "org1", Permission.Read("authorizations", bucket.OrgId), Permission.Write("authorizations", bucket.OrgId),
            Permission.Read("users", id: user), Permission.Write("users", id: user),
            Permission.Read("buckets", bucket.OrgId), Permission.Write("buckets", bucket.OrgId));
        bench.Secrets.Put(RotationBench.Admin, $$"""{"url":"{{bench.Url}}","token":"{{admin}}"}""", rotated: false);
    }

    public async ValueTask DisposeAsync()
    {
        operated.Dispose();
        await bench.DisposeAsync();
        await server.DisposeAsync();
    }

    [Fact]
    public async Task A_rotation_makes_a_token_with_the_same_rights_and_leaves_the_one_before_active()
    {
        var before = await SecretOfSourceAsync();

        var version = await bench.RotateAsync();

        var value = bench.Secrets.ValueAt(RotationBench.Secret, "AWSCURRENT")!;
        var tokens = await MarkedAsync();
        var made = tokens.Single(token => token.Id == (string)value["authorizationId"]!);
        Assert.Equal(version, bench.Secrets.VersionAt(RotationBench.Secret, "AWSCURRENT"));
        Assert.Equal([before, made.Id], tokens.Where(token => token.Active).Select(token => token.Id));
        Assert.Equal([new TokenRight("read", "buckets", bucket.OrgId, bucket.Id) { Name = "telemetry" }], made.Permissions);
        Assert.Contains($"rotated secret {RotationBench.Secret} version {version}", made.Description, StringComparison.Ordinal);
        Assert.Equal(("org1", "kept"), ((string)value["org"]!, (string)value["unknown"]!));
        using var itself = Tokens((string)value["token"]!);
        Assert.True(await itself.MayReadAsync(bucket.Id, CancellationToken.None));
    }

    [Fact]
    public async Task A_crash_after_any_call_leaves_one_new_token_once_the_rotation_was_tried_again()
    {
        var calls = 0;
        do
        {
            var secret = $"{RotationBench.Secret[..^6]}{++calls:000000}";
            var first = await SecretOfSourceAsync(secret);
            var version = bench.Secrets.BeginRotation(secret);

            bench.Crash.After(calls);
            var failure = await Record.ExceptionAsync(() => bench.RotateAsync(version, secret));
            var crashed = bench.Crash.Happened;
            bench.Crash.Never();
            await bench.RotateAsync(version, secret);

            Assert.Equal(crashed, failure is not null);
            Assert.Equal(version, bench.Secrets.VersionAt(secret, "AWSCURRENT"));
            var tokens = await MarkedAsync(secret);
            Assert.Equal([first, (string)bench.Secrets.ValueAt(secret, "AWSCURRENT")!["authorizationId"]!], tokens.Select(token => token.Id));
            Assert.All(tokens, token => Assert.True(token.Active));
            if (!crashed)
                break;
        }
        while (true);

        Assert.InRange(calls, 20, 60);
    }

    [Fact]
    public async Task A_crash_after_any_call_leaves_no_active_orphan_once_another_rotation_was_done()
    {
        for (var call = 1; ; call++)
        {
            var secret = $"{RotationBench.Secret[..^6]}{call:000000}";
            var first = await SecretOfSourceAsync(secret);
            bench.Crash.After(call);
            await Record.ExceptionAsync(() => bench.RotateAsync(bench.Secrets.BeginRotation(secret), secret));
            bench.Crash.Never();
            if (bench.Secrets.VersionAt(secret, "AWSPREVIOUS") is not null)
                break;

            await bench.RotateAsync(bench.Secrets.BeginRotation(secret), secret);

            var active = (await MarkedAsync(secret)).Where(token => token.Active).Select(token => token.Id);
            Assert.Equal([first, (string)bench.Secrets.ValueAt(secret, "AWSCURRENT")!["authorizationId"]!], active);
        }
    }

    [Fact]
    public async Task Each_step_may_be_asked_for_twice()
    {
        await SecretOfSourceAsync();
        var version = bench.Secrets.BeginRotation(RotationBench.Secret);

        foreach (var step in RotationSteps.All.Except([RotationSteps.Cleanup]))
        {
            await bench.StepAsync(step, version);
            await bench.StepAsync(step, version);
        }
        await bench.RotateAsync(version);

        Assert.Equal(2, (await MarkedAsync()).Count);
        Assert.Equal(version, bench.Secrets.VersionAt(RotationBench.Secret, "AWSCURRENT"));
    }

    [Fact]
    public async Task The_token_before_is_deactivated_after_the_grace_and_deleted_by_the_next_look()
    {
        var before = await SecretOfSourceAsync();
        await bench.RotateAsync();

        bench.Time.Advance(RotationBench.Grace - TimeSpan.FromMinutes(1));
        var early = await bench.StepAsync(RotationSteps.Cleanup);
        bench.Time.Advance(TimeSpan.FromMinutes(2));
        var deactivated = await bench.StepAsync(RotationSteps.Cleanup);
        var inactive = (await MarkedAsync()).Single(token => token.Id == before);
        var deleted = await bench.StepAsync(RotationSteps.Cleanup);
        var after = await bench.StepAsync(RotationSteps.Cleanup);

        Assert.Equal((0, 1, 1, 0), (early.Removed, deactivated.Removed, deleted.Removed, after.Removed));
        Assert.False(inactive.Active);
        var left = Assert.Single(await MarkedAsync());
        Assert.Equal((string)bench.Secrets.ValueAt(RotationBench.Secret, "AWSCURRENT")!["authorizationId"]!, left.Id);
        Assert.True(left.Active);
    }

    [Fact]
    public async Task Several_rotations_within_the_grace_leave_every_token_active_until_it_is_over()
    {
        await SecretOfSourceAsync();
        await bench.RotateAsync();
        bench.Time.Advance(TimeSpan.FromHours(1));
        await bench.RotateAsync();
        bench.Time.Advance(TimeSpan.FromHours(1));
        await bench.RotateAsync();

        var within = (await MarkedAsync()).Count(token => token.Active);
        bench.Time.Advance(RotationBench.Grace + TimeSpan.FromHours(1));
        await bench.StepAsync(RotationSteps.Cleanup);
        await bench.StepAsync(RotationSteps.Cleanup);

        Assert.Equal(4, within);
        Assert.Single(await MarkedAsync());
    }

    [Fact]
    public async Task A_crash_in_the_middle_of_a_cleanup_is_made_up_for_by_the_next_one()
    {
        await SecretOfSourceAsync();
        await bench.RotateAsync();
        bench.Time.Advance(RotationBench.Grace + TimeSpan.FromDays(1));

        for (var call = 1; call < 12; call++)
        {
            bench.Crash.After(call);
            await Record.ExceptionAsync(() => bench.StepAsync(RotationSteps.Cleanup));
        }
        bench.Crash.Never();
        await bench.StepAsync(RotationSteps.Cleanup);
        await bench.StepAsync(RotationSteps.Cleanup);

        Assert.Equal((string)bench.Secrets.ValueAt(RotationBench.Secret, "AWSCURRENT")!["authorizationId"]!, Assert.Single(await MarkedAsync()).Id);
    }

    [Fact]
    public async Task A_destination_s_token_reads_and_writes_its_bucket_and_no_other()
    {
        await SecretOfAsync("destination", [Permission.Read("buckets", bucket.OrgId, bucket.Id), Permission.Write("buckets", bucket.OrgId, bucket.Id)]);
        var other = await server.AddBucketAsync("org1", "other");

        await bench.RotateAsync();

        using var itself = Tokens((string)bench.Secrets.ValueAt(RotationBench.Secret, "AWSCURRENT")!["token"]!);
        Assert.Equal((true, true), (await itself.MayReadAsync(bucket.Id, CancellationToken.None), await itself.MayWriteAsync(bucket.OrgId, bucket.Id, CancellationToken.None)));
        Assert.Equal((false, false), (await itself.MayReadAsync(other.Id, CancellationToken.None), await itself.MayWriteAsync(other.OrgId, other.Id, CancellationToken.None)));
    }

    [Theory]
    [InlineData("deactivated", "its token is inactive")]
    [InlineData("revoked", "its token is not at the server any more")]
    [InlineData("wide", "it can read other buckets than its own")]
    [InlineData("blind", "it can't read the bucket")]
    [InlineData("writer", "it can write the bucket 'telemetry'")]
    [InlineData("writer of others", "it can write other buckets than its own, such as '_tasks'")]
    public async Task A_pending_token_that_does_not_fit_is_told_by_its_test_and_never_becomes_current(string how, string told)
    {
        await SecretOfSourceAsync();
        await server.AddBucketAsync("org1", "other");
        var before = bench.Secrets.VersionAt(RotationBench.Secret, "AWSCURRENT");
        var version = bench.Secrets.BeginRotation(RotationBench.Secret);
        await bench.StepAsync(RotationSteps.Create, version);
        var token = (string)bench.Secrets.ValueAt(RotationBench.Secret, "AWSPENDING")!["token"]!;
        switch (how)
        {
            case "deactivated":
                server.Deactivate(token);
                break;
            case "revoked":
                server.RevokeToken(token);
                break;
            default:
                // The list says one thing, the server does another: only a call tells.
                var other = server.CreateToken("org1", how switch
                {
                    "wide" => [Permission.Read("buckets")],
                    "blind" => [Permission.Read("orgs", id: bucket.OrgId)],
                    "writer" => [Permission.Read("buckets", bucket.OrgId, bucket.Id), Permission.Write("buckets", bucket.OrgId, bucket.Id)],
                    _ => (Permission[])[Permission.Read("buckets", bucket.OrgId, bucket.Id), Permission.Write("buckets", bucket.OrgId, server.BucketOf("org1", "_tasks").Id)],
                });
                bench.Influx.On(request => request.Headers.Authorization == $"Token {token}" && Swap(request, other), times: int.MaxValue);
                break;
        }

        var failure = await Assert.ThrowsAsync<NamedException>(() => bench.StepAsync(RotationSteps.Test, version));

        Assert.Equal(ErrorNames.ScopeWrong, failure.Name);
        Assert.Contains(told, failure.Message, StringComparison.Ordinal);
        Assert.Equal(before, bench.Secrets.VersionAt(RotationBench.Secret, "AWSCURRENT"));

        static bool Swap(Microsoft.AspNetCore.Http.HttpRequest request, string token)
        {
            request.Headers.Authorization = $"Token {token}";
            return false;
        }
    }

    [Fact]
    public async Task A_server_that_shows_no_tokens_is_rotated_by_the_authorization_s_id()
    {
        await using var hashing = await Influx2Server.StartAsync(new Influx2Options { Version = "v2.9.1" });
        await using var own = await RotationBench.StartAsync(hashing.Url);
        var kept = await hashing.AddBucketAsync("org1", "telemetry");
        using var all = new Influx2Tokens(Options(hashing.Url, hashing.OperatorToken), TimeProvider.System);
        var token = hashing.CreateToken("org1", Permission.Read("buckets", kept.OrgId, kept.Id));
        var id = (await all.ListAsync(CancellationToken.None))[^1].Id;
        own.Secrets.Put(RotationBench.Admin, $$"""{"url":"{{own.Url}}","token":"{{hashing.OperatorToken}}"}""", rotated: false);
        own.Secrets.Put(RotationBench.Secret, $$"""{"token":"{{token}}","adminSecretArn":"{{RotationBench.Admin}}","role":"source"}""");

        var unknown = await Assert.ThrowsAsync<NamedException>(own.RotateAsync);
        own.Secrets.Put(RotationBench.Secret, $$"""{"token":"{{token}}","authorizationId":"{{id}}","adminSecretArn":"{{RotationBench.Admin}}","role":"source"}""");
        await own.RotateAsync();
        own.Time.Advance(RotationBench.Grace + TimeSpan.FromDays(1));
        await own.StepAsync(RotationSteps.Cleanup);
        await own.StepAsync(RotationSteps.Cleanup);

        Assert.Equal(ErrorNames.SecretUnusable, unknown.Name);
        Assert.Contains("no \"authorizationId\"", unknown.Message, StringComparison.Ordinal);
        var left = await all.ListAsync(CancellationToken.None);
        Assert.Equal((string)own.Secrets.ValueAt(RotationBench.Secret, "AWSCURRENT")!["authorizationId"]!, left[^1].Id);
        Assert.DoesNotContain(left, found => found.Id == id);
    }

    [Fact]
    public async Task AWS_s_format_gets_its_first_token_from_the_buckets_that_it_names_and_its_next_ones_from_that()
    {
        bench.Secrets.Put(
            RotationBench.Secret,
            $$"""{"engine":"timestream-influxdb","org":"org1","adminSecretArn":"{{RotationBench.Admin}}","type":"custom","dbIdentifier":"db-1","readBuckets":"['{{bucket.Id}}']","writeBuckets":["{{bucket.Id}}"],"permissions":["read-orgs"]}""");
        var wide = server.CreateToken("org1", [.. Rights()]);
        bench.Secrets.Put(RotationBench.Admin, $$"""{"url":"{{bench.Url}}","token":"{{wide}}"}""", rotated: false);

        await bench.RotateAsync();
        var first = bench.Secrets.ValueAt(RotationBench.Secret, "AWSCURRENT")!;
        await bench.RotateAsync();

        var second = bench.Secrets.ValueAt(RotationBench.Secret, "AWSCURRENT")!;
        var made = (await MarkedAsync()).Single(token => token.Id == (string)second["authorizationId"]!);
        Assert.NotEqual((string)first["token"]!, (string)second["token"]!);
        Assert.Equal(("custom", "db-1"), ((string)second["type"]!, (string)second["dbIdentifier"]!));
        Assert.Equal(["read buckets", "write buckets", "read orgs"], made.Permissions.Select(right => $"{right.Action} {right.Type}"));
        Assert.Equal(bucket.OrgId, made.Permissions[2].Id);

        IEnumerable<Permission> Rights()
        {
            foreach (var action in (string[])["read", "write"])
            {
                yield return new Permission(action, "authorizations", bucket.OrgId);
                yield return new Permission(action, "users", Id: user);
                yield return new Permission(action, "buckets", bucket.OrgId);
                yield return new Permission(action, "orgs", Id: bucket.OrgId);
            }
        }
    }

    private static ServerOptions Options(Uri url, string token) => new() { Url = url, ReadToken = (_, _) => new(new Secret(token)) };

    private Influx2Tokens Tokens(string token) => new(Options(server.Url, token), TimeProvider.System);

    private Task<string> SecretOfSourceAsync(string secret = RotationBench.Secret) =>
        SecretOfAsync("source", [Permission.Read("buckets", bucket.OrgId, bucket.Id)], secret);

    private async Task<string> SecretOfAsync(string role, Permission[] permissions, string secret = RotationBench.Secret)
    {
        var token = server.CreateToken("org1", permissions);
        var id = (await operated.ListAsync(CancellationToken.None))[^1].Id;
        bench.Secrets.Put(
            secret,
            $$"""{"url":"{{bench.Url}}","org":"org1","token":"{{token}}","authorizationId":"{{id}}","adminSecretArn":"{{RotationBench.Admin}}","role":"{{role}}","buckets":["telemetry"],"unknown":"kept"}""");
        return id;
    }

    private async Task<IReadOnlyList<TokenEntry>> MarkedAsync(string secret = RotationBench.Secret) =>
        [.. (await operated.ListAsync(CancellationToken.None)).Where(token => token.Description.Contains(secret, StringComparison.Ordinal))];
}
